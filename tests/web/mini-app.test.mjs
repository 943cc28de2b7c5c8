import assert from 'node:assert/strict';
import test from 'node:test';
import { launchOf, takeLaunch } from '../../web/js/launch.js';
import { createTelegramClient } from '../../web/js/telegram-client.js';
import { contrast, themeOf } from '../../web/js/telegram-theme.js';

const user = { id: 9, first_name: 'Ayu', last_name: 'Lestari', language_code: 'en' };
const fragment = (values) => `#${new URLSearchParams(values)}`;
const launch = fragment({
  tgWebAppData: new URLSearchParams({ user: JSON.stringify(user), auth_date: '1', hash: 'ab' }).toString(),
  tgWebAppVersion: '8.0', tgWebAppThemeParams: JSON.stringify({ bg_color: '#ffffff' }),
});

test('a launch names the guest, the language, the theme and the version', () => {
  const { initData, ...rest } = launchOf(launch);
  assert.match(initData, /^user=%7B.*&auth_date=1&hash=ab$/);
  assert.deepEqual(rest, { name: 'Ayu Lestari', languageCode: 'en', theme: { bg_color: '#ffffff' }, version: 8 });
});

test('outside Telegram there is no launch, and mangled data does not throw', () => {
  for (const hash of ['', '#', '#room=STD', '#tgWebAppData=']) assert.equal(launchOf(hash), null, hash);
  for (const text of ['null', '[]', '"x"', '{', '{"first_name":7}']) {
    const { name, theme } = launchOf(fragment({ tgWebAppData: `user=${text}`, tgWebAppThemeParams: text.slice(1) }));
    assert.equal(name, '');
    assert.deepEqual({ ...theme }, {});
  }
});

test('a launch leaves the address, and a reload of the tab still has it', () => {
  const kept = new Map(), addresses = [];
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  const record = { replaceState: (state, title, address) => addresses.push(address) };
  const first = takeLaunch({ place: { hash: launch, pathname: '/', search: '?room=STD' }, record, storage });
  assert.deepEqual(addresses, ['/?room=STD']);
  assert.deepEqual(takeLaunch({ place: { hash: '', pathname: '/', search: '' }, record, storage }), first);
  assert.equal(takeLaunch({ place: { hash: '' }, record, storage: { getItem: () => null } }), null);
});

/** A window with a client of Telegram that answers each event by `answers`. */
function windowWith(answers) {
  const posted = [], scope = { addEventListener() {} };
  scope.parent = scope;
  scope.TelegramWebviewProxy = {
    postEvent(type, data) {
      posted.push([type, JSON.parse(data)]);
      const answer = answers[type];
      if (answer) queueMicrotask(() => scope.TelegramGameProxy.receiveEvent(...answer));
    },
  };
  return { scope, posted };
}

test('the location comes from the client, with its accuracy', async () => {
  const { scope } = windowWith({
    web_app_check_location: ['location_checked', { available: true, access_requested: false }],
    web_app_request_location: ['location_requested', { available: true, latitude: -6.9, longitude: 107.6, horizontal_accuracy: 12.5 }],
  });
  const client = createTelegramClient(8, scope);
  assert.equal(await client.hasLocation(), true);
  assert.deepEqual(await client.location(), { latitude: -6.9, longitude: 107.6, accuracyMetres: 12.5 });
});

test('a client that is too old, has no location or is refused one gives none', async () => {
  const { scope } = windowWith({ web_app_check_location: ['location_checked', { available: false }], web_app_request_location: ['location_requested', { available: false }] });
  assert.equal(await createTelegramClient(7.1, scope).hasLocation(), false);
  const client = createTelegramClient(8, scope);
  assert.equal(await client.hasLocation(), false);
  assert.equal(await client.location(), null);
});

test('in a frame, events go to Telegram and are heard from nobody else', () => {
  const sent = [], parent = { postMessage: (...given) => sent.push(given) };
  let hear;
  const scope = { parent, addEventListener: (type, listener) => (hear = listener) };
  const client = createTelegramClient(8, scope), themes = [];
  client.onTheme((theme) => themes.push(theme));
  assert.equal(client.close(), true);
  assert.deepEqual(sent, [[JSON.stringify({ eventType: 'web_app_close', eventData: {} }), 'https://web.telegram.org']]);
  const data = JSON.stringify({ eventType: 'theme_changed', eventData: { theme_params: { text_color: '#000000' } } });
  hear({ source: parent, origin: 'https://evil.example', data });
  hear({ source: {}, origin: 'https://web.telegram.org', data });
  hear({ source: parent, origin: 'https://web.telegram.org', data: 'no JSON' });
  assert.deepEqual(themes, []);
  hear({ source: parent, origin: 'https://web.telegram.org', data });
  assert.deepEqual(themes, [{ text_color: '#000000' }]);
});

test('without a client nothing is sent', () => {
  const scope = { addEventListener() {} };
  scope.parent = scope;
  assert.equal(createTelegramClient(8, scope).close(), false);
});

const parts = (text) => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
const day = { bg_color: '#ffffff', secondary_bg_color: '#efeff4', text_color: '#000000', hint_color: '#999999', button_color: '#2481cc', button_text_color: '#ffffff' };
const night = { bg_color: '#17212b', secondary_bg_color: '#232e3c', text_color: '#f5f5f5', hint_color: '#708499', button_color: '#5288c1', button_text_color: '#ffffff' };

test('every text can be read in every theme', () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const colour = () => `#${Array.from({ length: 6 }, () => Math.floor(random() * 16).toString(16)).join('')}`;
  const any = () => Object.fromEntries(Object.keys(day).map((name) => [name, colour()]));
  for (const theme of [day, night, ...Array.from({ length: 300 }, any)]) {
    const { variables } = themeOf(theme);
    const of = (name) => parts(variables[`--${name}`]);
    const least = (text, ground) => assert.ok(contrast(of(text), of(ground)) >= 4.5, `${text} on ${ground} in ${JSON.stringify(theme)}: ${contrast(of(text), of(ground))}`);
    least('accent-ink', 'accent');
    for (const text of ['ink', 'soft', 'accent', 'good', 'warn', 'bad']) for (const ground of ['card', 'paper']) least(text, ground);
    for (const meaning of ['good', 'warn', 'bad']) least(meaning, `${meaning}-soft`);
    least('accent', 'accent-soft');
  }
});

test('a theme is dark when its text is lighter than its background', () => {
  assert.equal(themeOf(day).dark, false);
  assert.equal(themeOf(night).dark, true);
  assert.equal(themeOf({}), null);
  assert.equal(themeOf({ bg_color: 'red', text_color: '#000000' }), null);
});
