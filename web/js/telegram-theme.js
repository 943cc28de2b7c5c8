// The colours of the page inside Telegram: those of the user's theme, as the variables of base.css. A
// colour that could not be read is moved towards black or white until it has the contrast of WCAG AA.

const TEXT = 4.5; // WCAG 2.2, 1.4.3
const SHAPE = 3; // WCAG 2.2, 1.4.11
const black = [0, 0, 0], white = [255, 255, 255];
/** What is good, what needs care and what is bad, before it is fitted to the theme. */
const meanings = { good: [36, 120, 84], warn: [150, 95, 0], bad: [190, 45, 35] };

const colourIn = (text) => /^#[0-9a-f]{6}$/i.test(text ?? '') ? [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16)) : null;
const textOf = (colour) => `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
const mix = (one, other, share) => one.map((part, at) => part + (other[at] - part) * share);

/** The relative luminance of WCAG 2.2. */
function luminance(colour) {
  const [red, green, blue] = colour.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours, from 1 to 21. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The colour that is nearest to the given one and can be read on all of these. */
function readable(colour, grounds, least = TEXT) {
  const worst = (tried) => Math.min(...grounds.map((ground) => contrast(tried, ground)));
  const end = worst(black) > worst(white) ? black : white;
  for (let share = 0; share < 1; share += 0.04) {
    const tried = mix(colour, end, share).map(Math.round);
    if (worst(tried) >= least) return tried;
  }
  return end;
}

/** A second ground if a text can be read on it and on the others too; else the first of those. */
function groundBeside(ground, others) {
  const all = [ground, ...others];
  const least = (text) => Math.min(...all.map((one) => contrast(text, one)));
  return Math.max(least(black), least(white)) >= TEXT ? ground : others[0];
}

/**
 * The variables for a theme as {dark, variables}; null if it lacks the colours of background and text.
 * The names of its colours are Telegram's.
 */
export function themeOf(theme) {
  const card = colourIn(theme.section_bg_color) ?? colourIn(theme.bg_color);
  const text = colourIn(theme.text_color);
  if (!card || !text) return null;
  const paper = groundBeside(colourIn(theme.secondary_bg_color) ?? card, [card]);
  const grounds = [card, paper], ink = readable(text, grounds);
  const button = colourIn(theme.button_color) ?? colourIn(theme.link_color) ?? ink;
  const softAccent = groundBeside(mix(card, button, 0.1).map(Math.round), grounds);
  const accent = readable(button, [...grounds, softAccent]);
  const colours = {
    paper, card, ink, 'accent-soft': softAccent, accent,
    'accent-ink': readable(colourIn(theme.button_text_color) ?? card, [accent]),
    soft: readable(colourIn(theme.subtitle_text_color) ?? colourIn(theme.hint_color) ?? ink, [...grounds, softAccent]),
    line: mix(card, ink, 0.14), edge: readable(mix(card, ink, 0.4), grounds, SHAPE),
    focus: readable(button, grounds, SHAPE),
  };
  colours['accent-deep'] = readable(mix(accent, ink, 0.15), [colours['accent-ink']]);
  for (const [name, hue] of Object.entries(meanings)) {
    const soft = groundBeside(mix(card, hue, 0.14).map(Math.round), grounds);
    colours[`${name}-soft`] = soft;
    colours[name] = readable(hue, [...grounds, soft]);
  }
  colours['warn-bar'] = colours.warn;
  const variables = Object.fromEntries(Object.entries(colours).map(([name, colour]) => [`--${name}`, textOf(colour)]));
  return { dark: luminance(card) < luminance(ink), variables };
}

/** Colours the page. A theme without the needed colours leaves it as it is. */
export function wearTheme(theme, root = document.documentElement) {
  const worn = themeOf(theme);
  if (!worn) return;
  root.style.colorScheme = worn.dark ? 'dark' : 'light';
  for (const [name, value] of Object.entries(worn.variables)) root.style.setProperty(name, value);
}
