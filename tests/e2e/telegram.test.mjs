// The board and the form as Telegram Mini Apps, and what the board shows while Telegram cannot be reached.
// The client of Telegram is played by the test: it hears the page's events and answers them.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { PHONE, assertAccessible, assertFits, picture, visitor } from './browser.mjs';
import { freePort, start } from './harness.mjs';

const TOKEN = '100:test_token';

/** The signed user data in the address of a Mini App (core.telegram.org/bots/webapps). */
function initData(user, token = TOKEN) {
  const fields = { auth_date: String(Math.floor(Date.now() / 1000)), query_id: 'AAE', user: JSON.stringify(user), signature: 'c2ln' };
  const check = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`).join('\n');
  const secret = createHmac('sha256', 'WebAppData').update(token).digest();
  return new URLSearchParams({ ...fields, hash: createHmac('sha256', secret).update(check).digest('hex') }).toString();
}

describe('Telegram', () => {
  let server;
  before(async () => {
    server = await start({
      // Nothing listens on this port, so Telegram can never be reached.
      telegram: { token: TOKEN, api_url: `http://127.0.0.1:${await freePort()}` },
      staff: [{ telegram_id: 42, name: 'Sari', role: 'front_office' }],
    });
  });
  after(() => server?.stop());

  const opened = async (t, data) => {
    const desk = await visitor(t, { viewport: PHONE });
    const app = new URLSearchParams({ tgWebAppData: data, tgWebAppVersion: '9.0', tgWebAppPlatform: 'android' });
    await desk.page.goto(`${server.url}/fo#${app}`);
    return desk;
  };

  test('staff are signed in when they open the Mini App, and see that Telegram cannot be reached', async (t) => {
    const desk = await opened(t, initData({ id: 42, first_name: 'Sari <&>' }));
    await desk.page.getByRole('heading', { name: 'Pending' }).waitFor();
    assert.match(await desk.page.locator('#who').textContent(), /^Sari/);
    assert.equal(new URL(desk.page.url()).hash, '', 'what was signed leaves the address');
    await desk.page.getByText('Telegram tidak bisa dihubungi').waitFor();
    await picture(desk.page, 'board-telegram-away');
    await assertAccessible(desk.page, 'the board with a part that is not well');
    assert.deepEqual(desk.problems, []);
    const ready = await fetch(`${server.url}/readyz`);
    assert.equal(ready.status, 200);
    assert.match((await ready.json()).degraded.telegram, /cannot be reached/);
  });

  test('what Telegram signed opens one session', async () => {
    const sign = 'mutation ($data: String!) { signInWithTelegram(initData: $data) { token } }';
    const data = initData({ id: 42, first_name: 'Sari' });
    const answers = await Promise.all([1, 2, 3].map(() => server.ask(sign, { data })));
    assert.equal(answers.filter((answer) => answer.data?.signInWithTelegram?.token).length, 1);
    for (const answer of answers.filter(({ errors }) => errors)) assert.equal(answer.errors[0].extensions.code, 'UNAUTHENTICATED');
  });

  test('a stranger\'s data and forged data do not sign in', async (t) => {
    for (const data of [initData({ id: 43, first_name: 'Eve' }), initData({ id: 42, first_name: 'Eve' }, '100:guessed')]) {
      const desk = await opened(t, data);
      await desk.page.locator('#sign-in-problem').filter({ hasText: /./ }).waitFor();
      assert.equal(await desk.page.locator('#board').isVisible(), false);
    }
  });
});

describe('the form as a Mini App', () => {
  const SMALL = { width: 360, height: 740 };
  const NIGHT = { bg_color: '#17212b', secondary_bg_color: '#232e3c', text_color: '#f5f5f5', hint_color: '#708499', button_color: '#5288c1', button_text_color: '#ffffff' };
  const AYU = { id: 77, first_name: 'Ayu', last_name: 'Lestari', language_code: 'id' };
  const MINE = 'query { bookings { nodes { guestName channel contact price nights travel { distanceKm } } } }';
  const rooms = [{ code: 'STD', name: 'Standar', rooms: 1, price: 275000 }, { code: 'DLX', name: 'Deluxe', rooms: 9, price: 450000 }];
  let server;
  before(async () => {
    server = await start({ rooms, telegram: { token: TOKEN, api_url: `http://127.0.0.1:${await freePort()}` } });
  });
  after(() => server?.stop());

  /** The form in a Telegram client that has a location, unless it is told otherwise. */
  async function opened(t, { user = AYU, data = initData(user), theme = NIGHT, version = '9.0', located = true, query = '' } = {}) {
    const guest = await visitor(t, { viewport: SMALL });
    await guest.page.addInitScript((has) => {
      window.heardByTelegram = [];
      const answers = {
        web_app_check_location: ['location_checked', { available: has, access_requested: false, access_granted: false }],
        web_app_request_location: ['location_requested', { available: has, latitude: -6.95, longitude: 107.6, horizontal_accuracy: 20 }],
      };
      window.TelegramWebviewProxy = {
        postEvent(type) {
          window.heardByTelegram.push(type);
          if (answers[type]) setTimeout(() => window.Telegram.WebView.receiveEvent(...answers[type]), 20);
        },
      };
    }, located);
    const app = new URLSearchParams({ tgWebAppData: data, tgWebAppVersion: version, tgWebAppPlatform: 'android', tgWebAppThemeParams: JSON.stringify(theme) });
    await guest.page.goto(`${server.url}/${query}#${app}`);
    await guest.page.locator('#form').waitFor();
    return guest;
  }

  const heard = (page, type) => page.waitForFunction((name) => window.heardByTelegram.includes(name), type);
  const bookings = async () => (await server.must(MINE, {}, { token: await server.staffToken() })).bookings.nodes;

  test('a guest books by name and room alone, sends a location, and goes back to the chat', async (t) => {
    const { page, problems } = await opened(t, { query: '?room=DLX&nights=2' });
    await heard(page, 'web_app_ready');
    assert.equal(new URL(page.url()).hash, '', 'what was signed leaves the address');
    assert.equal(await page.getByLabel('Nama', { exact: true }).inputValue(), 'Ayu Lestari');
    for (const field of ['#channel', '#email']) assert.equal(await page.locator(field).isVisible(), false, field);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background, 'rgb(35, 46, 60)', "the theme's own background");
    await picture(page, 'mini-app-form');
    await assertAccessible(page, 'the form in a dark theme of Telegram');
    await assertFits(page, 'the form in Telegram');
    await page.reload();
    await page.locator('#form').waitFor();
    assert.equal(await page.locator('#email').isVisible(), false, 'a reload keeps who the guest is');
    await page.getByRole('button', { name: 'Pesan sekarang' }).click();
    await page.getByRole('heading', { name: 'Kamar Anda kami simpan' }).waitFor();
    await page.getByText(/RESI-\d{8}-\d{3}/).waitFor();
    await page.getByText('Bayar Rp900.000').waitFor();
    await page.getByRole('button', { name: 'Kirim lokasi saya sekarang' }).click();
    await page.getByText('Lokasi Anda terkirim.').waitFor();
    assert.equal(await page.evaluate(() => window.positionsAsked), 0, "the browser's own location was not asked for");
    await assertAccessible(page, 'the end of a booking in Telegram');
    await assertFits(page, 'the end of a booking in Telegram');
    await picture(page, 'mini-app-booked');
    await page.getByRole('button', { name: 'Kembali ke chat' }).click();
    await heard(page, 'web_app_close');
    const [booked] = await bookings();
    const { distanceKm } = booked.travel;
    assert.deepEqual({ ...booked, travel: null }, { guestName: 'Ayu Lestari', channel: 'TELEGRAM', contact: null, price: 900000, nights: 2, travel: null });
    assert.ok(Math.abs(distanceKm - 4.08) < 0.1, `${distanceKm}`);
    assert.deepEqual(problems, []);
  });

  test('a client without a location offers none, and English is spoken to who speaks it', async (t) => {
    const { page, problems } = await opened(t, { user: { id: 78, first_name: 'Ann', language_code: 'en-GB' }, located: false, version: '7.0', theme: {} });
    await page.getByText('Deluxe').click();
    await page.getByRole('button', { name: 'Book now' }).click();
    await page.getByRole('heading', { name: 'We keep your room' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Send my location now' }).count(), 0);
    await picture(page, 'mini-app-booked-english');
    assert.deepEqual(problems, []);
  });

  test('a guest without a free room waits without an address', async (t) => {
    await server.book({ roomType: 'STD' });
    const { page, problems } = await opened(t, { user: { id: 79, first_name: 'Budi', language_code: 'id' } });
    const waiting = page.locator('#waiting');
    await waiting.getByRole('button', { name: 'Kabari saya' }).click();
    await waiting.getByRole('heading', { name: 'Anda di daftar tunggu, urutan ke-1' }).waitFor();
    await waiting.getByText('kabarnya juga masuk ke chat').waitFor();
    await picture(page, 'mini-app-waiting');
    assert.deepEqual(problems, []);
  });

  test('data that Telegram did not sign books nothing, and the guest is told what to do', async (t) => {
    const booked = (await bookings()).length;
    const { page } = await opened(t, { data: initData(AYU, '100:guessed') });
    await page.locator('#rooms').getByText('Deluxe').click();
    await page.getByRole('button', { name: 'Pesan sekarang' }).click();
    await page.locator('#problem', { hasText: 'Tutup, lalu buka lagi dari chat' }).waitFor();
    assert.equal((await bookings()).length, booked);
  });
});
