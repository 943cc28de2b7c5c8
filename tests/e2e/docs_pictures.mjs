// Makes the pictures of the guides in docs/ anew, from a real server with invented guests. It is no
// test of its own and not part of `make e2e`:
//
//   JATAH_SCREENSHOTS=docs node --test tests/e2e/docs_pictures.mjs
//
// BOARD=1 also makes docs/board.jpg, the board of a small hotel in the middle of its night.
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hotelAtNight } from './board_hotel.mjs';
import { visitor } from './browser.mjs';
import { HOTEL, start } from './harness.mjs';

const folder = process.env.JATAH_SCREENSHOTS;
const PHONE = { width: 390, height: 760 };
const MOST_BYTES = 120_000;

/** Saves what is seen without scrolling, and checks that the file is small. */
async function picture(page, name, most = MOST_BYTES) {
  const path = join(folder, `${name}.jpg`);
  await page.screenshot({ path, type: 'jpeg', quality: 72 });
  const { size } = await stat(path);
  assert.ok(size < most, `${name}.jpg has ${size} bytes`);
}

test('the pictures of the guides', { skip: !folder && 'JATAH_SCREENSHOTS is not set' }, async (t) => {
  const server = await start({
    hotel: { name: 'Hotel Melati', address: 'Jalan Contoh 1, Bandung', contact: 'Telegram @hotelmelati' },
    qris: { payload: '00020101021126610014ID.EXAMPLE.WWW0118936000000000000000021000000000000303UMI51440014ID.CO.QRIS.WWW0215ID00000000000040303UMI5204701153033605802ID5911HOTEL JATAH6007JAKARTA61051031063040B45' },
  });
  t.after(() => server.kill());
  const names = ['Budi Santoso', 'Siti Aminah', 'Wayan Suartika', 'Dewi Lestari', 'Agus Salim'];
  const guests = [];
  for (const [at, guestName] of names.entries()) guests.push(await server.book({ guestName, email: `tamu${at}@example.com`, roomType: at % 2 ? 'DLX' : 'STD' }));
  for (const [at, km] of [[0, 4], [1, 17], [2, 9]]) {
    const { booking, accessToken } = guests[at];
    const position = { latitude: HOTEL.latitude + km / 111, longitude: HOTEL.longitude + km / 300, accuracyMetres: 12 };
    await server.must('mutation ($r: String!, $t: String!, $position: PositionInput!) { reportPosition(receiptNo: $r, accessToken: $t, position: $position) { status } }',
      { r: booking.receiptNo, t: accessToken, position });
  }

  await t.test('the form of a guest', async (t) => {
    const { page } = await visitor(t, { viewport: PHONE });
    await page.goto(`${server.url}/`);
    await page.getByText('Loteng').first().waitFor();
    await picture(page, 'tamu-form');
  });

  await t.test('the page of a guest', async (t) => {
    const { page } = await visitor(t, { viewport: PHONE });
    await page.goto(guests[3].statusUrl);
    await page.getByText(guests[3].booking.receiptNo).first().waitFor();
    await picture(page, 'tamu-booking');
  });

  await t.test('the board', { skip: !process.env.BOARD && 'BOARD is not set' }, async (t) => {
    const night = await hotelAtNight({ pending: 16, desk: 3, sharing: 9, paid: 5, cancelled: 2, hotel: { name: 'Hotel Melati' }, hold: { duration: '25m' } });
    t.after(() => night.server.kill());
    // Bookings of a real night were not made in the same minute.
    for (const [index, { booking }] of night.booked.slice(3).entries()) {
      await night.server.must('mutation ($r: String!, $n: Int!) { extendHold(receiptNo: $r, minutes: $n) { status } }', { r: booking.receiptNo, n: 1 + ((index * 31) % 87) }, { token: night.clerk });
    }
    const { page } = await visitor(t, { viewport: { width: 1440, height: 900 } });
    await page.goto(`${night.server.url}/fo#code=${await night.server.staffCode('--name', 'Rina')}`);
    await page.waitForFunction(() => document.querySelectorAll('#radar-picture .label').length === 9);
    await page.waitForTimeout(1_200); // the dots move to their places
    await picture(page, 'board', 2 * MOST_BYTES);
  });
});
