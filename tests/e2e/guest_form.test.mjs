// The booking form on a small phone: faults are seen where they are made, the day may turn while the
// form is open, a page that cannot run says so, and the running booking is remembered.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { assertAccessible, assertFits, assertSeen, picture, visitor } from './browser.mjs';
import { freePort, start } from './harness.mjs';

const SMALL = { width: 360, height: 740 };
const submit = (page) => page.getByRole('button', { name: 'Pesan sekarang' });

/** Sends the form from both ends of the page, and checks that the fault of a field is then seen. */
async function assertFaultSeen(page, field) {
  for (const end of [0, 100_000]) {
    await page.evaluate((top) => scrollTo(0, top), end);
    await submit(page).click();
    await assertSeen(page, `#${field}-error`);
  }
}

/** Opens the form and waits until it can be filled. */
async function open(page, server, path = '/') {
  await page.goto(`${server.url}${path}`);
  await page.locator('.room').first().waitFor();
}

async function fill(page, { room = 'Standard', name = 'Dewi Lestari', email = 'dewi@example.com' } = {}) {
  if (room) await page.getByRole('radio', { name: room }).check();
  await page.getByLabel('Nama', { exact: true }).fill(name);
  await page.getByLabel('E-mail', { exact: true }).fill(email);
}

/** Replaces a line of the config of a stopped server. */
async function configure(server, from, to) {
  const config = await readFile(server.config, 'utf8');
  assert.ok(config.includes(from), from);
  await writeFile(server.config, config.replace(from, to));
}

/** A server that keeps its address, for pages that stay open over a restart. */
async function startAt(sections) {
  const port = await freePort();
  return start({ ...sections, server: { listen: `127.0.0.1:${port}`, public_url: `http://127.0.0.1:${port}` } });
}

describe('the form on a small phone', { concurrency: 1 }, () => {
  let server;
  before(async () => { server = await start({ booking: { advance_days: 5 } }); });
  after(() => server.stop());

  for (const [size, colorScheme] of [['100%', 'light'], ['200%', 'dark']]) {
    test(`each fault is seen where it was made, with text at ${size}, ${colorScheme}`, async (t) => {
      const { page, problems } = await visitor(t, { viewport: SMALL, colorScheme, reducedMotion: 'reduce' });
      await open(page, server);
      await page.evaluate((size_) => { document.documentElement.style.fontSize = size_; }, size);
      await fill(page, { room: null });
      await assertFaultSeen(page, 'roomType');
      await picture(page, `form-fault-room-${parseInt(size, 10)}`);
      await page.getByRole('radio', { name: 'Standard' }).check();
      await page.getByLabel('Tanggal masuk').fill('2020-01-01');
      await assertFaultSeen(page, 'checkIn');
      await page.getByText(/Pilih tanggal dari/).waitFor();
      await assertFits(page, 'the form with a fault');
      await assertAccessible(page, 'the form with a fault');
      await page.getByLabel('Tanggal masuk').fill(await server.today());
      for (const [label, id, good] of [['Lama menginap', 'nights', '1'], ['Nama', 'guestName', 'Dewi'], ['E-mail', 'email', 'dewi@example.com']]) {
        await page.getByLabel(label, { exact: true }).fill('');
        await assertFaultSeen(page, id);
        assert.equal(await page.evaluate(() => document.activeElement.id), id);
        await page.getByLabel(label, { exact: true }).fill(good);
      }
      await page.getByRole('radio', { name: 'Standard' }).check();
      await page.route('**/graphql', (route) => (route.request().postData()?.includes('createBooking') ? route.abort() : route.fallback()));
      await submit(page).click();
      await page.getByText('kamarnya tidak akan terpesan dua kali').waitFor();
      await assertSeen(page, '#problem');
      await picture(page, `form-no-connection-${parseInt(size, 10)}`);
      assert.deepEqual(problems, ['console: Failed to load resource: net::ERR_FAILED']);
    });
  }

  test('in a hotel of many room types the faults do not lie under the bar either', async (t) => {
    const { page, problems } = await visitor(t, { viewport: SMALL });
    await page.route('**/graphql', async (route) => {
      const response = await route.fetch(), answer = await response.json();
      const rooms = answer.data?.availability;
      for (const code of rooms ? ['A', 'B', 'C', 'D', 'E'] : []) rooms.push({ ...rooms[0], roomType: { ...rooms[0].roomType, code, name: `Kamar ${code}` } });
      await route.fulfill({ response, json: answer });
    });
    await open(page, server);
    await page.getByText('Kamar E', { exact: true }).waitFor();
    await assertFaultSeen(page, 'roomType');
    await picture(page, 'form-many-rooms');
    assert.deepEqual(problems, []);
  });

  test('a room that sells out before the tap is told where the rooms are, and so is the last one', async (t) => {
    const few = await start();
    t.after(() => few.stop());
    const { page, problems } = await visitor(t, { viewport: SMALL });
    await open(page, few);
    await fill(page, { room: 'Loteng' });
    await few.book({ roomType: 'ONE' });
    await page.evaluate(() => scrollTo(0, 0));
    await submit(page).click();
    await page.getByText(/Kamar ini baru saja penuh/).waitFor();
    await assertSeen(page, '#roomType-error');
    await picture(page, 'form-sold-out');
    assert.deepEqual(problems, []);
  });

  test('when no room is free at all, the form says that instead of asking to choose one', async (t) => {
    const { page, problems } = await visitor(t, { viewport: SMALL });
    await page.route('**/graphql', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace(/"available":\d+/g, '"available":0') });
    });
    await open(page, server);
    await fill(page, { room: null });
    await page.evaluate(() => scrollTo(0, 0));
    await submit(page).click();
    await page.getByText('Semua kamar penuh untuk tanggal ini.').waitFor();
    await assertSeen(page, '#roomType-error');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'roomType-error');
    assert.deepEqual(problems, []);
  });

  test('a mistyped mail domain is asked about and corrected by one tap', async (t) => {
    const { page, problems } = await visitor(t, { viewport: SMALL });
    await open(page, server);
    await fill(page, { email: 'Dewi.Lestari@gmial.com' });
    await submit(page).click();
    await page.getByText('Maksud Anda gmail.com?').waitFor();
    await assertSeen(page, '#email-ask');
    await picture(page, 'form-gmial');
    await assertAccessible(page, 'the question about an e-mail address');
    await page.getByRole('button', { name: 'Ya, perbaiki' }).click();
    assert.equal(await page.getByLabel('E-mail', { exact: true }).inputValue(), 'Dewi.Lestari@gmail.com');
    await page.locator('#email-ask').waitFor({ state: 'hidden' });
    await submit(page).click();
    await page.waitForURL(/\/b\/RESI-/);
    assert.deepEqual(problems, []);
  });

  test('whoever says that an unusual address is right books with it', async (t) => {
    const { page, problems } = await visitor(t, { viewport: SMALL });
    await open(page, server);
    await fill(page, { email: 'dewi@gmai.com' });
    await submit(page).click();
    await page.getByRole('button', { name: 'Tidak, sudah benar' }).click();
    await submit(page).click();
    await page.waitForURL(/\/b\/RESI-/);
    assert.deepEqual(problems, []);
  });

  test('the form leads back to the running booking of this device, until it has ended', async (t) => {
    const { page, problems } = await visitor(t, { viewport: SMALL });
    await open(page, server);
    assert.equal(await page.locator('#mine').isVisible(), false, 'nothing was booked here');
    await fill(page);
    await submit(page).click();
    await page.waitForURL(/\/b\/RESI-/);
    await page.getByRole('timer').waitFor();
    const [address, receiptNo] = [page.url(), /RESI-[\d-]+/.exec(page.url())[0]];
    await open(page, server);
    const line = page.getByRole('link', { name: new RegExp(`Booking Anda: ${receiptNo}, sisa 1:59:\\d\\d`) });
    await line.waitFor();
    await picture(page, 'form-remembers');
    await assertAccessible(page, 'the form with a running booking');
    await line.click();
    await page.waitForURL(address);
    await page.getByRole('button', { name: 'Batalkan booking' }).click();
    await page.getByRole('button', { name: 'Ya, batalkan' }).click();
    await page.getByRole('heading', { name: 'Anda membatalkan booking ini' }).waitFor();
    await open(page, server);
    assert.equal(await page.locator('#mine').isVisible(), false);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    assert.deepEqual(problems, []);
  });
});

test('after an expiry the page leads to a filled form, and one more tap books again', async (t) => {
  const server = await start({ hold: { duration: '3s', remind_before: '1s' } });
  t.after(() => server.stop());
  const { page, problems } = await visitor(t, { viewport: SMALL });
  const booked = await server.book({ guestName: 'Budi Lagi', email: 'budi@example.com', roomType: 'DLX', nights: 2 });
  const { pathname, hash } = new URL(booked.statusUrl);
  await page.goto(`${server.url}${pathname}${hash}`);
  await page.getByRole('heading', { name: 'Maaf, waktunya habis' }).waitFor();
  await page.getByRole('link', { name: 'Pesan lagi' }).click();
  await submit(page).click();
  await page.waitForURL((url) => /\/b\/RESI-/.test(url.pathname) && url.pathname !== pathname);
  const { bookings } = await server.must('{ bookings { nodes { guestName contact nights roomType { code } } } }', {}, { token: await server.staffToken() });
  const again = { guestName: 'Budi Lagi', contact: 'budi@example.com', nights: 2, roomType: { code: 'DLX' } };
  assert.deepEqual(bookings.nodes, [again, again]);
  assert.deepEqual(problems, []);
});

test('after the hotel day has turned, the form says so and books the day that it shows', async (t) => {
  // In a zone where it is noon, so that the test is never near the start of a day.
  const hours = 12 - new Date().getUTCHours();
  const timezone = hours ? `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}` : 'Etc/GMT';
  const server = await startAt({ hotel: { timezone, day_starts_at: '16:00' } });
  t.after(() => server.stop());
  const { page, problems } = await visitor(t, { viewport: SMALL });
  await open(page, server);
  const yesterday = await server.today();
  await fill(page);
  await server.kill();
  await configure(server, 'day_starts_at = "16:00"', 'day_starts_at = "06:00"');
  await server.start();
  assert.notEqual(await server.today(), yesterday);
  await submit(page).click();
  await page.getByText(/Sudah lewat pukul 06\.00: hari hotel berganti, dan tanggal masuk kini/).waitFor();
  await assertSeen(page, '#checkIn-error');
  await picture(page, 'form-day-turned');
  await submit(page).click();
  await page.waitForURL(/\/b\/RESI-/);
  const { bookings } = await server.must('{ bookings { nodes { checkIn } } }', {}, { token: await server.staffToken() });
  assert.deepEqual(bookings.nodes, [{ checkIn: await server.today() }]);
  assert.deepEqual(problems, []);
});

describe('a page that cannot run', { concurrency: 1 }, () => {
  let server, paths;
  before(async () => {
    server = await start();
    const { booking, accessToken } = await server.book();
    paths = { '/': 'Halaman pesan kamar belum bisa tampil', [`/b/${booking.receiptNo}#${accessToken}`]: 'Booking Anda tetap berlaku' };
  });
  after(() => server.stop());

  test('says so without JavaScript, and turns no wheel', async (t) => {
    for (const [path, words] of Object.entries(paths)) {
      const { page } = await visitor(t, { viewport: SMALL, javaScriptEnabled: false });
      await page.goto(`${server.url}${path}`);
      await page.getByRole('heading', { name: words }).waitFor();
      assert.equal(await page.locator('.spinner:visible, button:visible').count(), 0);
      await picture(page, `no-script-${words.split(' ')[0]}`);
    }
  });

  for (const [what, reply] of Object.entries({
    'does not arrive': (route) => route.abort(),
    'is broken': (route) => route.fulfill({ contentType: 'text/javascript', body: 'export const = ;' }),
  })) {
    test(`says so when one module ${what}, and loads again by a tap with the whole link`, async (t) => {
      for (const [path, words] of Object.entries(paths)) {
        const { page } = await visitor(t, { viewport: SMALL });
        await page.route('**/js/text.js', reply);
        await page.goto(`${server.url}${path}`);
        await page.getByRole('heading', { name: words }).waitFor();
        assert.equal(await page.locator('.spinner:visible').count(), 0);
        await assertAccessible(page, 'the words of a page that did not start');
        await picture(page, `module-failed-${words.split(' ')[0]}`);
        await page.unroute('**/js/text.js');
        await page.getByRole('button', { name: 'Muat ulang' }).click();
        await page.locator('.room, #countdown').first().waitFor();
        assert.equal(page.url(), `${server.url}${path}`);
        assert.equal(await page.getByRole('heading', { name: words }).isVisible(), false);
      }
    });
  }

  test('says so in a browser that knows no modules', async (t) => {
    const { page, context } = await visitor(t, { viewport: SMALL });
    await context.addInitScript(() => { delete HTMLScriptElement.prototype.noModule; });
    await page.route('**/js/form.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
    await page.goto(server.url);
    await page.getByRole('heading', { name: paths['/'] }).waitFor();
  });

  test('says so after a while when a module hangs, and goes on when it comes after all', async (t) => {
    const { page } = await visitor(t, { viewport: SMALL });
    await page.clock.install();
    let arrive;
    await page.route('**/js/text.js', (route) => { arrive = () => route.fallback(); });
    await page.goto(server.url, { waitUntil: 'commit' });
    await page.waitForFunction(() => document.querySelector('.fallback'));
    await page.clock.fastForward(21_000);
    await page.getByRole('heading', { name: paths['/'] }).waitFor();
    await arrive();
    await page.locator('.room').first().waitFor();
    assert.equal(await page.getByRole('heading', { name: paths['/'] }).isVisible(), false);
  });
});
