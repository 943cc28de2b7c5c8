// The radar: guests on the way, seen from the hotel. Input: the board's state. Output: `onOpen`
// with a receipt number. It is drawn in SVG without a map or a third party. Dots are kept by receipt
// number; it draws at most once a second, only guests who moved, and nothing while it is closed.
import { byId, el, setText, show } from './dom.js';
import { ageWords, clockTime, countdown, distance } from './format.js';
import { language, t } from './language.js';
import { deviceStorage } from './storage.js';
import { besideDot, countForecasts, fade, labelPlaces, marks, middle, onTheWay, place, radiusOf, reach, rim, rings, scaleBoxes, shortName, size } from './radar-shape.js';

const key = 'jatah.radar', mostLabels = 12, narrow = '(max-width: 899px)';
const svgNs = 'http://www.w3.org/2000/svg';

function draw(tag, properties = {}, ...children) {
  const node = document.createElementNS(svgNs, tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const textNode = (properties, words) => { const node = draw('text', properties); node.textContent = words; return node; };

export function mountRadar({ state, now, onOpen }) {
  const ground = draw('g', { 'aria-hidden': 'true' }), trails = draw('g', { 'aria-hidden': 'true' }), guests = draw('g');
  // Words lie over the marks, where they can be read, and let taps through.
  const scale = draw('g', { class: 'words', 'aria-hidden': 'true' });
  const labels = draw('g', { class: 'words', 'aria-hidden': 'true' }); // screen readers use the labels of the dots
  const svg = draw('svg', { viewBox: `0 0 ${size} ${size}`, role: 'group' }, ground, trails, guests, scale, labels);
  const radar = byId('radar');
  byId('radar-picture').append(svg);
  const dots = new Map();
  let shownGround = '', shownLegend = '', drawnAt = -Infinity;

  // On a phone it has a tab of its own; elsewhere it stays as it was left.
  radar.open = deviceStorage.getItem(key) !== 'closed' || matchMedia(narrow).matches;
  radar.addEventListener('toggle', () => {
    if (!matchMedia(narrow).matches) deviceStorage.setItem(key, radar.open ? 'open' : 'closed');
    redraw();
  });

  function dot(receiptNo) {
    if (dots.has(receiptNo)) return dots.get(receiptNo);
    const mark = draw('path', { class: 'mark' });
    const name = textNode({ class: 'name' }, ''), detail = textNode({ class: 'detail' }, '');
    const label = draw('g', { class: 'label' }, name, detail), trail = draw('g');
    const spot = draw('g', { class: 'spot' }, draw('circle', { r: 22, class: 'touch' }), mark);
    const node = draw('g', { class: 'on-the-way', role: 'button', tabindex: '0' }, spot);
    node.addEventListener('click', () => onOpen(receiptNo));
    node.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      onOpen(receiptNo);
    });
    // Among many guests only the one that is pointed at is named.
    for (const sign of ['pointerenter', 'focus']) node.addEventListener(sign, () => { label.classList.add('pointed'); writeDetail(dots.get(receiptNo), now()); });
    for (const sign of ['pointerleave', 'blur']) node.addEventListener(sign, () => { label.classList.remove('pointed'); });
    guests.append(node);
    trails.append(trail);
    labels.append(label);
    dots.set(receiptNo, { node, spot, mark, label, trail, name, detail });
    return dots.get(receiptNo);
  }

  function drop(receiptNo, { node, label, trail }) {
    for (const part of [node, label, trail]) part.remove();
    dots.delete(receiptNo);
  }

  /** Called at every change of the board. Guests move by the minute, so a second's delay is fine. */
  function update() {
    if (performance.now() - drawnAt > 900) redraw();
  }

  function redraw() {
    if (!state.hotel) return;
    drawnAt = performance.now();
    const all = [...state.bookings.values()], moving = onTheWay(all);
    setText(byId('radar-count'), t('radar.count', { n: moving.length }));
    setText(byId('radar-sharing'), String(moving.length));
    if (!radar.open) return;
    const rimKm = rim(moving.map(({ travel }) => travel.distanceKm), state.hotel.radiusKm);
    show(byId('radar-picture'), moving.length > 0);
    show(byId('radar-none'), moving.length === 0);
    drawLegend(countForecasts(all));
    drawGround(rimKm);
    svg.setAttribute('aria-label', t('radar.label'));
    const present = new Set(moving.map(({ receiptNo }) => receiptNo));
    for (const [receiptNo, shown] of [...dots]) if (!present.has(receiptNo)) drop(receiptNo, shown);
    const places = moving.map(({ travel }) => place(travel.trail[travel.trail.length - 1], rimKm));
    const words = moving.length <= mostLabels ? labelPlaces(places, scaleBoxes(rimKm, state.hotel.radiusKm)) : places.map(besideDot);
    svg.setAttribute('class', moving.length <= mostLabels ? 'few' : moving.length <= 100 ? 'many' : 'crowd');
    moving.forEach((booking, index) => drawGuest(booking, rimKm, places[index], words[index]));
    tick(now());
  }

  function drawGuest(booking, rimKm, at, label) {
    const shown = dot(booking.receiptNo);
    shown.label.classList.toggle('roomless', !label.fits);
    const put = (node, { x, y }) => { const wanted = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`; if (node.style.transform !== wanted) node.style.transform = wanted; };
    put(shown.label, label);
    if (shown.booking === booking && shown.rimKm === rimKm && shown.anchor === label.anchor) return;
    Object.assign(shown, { booking, rimKm, anchor: label.anchor });
    shown.node.dataset.receipt = booking.receiptNo;
    shown.node.dataset.forecast = booking.forecast;
    shown.mark.setAttribute('d', marks[booking.forecast] ?? marks.NO_POSITION);
    // A property instead of an attribute: it is animated, and the page's policy allows it.
    put(shown.spot, at);
    for (const [line, dy] of [[shown.name, 0], [shown.detail, 14]]) {
      line.setAttribute('text-anchor', label.anchor);
      line.setAttribute('y', dy);
    }
    setText(shown.name, shortName(booking.guestName));
    shown.trail.replaceChildren(...trailOf(booking, rimKm));
    shown.node.removeAttribute('aria-label');
  }

  function trailOf({ forecast, travel }, rimKm) {
    const points = travel.trail.map((point) => place(point, rimKm));
    return points.slice(1).map((point, index) => draw('line', {
      x1: points[index].x.toFixed(1), y1: points[index].y.toFixed(1), x2: point.x.toFixed(1), y2: point.y.toFixed(1),
      class: `trail ${forecast}`, 'stroke-opacity': fade(index, points.length - 1).toFixed(2),
    }));
  }

  function drawGround(rimKm) {
    const key = `${rimKm} ${state.hotel.radiusKm} ${language()}`;
    if (key === shownGround) return;
    shownGround = key;
    const ring = (km) => draw('circle', { cx: middle, cy: middle, r: radiusOf(km, rimKm).toFixed(1), class: 'ring' });
    const far = (km, kind) => textNode({ x: middle, y: (middle + radiusOf(km, rimKm) + 11).toFixed(1), class: kind, 'text-anchor': 'middle' }, `${km.toLocaleString(language())} km`);
    const winds = [['north', 0, -1], ['east', 1, 0], ['south', 0, 1], ['west', -1, 0]].map(([name, x, y]) =>
      textNode({ x: middle + x * (reach + 18), y: middle + y * (reach + 18) + 4, class: 'wind', 'text-anchor': 'middle' }, t(`radar.${name}`)));
    const inner = radiusOf(state.hotel.radiusKm, rimKm);
    ground.replaceChildren(
      draw('circle', { cx: middle, cy: middle, r: reach, class: 'field' }),
      draw('circle', { cx: middle, cy: middle, r: inner.toFixed(1), class: 'near' }),
      ...rings(rimKm).map(ring), ...winds.filter((_, index) => index !== 2),
      draw('path', { d: `M${middle - 8} ${middle + 8}v-9l8 -7l8 7v9Z`, class: 'hotel' }));
    scale.replaceChildren(...rings(rimKm).map((km) => far(km, 'far')),
      textNode({ x: middle, y: (middle - inner - 5).toFixed(1), class: 'near-words', 'text-anchor': 'middle' }, t('radar.radius', { distance: `${state.hotel.radiusKm.toLocaleString(language())} km` })));
  }

  function drawLegend(counts) {
    const said = JSON.stringify([counts, language()]);
    if (said === shownLegend) return;
    shownLegend = said;
    const rows = Object.entries(counts).map(([forecast, n]) => {
      const picture = draw('svg', { viewBox: '-12 -12 24 24', 'aria-hidden': 'true' }, draw('path', { d: marks[forecast], class: 'mark' }));
      return el('li', { 'data-forecast': forecast }, picture, ` ${t(`card.forecast.${forecast}`)} `, el('strong', {}, String(n)));
    });
    byId('radar-legend').replaceChildren(...rows);
  }

  const writeDetail = ({ booking, detail }, time) =>
    setText(detail, [distance(booking.travel.distanceKm, language()), countdown(Date.parse(booking.holdUntil) - time)].join(' · '));

  /** Updates what depends on the time. */
  function tick(time) {
    if (performance.now() - drawnAt > 900) { redraw(); return; }
    if (!radar.open) return;
    const words = Math.floor(time / 1_000) % 10 === 0;
    for (const shown of dots.values()) {
      const { booking, node, label } = shown;
      const { travel } = booking, timezone = state.hotel.timezone;
      if (dots.size <= mostLabels || label.classList.contains('pointed')) writeDetail(shown, time);
      if (!words && node.hasAttribute('aria-label')) continue;
      const eta = travel.arrivesAt && t('card.flag.eta', { time: clockTime(Date.parse(travel.arrivesAt), timezone, language()) });
      node.setAttribute('aria-label', [booking.guestName, t(`card.forecast.${booking.forecast}`), distance(travel.distanceKm, language()), eta,
        t('card.flag.age', { age: ageWords(time - Date.parse(travel.fixAt), language()) })].filter(Boolean).join(', '));
    }
  }

  return { update, tick, redraw };
}
