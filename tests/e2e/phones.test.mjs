// What people's phones do to the pages: blocked storage, old browsers, cut links, a lost position, a
// blocked t.me.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertAccessible, assertFits, picture, visitor } from './browser.mjs';
import { start } from './harness.mjs';

const SMALL = { width: 360, height: 740 };

/** Fills the form for a booking by e-mail and sends it. */
async function book(page, server, name) {
  await page.goto(`${server.url}/`);
  await page.getByRole('radio').first().check({ force: true });
  await page.getByLabel('Nama', { exact: false }).first().fill(name);
  await page.getByLabel('E-mail', { exact: true }).fill(`${name.toLowerCase().replace(/ /g, '.')}@example.com`);
  await page.getByRole('button', { name: 'Pesan sekarang' }).click();
  await page.waitForURL(/\/b\/RESI-\d{8}-\d{3,}#.+/);
  await page.getByRole('heading', { name: 'Kamar Anda kami simpan' }).waitFor();
}

describe('on phones', { concurrency: 1 }, () => {
  let server;
  before(async () => { server = await start(); });
  after(() => server.stop());

  test('a guest books although storage is blocked and the browser is of 2020', async (t) => {
    const { page, context, problems } = await visitor(t, { viewport: SMALL });
    await context.addInitScript(() => {
      for (const name of ['localStorage', 'sessionStorage']) {
        Object.defineProperty(window, name, { get() { throw new DOMException('blocked', 'SecurityError'); } });
      }
      delete AbortSignal.timeout;
      delete AbortSignal.any;
      delete Array.prototype.at;
      delete String.prototype.replaceAll;
      delete String.prototype.at;
      delete HTMLDialogElement.prototype.showModal;
      delete HTMLDialogElement.prototype.close;
      delete Object.hasOwn;
      delete crypto.randomUUID;
      delete window.structuredClone;
      delete window.ResizeObserver;
      delete window.AudioContext;
      delete window.webkitAudioContext;
      delete Navigator.prototype.vibrate;
      delete Navigator.prototype.wakeLock;
      Object.defineProperty(HTMLCanvasElement.prototype, 'toDataURL', { value() { throw new DOMException('tainted', 'SecurityError'); } });
    });
    await book(page, server, 'Dewi Lestari');
    await picture(page, 'booking-old-phone');
    assert.equal(await page.locator('#ring').isVisible(), false, 'nothing is offered that the phone cannot do');
    await page.getByRole('button', { name: 'Batalkan booking' }).click();
    await page.getByRole('button', { name: /^Ya/ }).click();
    await page.getByRole('heading', { name: 'Anda membatalkan booking ini' }).waitFor();
    assert.deepEqual(problems, []);
  });

  test('a link that was cut off is asked for, and a pasted one opens the booking', async (t) => {
    const { page, problems } = await visitor(t, { viewport: SMALL });
    const { booking, accessToken } = await server.book({ email: 'budi@example.com' });
    const sent = [];
    page.on('request', (request) => sent.push(request.url() + (request.postData() ?? '')));
    await page.goto(`${server.url}/b/${booking.receiptNo}`);
    await page.getByText('Tautan ini terpotong').waitFor();
    await assertAccessible(page, 'the page of a cut link');
    await assertFits(page, 'the page of a cut link');
    await picture(page, 'link-cut');
    await page.getByRole('button', { name: 'Buka booking' }).click();
    await page.getByText('tidak ada tautan booking yang lengkap').waitFor();
    assert.ok(sent.every((one) => !one.includes(accessToken)));
    const pasted = `Booking Anda: <${server.url}/b/${booking.receiptNo}/%23${accessToken}>.`;
    await page.getByLabel('Tempel tautan booking Anda').fill(pasted);
    await page.getByRole('button', { name: 'Buka booking' }).click();
    await page.getByRole('heading', { name: 'Kamar Anda kami simpan' }).waitFor();
    assert.ok(sent.filter((one) => /^https?:/.test(one)).every((one) => !one.split('\n')[0].split('{')[0].includes(accessToken)), 'in no address');
    assert.deepEqual(problems, []);
  });

  test('a position that cannot be had fresh is had coarse, and a watch that died is started again', async (t) => {
    const { page, context, problems } = await visitor(t, { viewport: SMALL });
    await context.addInitScript(() => {
      const asked = (window.asked = []);
      const at = (age) => ({ coords: { latitude: -6.3, longitude: 106.8, accuracy: 900 }, timestamp: Date.now() - age });
      Object.defineProperty(Geolocation.prototype, 'watchPosition', { value() { asked.push('watch'); return asked.length; } });
      Object.defineProperty(Geolocation.prototype, 'clearWatch', { value() { asked.push('clear'); } });
      Object.defineProperty(Geolocation.prototype, 'getCurrentPosition', {
        value(take, miss, { enableHighAccuracy }) {
          asked.push(enableHighAccuracy ? 'fine' : 'coarse');
          if (enableHighAccuracy) miss({ code: 3 });
          else take(at(120_000));
        },
      });
    });
    const { booking, accessToken } = await server.book({ email: 'siti@example.com' });
    await page.goto(`${server.url}/b/${booking.receiptNo}#${accessToken}`);
    await page.getByRole('switch').click();
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.getByText(/Terakhir terkirim/).waitFor();
    assert.deepEqual(await page.evaluate(() => window.asked), ['watch', 'clear', 'watch', 'fine', 'coarse']);
    const token = await server.staffToken();
    const query = 'query ($r: String!) { booking(receiptNo: $r) { travel { fixAgeSeconds } } }';
    const { travel } = (await server.must(query, { r: booking.receiptNo }, { token })).booking;
    assert.ok(travel.fixAgeSeconds > 100 && travel.fixAgeSeconds < 200, `its true age: ${travel.fixAgeSeconds} s`);
    assert.deepEqual(problems, []);
  });
});
