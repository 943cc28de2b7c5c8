import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';
import '../../web/js/board-text.js';
import '../../web/js/booking-text.js';
import { languages, texts, translate } from '../../web/js/text.js';

const web = new URL('../../web/', import.meta.url);
const read = (path) => readFileSync(new URL(path, web), 'utf8');
const pages = readdirSync(web).filter((name) => name.endsWith('.html'));
const modules = readdirSync(new URL('js/', web));
const names = (sentence) => [...new Set([...sentence.matchAll(/\{(\w+)/g)].map((match) => match[1]))].sort();

test('every sentence is there in every language', () => {
  for (const [key, sentences] of Object.entries(texts)) {
    assert.equal(sentences.length, languages.length, key);
    for (const sentence of sentences) assert.ok(sentence.trim(), key);
  }
});

test('both languages fill in the same values', () => {
  for (const [key, [indonesian, english]] of Object.entries(texts)) assert.deepEqual(names(indonesian), names(english), key);
});

test('English picks singular and plural by the number', () => {
  assert.equal(translate('en', 'unit.nights', { n: 1 }), '1 night');
  assert.equal(translate('en', 'unit.nights', { n: 3 }), '3 nights');
  assert.equal(translate('id', 'unit.nights', { n: 3 }), '3 malam');
});

test('every sentence that a page asks for exists', () => {
  for (const page of pages) {
    for (const [, key] of read(page).matchAll(/data-t(?:-label)?="([^"]+)"/g)) assert.ok(texts[key], `${page}: ${key}`);
  }
});

/** The keys of the sentences that a module has. */
const keysOf = (module) => [...read(`js/${module}`).matchAll(/^  '([^']+)': \[/gm)].map(([, key]) => key);

/** The scripts that a script loads, with itself. */
function loadedBy(script, found = new Set()) {
  if (found.has(script)) return found;
  found.add(script);
  for (const [, name] of read(`js/${script}`).matchAll(/(?:from|import) '\.\/([^']+)'/g)) loadedBy(name, found);
  return found;
}

test('a page loads every sentence that it needs', () => {
  for (const page of pages) {
    const [, script] = read(page).match(/src="\/js\/([^"]+)"/) ?? [];
    // A page of words alone has them in itself.
    if (!script) continue;
    const loaded = [...loadedBy(script)];
    const own = new Set(loaded.filter((name) => name.endsWith('text.js')).flatMap(keysOf));
    for (const module of loaded.filter((name) => !name.endsWith('text.js') && name !== 'request-id.js')) {
      for (const [, key] of read(`js/${module}`).matchAll(/'([a-z]+(?:\.[A-Za-z_]+)+)'/g)) {
        if (texts[key]) assert.ok(own.has(key), `${page}, ${module}: ${key}`);
      }
    }
    for (const [, key] of read(page).matchAll(/data-t(?:-label)?="([^"]+)"/g)) assert.ok(own.has(key), `${page}: ${key}`);
  }
});

test('every sentence that a module names exists', () => {
  const prefixes = new Set(Object.keys(texts).map((key) => key.split('.')[0]));
  for (const module of modules.filter((name) => !name.endsWith('text.js') && name !== 'request-id.js')) {
    for (const [, key] of read(`js/${module}`).matchAll(/'([a-z]+(?:\.[A-Za-z_]+)+)'/g)) {
      if (prefixes.has(key.split('.')[0])) assert.ok(texts[key], `${module}: ${key}`);
    }
  }
});

const schema = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');

/** The values of an enum in the schema. */
function valuesOf(name) {
  const body = schema.match(new RegExp(`^enum ${name} \\{\\n([^}]*)\\}`, 'm'))[1];
  return body.replace(/"""[^]*?"""/g, '').match(/\w+/g);
}

test('the sentences for each value of the schema exist', () => {
  assert.ok(valuesOf('Action').includes('BOOKED') && valuesOf('Channel').length === 4);
  const expected = [
    ...valuesOf('CancelReason').flatMap((reason) => [`guest.cancelled.${reason}`, `guest.cancelled.${reason}.why`, `card.cancelled.${reason}`]),
    ...valuesOf('Forecast').map((forecast) => `card.forecast.${forecast}`),
    ...valuesOf('Action').map((action) => `action.${action}`),
    ...valuesOf('BookingStatus').map((status) => `status.${status}`),
    ...valuesOf('Channel').map((channel) => `channel.${channel}`),
    ...valuesOf('StaffRole').map((role) => `board.role.${role}`),
    ...['paid', 'extend', 'cancel', 'send', 'revive', 'reviveHere', 'reopen'].flatMap((action) => [`do.${action}`, `done.${action}`, `ask.${action}`, `ask.${action}.why`, `ask.${action}.yes`]),
    ...['do.amend', 'done.amend', 'row.do.arrived', 'row.do.show', 'row.do.paid'],
    ...['booked', 'paid', 'paidRupiah', 'expired', 'cancelled'].flatMap((name) => [`figures.${name}`, `figures.${name}.short`]),
    ...['atDesk', 'extended', 'extendedAndCame', 'blockedMinutes', 'deskWaitMinutes', 'undelivered', 'medianMs', 'p99Ms', 'worstMs', 'by.channel', 'by.room', 'by.staff'].map((name) => `figures.${name}`),
    ...valuesOf('Forecast').map((forecast) => `row.forecast.${forecast}`),
    ...valuesOf('QrisProgress').flatMap((progress) => [`row.qris.${progress}`, `card.qris.${progress}`]),
  ];
  for (const key of expected) assert.ok(texts[key], key);
});

test('the pages hold no inline script, no inline style, no handler and no foreign address', () => {
  for (const page of pages) {
    const html = read(page);
    assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:|https?:\/\//i, page);
    for (const [tag] of html.matchAll(/<script[^>]*>/g)) assert.match(tag, /src="\/js\//, page);
  }
});

test('no module writes markup from text, and no page asks for a phone number', () => {
  for (const module of modules) assert.doesNotMatch(read(`js/${module}`), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, module);
  for (const page of pages) assert.doesNotMatch(read(page), /type="tel"|autocomplete="tel/, page);
});
