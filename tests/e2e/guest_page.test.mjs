// The guest's page at the ends of a booking: the way to the hotel, the payment code at the desk, paid,
// cancelled by the hotel, and the ring at the reminder.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { assertAccessible, assertFits, picture, visitor } from './browser.mjs';
import { start, until } from './harness.mjs';
import { temporaryFolder } from './processes.mjs';

const SMALL = { width: 360, height: 740 };
/** A code as issued, of an invented merchant. */
const STATIC = '00020101021126620016ID.CO.CONTOH.WWW011893600000000000000002090000000020303UBE51440014ID.CO.QRIS.WWW0215ID00000000000020303UBE5204701153033605802ID5912HOTEL CONTOH6015JAKARTA SELATAN61051294062070703A016304EFAD';
const PLACE = { address: 'Jalan Braga 10, Bandung', contact: 'Telegram @hoteluji', check_in_from: '13:30' };
const read = (file) => execFileSync('zbarimg', ['--quiet', '--raw', '--oneshot', '-Sdisable', '-Sqrcode.enable', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** Opens the page of a booking that was made by the API. */
async function guestAt(t, server, booked, options = {}) {
  const guest = await visitor(t, { viewport: SMALL, ...options });
  const { pathname, hash } = new URL(booked.statusUrl);
  await guest.page.goto(`${server.url}${pathname}${hash}`);
  await guest.page.getByText(booked.booking.receiptNo, { exact: true }).first().waitFor();
  return guest;
}

const desk = (server, token, mutation, receiptNo, more = '') =>
  server.must(`mutation ($r: String!) { ${mutation}(receiptNo: $r${more}) { status } }`, { r: receiptNo }, { token });

describe('the guest’s page', { concurrency: 1 }, () => {
  let server, token;
  before(async () => {
    server = await start({ hotel: PLACE, qris: { payload: STATIC } });
    token = await server.staffToken();
  });
  after(() => server.stop());

  test('form and booking say where the hotel is, from when rooms are ready and whom to ask', async (t) => {
    const booked = await server.book();
    const { page, problems } = await guestAt(t, server, booked);
    const form = await visitor(t, { viewport: SMALL });
    await form.page.goto(server.url);
    await form.page.locator('.room').first().waitFor();
    for (const one of [page, form.page]) {
      const place = one.getByRole('region', { name: 'Ke hotel' });
      await place.getByText(PLACE.address).waitFor();
      await place.getByText('Kamar siap mulai pukul 13.30.').waitFor();
      const href = (name) => place.getByRole('link', { name }).getAttribute('href');
      assert.match(await href('Buka peta'), /^https:\/\/.*-6\.9147,107\.6098/);
      assert.equal(await href('Waze'), 'https://waze.com/ul?ll=-6.9147,107.6098&navigate=yes');
      assert.equal(await href('Peta lain'), 'geo:-6.9147,107.6098?q=-6.9147,107.6098(Hotel%20Uji)');
      assert.equal(await href(PLACE.contact), 'https://t.me/hoteluji');
      await assertFits(one, 'a page with the way to the hotel');
      await assertAccessible(one, 'a page with the way to the hotel');
    }
    await form.page.getByRole('link', { name: PLACE.address }).first().waitFor();
    await picture(page, 'guest-place');
    await picture(form.page, 'form-place');
    assert.deepEqual([...problems, ...form.problems], []);
  });

  for (const colorScheme of ['light', 'dark']) {
    test(`at the desk the page shows the payment code with the exact sum, and saves it as a picture (${colorScheme})`, async (t) => {
      const booked = await server.book({ roomType: 'DLX', nights: 2 });
      const { receiptNo } = booked.booking;
      const { page, problems } = await guestAt(t, server, booked, { colorScheme });
      assert.equal(await page.locator('#pay').isVisible(), false, 'no code before the desk has seen the guest');
      await desk(server, token, 'markArrived', receiptNo);
      const pay = page.getByRole('region', { name: 'Bayar dengan QRIS' });
      await pay.getByText('Rp1.051.000', { exact: true }).waitFor();
      await pay.getByText('Persis sejumlah ini: tidak lebih, tidak kurang.').waitFor();
      await pay.getByText(/lalu ambil gambarnya dari galeri/).waitFor();
      await page.getByText(/Booking Anda tidak akan batal otomatis lagi/).waitFor();
      await page.locator('#pay-save[download$=".png"]').waitFor();
      await assertFits(page, 'the payment code');
      await assertAccessible(page, 'the payment code');
      await picture(page, `guest-pay-${colorScheme}`);

      const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Simpan gambar' }).click()]);
      assert.equal(saved.suggestedFilename(), `QRIS ${receiptNo}.png`);
      const file = join(await temporaryFolder('code'), 'code.png');
      await saved.saveAs(file);
      const { qris } = await server.must('query ($r: String!) { qris(receiptNo: $r) { payload } }', { r: receiptNo }, { token });
      assert.equal(read(file), qris.payload);
      assert.match(qris.payload, /54071051000/);
      const screen = join(await temporaryFolder('code'), 'screen.png');
      await page.locator('#pay-code').screenshot({ path: screen });
      assert.equal(read(screen), qris.payload, 'a screenshot of the page is enough');

      await desk(server, token, 'markPaid', receiptNo);
      await page.getByRole('heading', { name: 'Sudah lunas' }).waitFor();
      await page.getByText(/Lunas pukul \d\d\.\d\d WIB\. .*Selamat beristirahat!/).waitFor();
      assert.equal(await pay.isVisible(), false, 'a paid guest sees no code');
      await picture(page, `guest-paid-${colorScheme}`);
      assert.deepEqual(problems, []);
    });
  }

  test('the code follows when the desk changes the stay', async (t) => {
    const booked = await server.book();
    const { receiptNo } = booked.booking;
    const { page } = await guestAt(t, server, booked);
    await desk(server, token, 'markArrived', receiptNo);
    const sum = page.locator('#pay-sum');
    await sum.getByText('Rp350.000', { exact: true }).waitFor();
    await desk(server, token, 'amendBooking', receiptNo, ', input: { nights: 3 }');
    await sum.getByText('Rp1.050.000', { exact: true }).waitFor();
    const { qris } = await server.must('query ($r: String!) { qris(receiptNo: $r) { payload } }', { r: receiptNo }, { token });
    const file = join(await temporaryFolder('code'), 'amended.png');
    await page.locator('#pay-save[download$=".png"]').waitFor();
    await until('the page to show the code of the new price', async () => {
      await page.locator('#pay-code').screenshot({ path: file });
      return read(file) === qris.payload;
    });
  });

  test('a code that could not be loaded is asked for again', async (t) => {
    const booked = await server.book();
    const guest = await guestAt(t, server, booked);
    let asked = 0;
    await guest.page.route('**/graphql', (route) => {
      if (!route.request().postData()?.includes('myQris')) return route.fallback();
      asked += 1;
      return asked === 1 ? route.abort() : route.fallback();
    });
    await desk(server, token, 'markArrived', booked.booking.receiptNo);
    await guest.page.getByRole('region', { name: 'Bayar dengan QRIS' }).waitFor();
    assert.equal(asked, 2);
  });

  test('cancelled by the hotel, the page shows its words as text and whom to ask', async (t) => {
    const booked = await server.book();
    const { page, problems } = await guestAt(t, server, booked);
    const note = 'Maaf, pipa <b>bocor</b>';
    await server.must('mutation ($r: String!, $note: String) { cancelBooking(receiptNo: $r, note: $note) { status } }', { r: booked.booking.receiptNo, note }, { token });
    await page.getByRole('heading', { name: 'Dibatalkan oleh hotel' }).waitFor();
    await page.getByText(`Pesan dari hotel: ${note}`, { exact: true }).waitFor();
    assert.equal(await page.getByRole('link', { name: PLACE.contact }).getAttribute('href'), 'https://t.me/hoteluji');
    assert.equal(await page.locator('#place').isVisible(), false, 'nobody drives to a cancelled booking');
    await assertAccessible(page, 'a booking that the hotel cancelled');
    await picture(page, 'guest-cancelled');
    assert.deepEqual(problems, []);
  });

  test('with text at 200 % nothing of the page is cut, before and at the desk', async (t) => {
    const booked = await server.book({ guestName: 'Siti Nurhaliza binti Tarudin Panjang Sekali Namanya' });
    const { page } = await guestAt(t, server, booked);
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    await assertFits(page, 'the running booking');
    await picture(page, 'guest-large-text');
    await desk(server, token, 'markArrived', booked.booking.receiptNo);
    await page.locator('#pay').waitFor();
    await assertFits(page, 'the payment code');
    await picture(page, 'guest-large-text-pay');
  });
});

test('the page rings and vibrates at the reminder, but only after a tap has allowed it', async (t) => {
  const server = await start({ hold: { duration: '12s', remind_before: '6s' } });
  t.after(() => server.stop());
  const silent = await visitor(t, { viewport: SMALL }), loud = await visitor(t, { viewport: SMALL });
  for (const { context } of [silent, loud]) {
    await context.addInitScript(() => {
      window.shaken = [];
      window.tones = 0;
      Object.defineProperty(Navigator.prototype, 'vibrate', { value: (pattern) => window.shaken.push(pattern) });
      const { start: original } = OscillatorNode.prototype;
      OscillatorNode.prototype.start = function (...given) { window.tones += 1; return original.apply(this, given); };
    });
  }
  const booked = await server.book();
  const { pathname, hash } = new URL(booked.statusUrl);
  for (const { page } of [silent, loud]) await page.goto(`${server.url}${pathname}${hash}`);
  await loud.page.getByRole('button', { name: 'Bunyikan pengingat' }).click();
  await loud.page.getByRole('button', { name: 'Matikan bunyi pengingat' }).waitFor();
  assert.deepEqual(await loud.page.evaluate(() => [window.shaken.length, window.tones]), [1, 1], 'the tap lets it be heard');
  await picture(loud.page, 'guest-ring');
  await assertAccessible(loud.page, 'the button for the ring');
  await loud.page.locator('.state.soon').waitFor();
  await loud.page.waitForFunction(() => window.shaken.length === 2 && window.tones === 7);
  await loud.page.getByRole('heading', { name: 'Maaf, waktunya habis' }).waitFor();
  assert.deepEqual(await loud.page.evaluate(() => [window.shaken.length, window.tones]), [2, 7], 'once');
  assert.deepEqual(await silent.page.evaluate(() => [window.shaken, window.tones]), [[], 0]);
  assert.deepEqual([...silent.problems, ...loud.problems], []);
});
