// Small helpers for the DOM. Text is inserted only as text nodes, so that the input of guests can
// never become markup.

/** The element with this id, which the HTML of the page contains. */
export const byId = (id) => document.getElementById(id);

/** Makes an element: `el('p', {class: 'x', onclick: f, 'aria-label': 'y'}, 'text', child)`. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
}

/**
 * Writes a text only if it changed. Otherwise every tick would disturb screen readers and
 * selections.
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, visible) {
  node.hidden = !visible;
}

/**
 * Sets the children of `parent` to `nodes`. It moves few elements, because a moved one loses the
 * focus.
 */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  const focused = document.activeElement;
  let place = parent.firstElementChild;
  for (const node of nodes) {
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

/**
 * Tells fallback.js that the script of this page runs. Called once everything is mounted: a fault
 * before it shows the page's words for a page that did not start.
 */
export function pageStarted() {
  const root = document.documentElement;
  root.setAttribute('data-started', '');
  root.removeAttribute('data-failed'); // it came after all
}

const shapes = {
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4v5l3.5 2',
  wallet: 'M4 7.5A2.5 2.5 0 0 1 6.500 5H17v3M4 7.500V17a2.500 2.500 0 0 0 2.500 2.500H20V8H6.500M16.200 13.700h.1',
  bell: 'M6 16.500h12l-1.500-2.300V10a4.500 4.500 0 0 0-9 0v4.200L6 16.500Zm4 3h4',
  pin: 'M12 21s6.500-5.700 6.500-11a6.500 6.500 0 0 0-13 0c0 5.300 6.500 11 6.500 11Zm0-8.800a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400Z',
  leaf: 'M5 19c0-8 5-13 14-14 0 9-4.500 14-11 14M5 21c1-5 4-8 8-10',
  check: 'm5 12.500 4.500 4.500L19 7.500',
  cross: 'M6.500 6.500l11 11m0-11-11 11',
  copy: 'M9 9h10v11H9zM6 15H5V4h10v2',
  door: 'M6 21V8a6 6 0 0 1 12 0v13M3.500 21h17M14.500 13.500v1.500',
  sound: 'M4 10v4h3.500L12 18V6L7.500 10H4Zm11.500-1.500a5 5 0 0 1 0 7M18 6a8.500 8.500 0 0 1 0 12',
  mute: 'M4 10v4h3.500L12 18V6L7.500 10H4Zm12 0 4.500 4.500m0-4.500L16 14.500',
  exit: 'M13 5H6v14h7M10.500 12H20m-3.500-3.500L20 12l-3.500 3.500',
  search: 'M10.500 4.500a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM15 15l5 5',
  chart: 'M5 20v-7M10 20V5M15 20v-9M20 20V9M3 20h19',
  plus: 'M12 6v12M6 12h12',
  minus: 'M6 12h12',
  save: 'M12 4v11m-4.500-4.500L12 15l4.500-4.500M5 19.500h14',
};

/** A line icon. Screen readers ignore it and use the text or the label beside it. */
export function icon(name) {
  const make = (tag) => document.createElementNS('http://www.w3.org/2000/svg', tag);
  const svg = make('svg'), path = make('path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', shapes[name]);
  svg.append(path);
  return svg;
}

/** Fills the `data-icon` elements of the page. Called once at the start. */
export function fillIcons(root = document) {
  for (const node of root.querySelectorAll('[data-icon]')) node.prepend(icon(node.dataset.icon));
}

/** Opens a dialog; browsers before 2022 show it within the page. */
export function openDialog(dialog) {
  if (dialog.showModal) dialog.showModal();
  else dialog.setAttribute('open', '');
}

export function closeDialog(dialog) {
  if (dialog.close) dialog.close();
  else dialog.removeAttribute('open');
}

/** Closes a dialog on a tap beside it, as on Escape. */
export function closeByBackdrop(dialog) {
  dialog.addEventListener('click', (event) => { if (event.target === dialog) closeDialog(dialog); });
}
