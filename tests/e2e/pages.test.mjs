// The three pages in a real Chromium: a guest books and follows the booking, the front office sees
// it, and no page is reloaded.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { DESKTOP, PHONE, assertAccessible, assertFits, markDocument, picture, sameDocument, visitor } from './browser.mjs';
import { freePort, start, until } from './harness.mjs';

/** A server with its address in the config. It keeps the address after a restart. */
async function startAt(sections = {}) {
  const port = await freePort();
  return start({ server: { listen: `127.0.0.1:${port}`, public_url: `http://127.0.0.1:${port}` }, ...sections });
}

const card = (page, receiptNo, list) => page.locator(`${list ? `[data-list="${list}"] ` : ''}.row[data-receipt="${receiptNo}"]`);

/** Opens a booking's detail, which has every action. */
async function detailOf(page, receiptNo, list) {
  await card(page, receiptNo, list).locator('.row-name').click();
  await page.locator(`#detail[data-receipt="${receiptNo}"]`).waitFor();
  return page.locator('#detail');
}

/** Opens the board, signed in by a one-time link. */
async function frontOffice(t, server, options = {}) {
  const desk = await visitor(t, { viewport: DESKTOP, ...options });
  await desk.page.goto(`${server.url}/fo#code=${await server.staffCode('--name', 'Rina')}`);
  await desk.page.getByRole('heading', { name: 'Pending' }).waitFor();
  assert.doesNotMatch(desk.page.url(), /code=/, 'the used code does not stay in the address');
  await markDocument(desk.page);
  return desk;
}

/** Opens the page of a booking that was made by the API. */
async function guestAt(t, server, booked, options = {}) {
  const guest = await visitor(t, options);
  const { pathname, hash } = new URL(booked.statusUrl);
  await guest.page.goto(`${server.url}${pathname}${hash}`);
  await guest.page.getByText(booked.booking.receiptNo, { exact: true }).first().waitFor();
  await markDocument(guest.page);
  return guest;
}

async function fillForm(page, { room = 'Deluxe', name = 'Dewi Lestari', email = 'dewi@example.com' } = {}) {
  await page.getByRole('radio', { name: room }).check();
  await page.getByLabel('Nama', { exact: true }).fill(name);
  await page.getByLabel('Pesan lewat').selectOption('WEB');
  await page.getByLabel('E-mail', { exact: true }).fill(email);
}

describe('a guest and the front office', () => {
  let server;
  before(async () => {
    server = await startAt();
  });
  after(() => server?.stop());

  test('a guest books by the form in Indonesian, and the board shows it without a reload', async (t) => {
    const desk = await frontOffice(t, server);
    const { page, problems } = await visitor(t);
    await page.goto(`${server.url}/`);
    assert.equal(await page.locator('html').getAttribute('lang'), 'id');
    await page.getByRole('radio', { name: 'Deluxe' }).waitFor();
    const telegram = page.getByLabel('Pesan lewat').locator('option[value="TELEGRAM"]');
    assert.equal(await telegram.isDisabled(), true, 'no bot is configured');
    await page.getByText(/Telegram belum tersedia/).waitFor();
    assert.equal(await page.locator('input[type="tel"], [autocomplete="tel"]').count(), 0, 'no phone number is asked for');

    await fillForm(page);
    await page.getByText('Rp525.500').first().waitFor();
    await picture(page, 'form-phone');
    assert.equal(await page.evaluate(() => window.positionsAsked), 0);
    await page.getByRole('button', { name: 'Pesan sekarang' }).click();

    await page.waitForURL(/\/b\/RESI-\d{8}-\d{3,}#.+/);
    const receiptNo = /\/b\/([^#?]+)/.exec(page.url())[1];
    await page.getByText(receiptNo, { exact: true }).first().waitFor();
    await page.getByRole('heading', { name: 'Kamar Anda kami simpan' }).waitFor();
    assert.match(await page.getByRole('timer').textContent(), /^(1:59:\d\d|2:00:00)$/);
    assert.equal(await page.evaluate(() => window.positionsAsked), 0, 'the position is asked for only by the switch');
    await picture(page, 'booking-phone');

    const shown = card(desk.page, receiptNo, 'pending');
    await shown.waitFor();
    for (const text of ['Dewi Lestari', 'Deluxe', 'Rp525.500', receiptNo]) await shown.getByText(text).first().waitFor();
    await sameDocument(desk.page);
    await picture(desk.page, 'board-desktop');
    assert.deepEqual([...problems, ...desk.problems], []);
  });

  test('the form says what is missing, keeps what was typed, and books nothing', async (t) => {
    const token = await server.staffToken();
    const count = (await server.bookings(token)).totalCount;
    const { page, problems } = await visitor(t);
    await page.goto(`${server.url}/`);
    await fillForm(page, { name: '', email: 'dewi@' });
    await page.getByRole('button', { name: 'Pesan sekarang' }).click();
    await page.getByText('Isi nama Anda.').waitFor();
    await page.getByText(/Alamat e-mail ini belum benar/).waitFor();
    assert.equal(await page.getByLabel('E-mail', { exact: true }).inputValue(), 'dewi@');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'guestName', 'the first fault has the focus');
    assert.equal((await server.bookings(token)).totalCount, count);
    assert.deepEqual(problems, []);
  });

  test('a double tap books once', async (t) => {
    const token = await server.staffToken();
    const count = (await server.bookings(token)).totalCount;
    const { page, problems } = await visitor(t);
    await page.goto(`${server.url}/`);
    await fillForm(page, { name: 'Tamu Cepat', email: 'cepat@example.com' });
    await page.getByRole('button', { name: 'Pesan sekarang' }).dblclick();
    await page.waitForURL(/\/b\/RESI-/);
    await page.getByRole('heading', { name: 'Kamar Anda kami simpan' }).waitFor();
    assert.equal((await server.bookings(token)).totalCount, count + 1);
    assert.deepEqual(problems, []);
  });

  test('mark paid asks with everything to compare, then moves the card, and the guest sees it', async (t) => {
    const booked = await server.book({ guestName: 'Agus Salim', roomType: 'DLX', nights: 2 });
    const { receiptNo } = booked.booking;
    const desk = await frontOffice(t, server);
    const guest = await guestAt(t, server, booked);
    const paidBefore = Number(await desk.page.locator('#paid-head [data-count="paid"]').textContent());

    const detail = await detailOf(desk.page, receiptNo, 'pending');
    await detail.getByRole('button', { name: /^Lunas/ }).click();
    const dialog = desk.page.getByRole('dialog');
    for (const text of ['Agus Salim', 'Deluxe', receiptNo, 'Rp1.051.000', /2\smalam/]) await dialog.getByText(text).first().waitFor();
    assert.deepEqual(await dialog.locator('dt').allTextContents(), ['Nama', 'Tipe kamar', 'Menginap', 'Tiba', 'QRIS dikirim', 'Nomor resi', 'Jumlah']);
    await picture(desk.page, 'board-paid-dialog');
    await assertAccessible(desk.page, 'the confirmation');

    await dialog.getByRole('button', { name: 'Kembali' }).click();
    await dialog.waitFor({ state: 'hidden' });
    assert.equal((await server.booking(receiptNo, await server.staffToken())).status, 'PENDING', 'going back does nothing');

    await detail.getByRole('button', { name: /^Lunas/ }).click();
    await dialog.getByRole('button', { name: /Cocok/ }).click();
    await desk.page.locator('#toast', { hasText: 'Agus Salim: lunas, Rp1.051.000.' }).waitFor();
    await desk.page.keyboard.press('Escape');
    await card(desk.page, receiptNo, 'paid').waitFor();
    await card(desk.page, receiptNo, 'pending').waitFor({ state: 'detached' });
    assert.equal(Number(await desk.page.locator('#paid-head [data-count="paid"]').textContent()), paidBefore + 1);
    const stored = await server.booking(receiptNo, await server.staffToken());
    assert.equal(stored.status, 'PAID');
    assert.match(stored.history.find((entry) => entry.action === 'PAID').actor, /Rina/);

    await guest.page.getByRole('heading', { name: 'Sudah lunas' }).waitFor();
    await sameDocument(guest.page);
    await sameDocument(desk.page);
    await picture(guest.page, 'booking-paid-phone');
    assert.deepEqual([...desk.problems, ...guest.problems], []);
  });

  test('arrived, +30 minutes and cancel work from the board', async (t) => {
    const booked = await server.book({ guestName: 'Wati Tiga' });
    const { receiptNo, holdUntil } = booked.booking;
    const token = await server.staffToken();
    const desk = await frontOffice(t, server);
    const act = async (button, yes) => {
      await (await detailOf(desk.page, receiptNo)).getByRole('button', { name: button }).click();
      await desk.page.getByRole('dialog').getByRole('button', { name: yes }).click();
      await desk.page.getByRole('dialog').waitFor({ state: 'hidden' });
    };
    await act(/^\+30/, 'Ya, perpanjang 30 menit');
    assert.equal(Date.parse((await server.booking(receiptNo, token)).holdUntil) - Date.parse(holdUntil), 30 * 60_000);
    await card(desk.page, receiptNo, 'way').getByRole('button', { name: /^Tiba/ }).click();
    await card(desk.page, receiptNo, 'desk').getByText(/^tiba \d\d\.\d\d/).waitFor();
    assert.equal((await server.booking(receiptNo, token)).status, 'PENDING');
    await act(/^Batal/, 'Ya, batalkan');
    await desk.page.keyboard.press('Escape');
    await card(desk.page, receiptNo, 'cancelled').waitFor();
    assert.equal((await server.booking(receiptNo, token)).cancelReason, 'BY_STAFF');
    await sameDocument(desk.page);
    assert.deepEqual(desk.problems, []);
  });

  test('a guest cancels, and the board shows it', async (t) => {
    const booked = await server.book({ guestName: 'Eko Pulang' });
    const desk = await frontOffice(t, server);
    const guest = await guestAt(t, server, booked);
    await guest.page.getByRole('button', { name: 'Batalkan booking' }).click();
    await guest.page.getByRole('dialog').getByRole('button', { name: 'Ya, batalkan' }).click();
    await guest.page.getByRole('heading', { name: 'Anda membatalkan booking ini' }).waitFor();
    await card(desk.page, booked.booking.receiptNo, 'cancelled').waitFor();
    await sameDocument(guest.page);
    assert.deepEqual([...desk.problems, ...guest.problems], []);
  });

  test('the board finds a booking by its receipt number, however it is written, and by name', async (t) => {
    const { booking } = await server.book({ guestName: 'Putri Cari' });
    const other = (await server.book({ guestName: 'Orang Lain' })).booking;
    const desk = await frontOffice(t, server);
    const search = desk.page.getByRole('searchbox');
    for (const words of [booking.receiptNo, booking.receiptNo.replace('RESI-', '').toLowerCase(), 'putri']) {
      await search.fill(words);
      await card(desk.page, booking.receiptNo, 'results').waitFor();
      await card(desk.page, other.receiptNo, 'results').waitFor({ state: 'detached' });
    }
    await search.fill('');
    await card(desk.page, other.receiptNo, 'pending').waitFor();
    assert.deepEqual(desk.problems, []);
  });

  test('a name that is markup is shown as text and runs nothing', async (t) => {
    const guestName = '<img src=x onerror=alert(1)>';
    const booked = await server.book({ guestName });
    const desk = await frontOffice(t, server);
    const guest = await guestAt(t, server, booked);
    const shown = card(desk.page, booked.booking.receiptNo, 'pending');
    await shown.getByText(guestName, { exact: true }).waitFor();
    await guest.page.getByText(guestName, { exact: true }).waitFor();
    await (await detailOf(desk.page, booked.booking.receiptNo, 'pending')).getByRole('button', { name: /^Lunas/ }).click();
    await desk.page.getByRole('dialog').getByText(guestName, { exact: true }).waitFor();
    for (const { page } of [desk, guest]) assert.equal(await page.locator('img[src="x"], img[onerror]').count(), 0);
    assert.deepEqual([...desk.problems, ...guest.problems], [], 'no dialog, no error, no policy violation');
  });

  test('a link that other software rewrote opens the booking, and the token leaves the path', async (t) => {
    const booked = await server.book({ guestName: 'Tautan Berubah' });
    const { pathname, hash } = new URL(booked.statusUrl);
    const { page, problems } = await visitor(t);
    for (const address of [`${pathname}%23${hash.slice(1)}`, `${pathname}/${hash}`, `${pathname}${hash}.`]) {
      await page.goto('about:blank');
      await page.goto(`${server.url}${address}`);
      await page.getByText(booked.booking.receiptNo, { exact: true }).first().waitFor();
      assert.equal(page.url(), `${server.url}${pathname}${hash}`, address);
    }
    assert.deepEqual(problems, []);
  });

  test('a link with a wrong token shows nothing of the booking', async (t) => {
    const { booking } = await server.book({ guestName: 'Rahasia Sekali' });
    const { page } = await visitor(t);
    await page.goto(`${server.url}/b/${booking.receiptNo}#${'A'.repeat(43)}`);
    await page.getByRole('heading', { name: 'Tautan ini tidak cocok' }).waitFor();
    assert.equal(await page.getByText('Rahasia Sekali').count(), 0);
  });

  test('the board without a session asks for a code, and refuses a wrong one', async (t) => {
    const { page } = await visitor(t);
    await page.goto(`${server.url}/fo`);
    await page.getByLabel('Kode masuk').fill('bukan-kode');
    await page.getByRole('button', { name: 'Masuk' }).click();
    await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor();
    await page.getByLabel('Kode masuk').fill(await server.staffCode());
    await page.getByRole('button', { name: 'Masuk' }).click();
    await page.getByRole('heading', { name: 'Pending' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Pending' }).waitFor();
  });

  test('the language switch changes every page to English and back, and is remembered', async (t) => {
    const booked = await server.book();
    const pages = [
      ['form', (await visitor(t)).page, '/', 'We keep your room while you are on the way.', 'Kami simpan kamar Anda selama Anda di jalan.'],
      ['booking', (await guestAt(t, server, booked)).page, undefined, 'We keep your room', 'Kamar Anda kami simpan'],
      ['board', (await frontOffice(t, server)).page, undefined, 'Paid', 'Sudah lunas'],
    ];
    for (const [name, page, path, english, indonesian] of pages) {
      if (path) await page.goto(`${server.url}${path}`);
      await page.getByRole('heading', { name: indonesian }).waitFor();
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByRole('heading', { name: english }).waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), 'en');
      await picture(page, `${name}-english`);
      await page.reload();
      await page.getByRole('heading', { name: english }).waitFor();
      await page.getByRole('button', { name: /Indonesia/ }).click();
      await page.getByRole('heading', { name: indonesian }).waitFor();
    }
  });

  for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
    for (const colorScheme of ['light', 'dark']) {
      test(`the three pages are accessible and fit on a ${size}, ${colorScheme}`, async (t) => {
        const booked = await server.book({ guestName: 'Siti Nurhaliza binti Tarudin Panjang Sekali Namanya' });
        const options = { viewport, colorScheme, reducedMotion: 'reduce' };
        const { page: form } = await visitor(t, options);
        await form.goto(`${server.url}/`);
        await form.getByRole('radio', { name: 'Standard' }).waitFor();
        const pages = {
          form,
          booking: (await guestAt(t, server, booked, options)).page,
          board: (await frontOffice(t, server, options)).page,
        };
        await card(pages.board, booked.booking.receiptNo, 'pending').waitFor();
        for (const [name, page] of Object.entries(pages)) {
          await picture(page, `${name}-${size}-${colorScheme}`);
          await assertAccessible(page, `${name}, ${size}, ${colorScheme}`);
          await assertFits(page, `${name}, ${size}`);
        }
      });
    }
  }

  test('the booking page shares the position only after the switch is used', async (t) => {
    const booked = await server.book();
    const guest = await guestAt(t, server, booked, {
      permissions: ['geolocation'],
      geolocation: { latitude: -6.95, longitude: 107.6098, accuracy: 15 },
    });
    assert.equal(await guest.page.evaluate(() => window.positionsAsked), 0);
    await guest.page.getByRole('switch').click();
    const token = await server.staffToken();
    const query = 'query ($r: String!) { booking(receiptNo: $r) { travel { distanceKm } } }';
    const travel = await until('the position at the server', async () =>
      (await server.must(query, { r: booked.booking.receiptNo }, { token })).booking.travel);
    assert.ok(travel.distanceKm > 3 && travel.distanceKm < 5, `${travel.distanceKm} km`);
    await guest.page.getByText(/km dari hotel/).waitFor();
    assert.deepEqual(guest.problems, []);
  });
});

describe('what was ended by mistake', { concurrency: 1 }, () => {
  let server;
  before(async () => { server = await start(); });
  after(() => server.stop());

  test('a cancelled booking is revived on the board, and a manager takes a payment back with a reason', async (t) => {
    const desk = await visitor(t, { viewport: DESKTOP });
    await desk.page.goto(`${server.url}/fo#code=${await server.staffCode('--name', 'Joko', '--role', 'manager')}`);
    await desk.page.getByRole('heading', { name: 'Pending' }).waitFor();
    const booked = await server.book({ email: 'lambat@example.com' });
    const { receiptNo } = booked.booking;
    await server.must('mutation ($r: String!, $t: String!) { cancelMyBooking(receiptNo: $r, accessToken: $t) { status } }', { r: receiptNo, t: booked.accessToken });
    await (await detailOf(desk.page, receiptNo, 'cancelled')).locator('[data-do="reviveHere"]').click();
    await picture(desk.page, 'board-revive', '#ask');
    await desk.page.locator('#ask-yes').click();
    const pending = card(desk.page, receiptNo, 'pending');
    await pending.getByText(/^tiba/).first().waitFor();
    await pending.locator('[data-do="paid"]').click();
    await desk.page.locator('#ask-yes').click();
    await desk.page.locator('#detail [data-do="reopen"]').click();
    await desk.page.locator('#ask-yes').click();
    await desk.page.getByText('Alasan harus diisi.').waitFor();
    await desk.page.getByLabel('Alasan (wajib)').fill('salah tamu');
    await assertAccessible(desk.page, 'the question before a payment is taken back');
    await picture(desk.page, 'board-reopen', '#ask');
    await desk.page.locator('#ask-yes').click();
    await pending.waitFor();
    assert.deepEqual((await server.booking(receiptNo, await server.staffToken())).history.map(({ action }) => action), ['BOOKED', 'CANCELLED', 'REVIVED', 'PAID', 'REOPENED']);
    const signedOut = desk.page.waitForResponse(async (response) => (await response.text().catch(() => '')).includes('"signOut":true'));
    await desk.page.locator('#account').click();
    await desk.page.locator('#sign-out').click();
    await desk.page.getByText(/perlu kode baru/).waitFor();
    await desk.page.locator('#sign-out').click();
    await signedOut;
    assert.deepEqual(desk.problems, []);
  });
});

describe('time on the pages', { concurrency: true }, () => {
  test('the reminder and the expiry show on board and booking page without a reload', async (t) => {
    const server = await startAt({ hold: { duration: '12s', remind_before: '6s' } });
    const desk = await frontOffice(t, server);
    const booked = await server.book({ guestName: 'Joko Telat', roomType: 'ONE' });
    const { receiptNo } = booked.booking;
    const guest = await guestAt(t, server, booked);
    await card(desk.page, receiptNo, 'pending').waitFor();

    await desk.page.getByText('Hampir habis: Joko Telat, Loteng').waitFor({ state: 'attached' });
    await desk.page.locator(`[data-receipt="${receiptNo}"][data-urgency="soon"]`).waitFor();
    await picture(desk.page, 'board-reminded');
    await picture(guest.page, 'booking-reminded-phone');

    await card(desk.page, receiptNo, 'cancelled').waitFor();
    await card(desk.page, receiptNo, 'cancelled').getByText(/waktu habis/).waitFor();
    await guest.page.getByRole('heading', { name: 'Maaf, waktunya habis' }).waitFor();
    await picture(desk.page, 'board-expired');
    await picture(guest.page, 'booking-expired-phone');
    await sameDocument(desk.page);
    await sameDocument(guest.page);
    assert.deepEqual([...desk.problems, ...guest.problems], []);
    await server.stop();
  });

  test('the foot of the board says how late the deadlines of today were', async (t) => {
    const server = await startAt({ hold: { duration: '2s', remind_before: '1s', extend_by: '1s', max_extensions: 0 } });
    t.after(() => server.stop());
    const { page } = await frontOffice(t, server);
    assert.equal(await page.locator('#lateness').isVisible(), false, 'no deadline was decided yet');
    const { booking } = await server.book();
    await card(page, booking.receiptNo, 'cancelled').waitFor();
    const desk = await frontOffice(t, server);
    await desk.page.getByText(/^Ketepatan jam hari ini: 2 tenggat diputuskan/).waitFor();
    await assertFits(desk.page, 'the board with its foot');
    await picture(desk.page, 'board-lateness');
  });

  test('a page that was opened before loads only itself again, and all its scripts at once', async (t) => {
    const server = await startAt();
    t.after(() => server.stop());
    const { page } = await visitor(t);
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(server.url);
    await page.getByRole('radio', { name: 'Deluxe' }).waitFor();
    const scripts = asked.filter((path) => path.endsWith('.js'));
    assert.ok(scripts.length > 5 && scripts.every((path) => path.startsWith('/assets/')), scripts.join());
    const received = () => page.evaluate(() => performance.getEntriesByType('resource')
      .filter((entry) => entry.name.includes('/assets/')).reduce((sum, entry) => sum + entry.transferSize, 0));
    assert.ok(await received() > 10_000, 'the files came over the network');
    // Not by `reload`, which asks for every file anew.
    await page.goto('about:blank');
    await page.goto(server.url);
    await page.getByRole('radio', { name: 'Deluxe' }).waitFor();
    assert.equal(await received(), 0, 'the files come from the browser’s own copy');
  });

  test('the form books only at the price that it showed, and shows a new one', async (t) => {
    const server = await startAt();
    const { page, problems } = await visitor(t);
    await page.goto(`${server.url}/`);
    await fillForm(page);
    await page.getByText('Rp525.500').first().waitFor();
    await server.kill();
    const config = await readFile(server.config, 'utf8');
    await writeFile(server.config, config.replace('price = 525500', 'price = 600000'));
    await server.start();
    await page.getByRole('button', { name: 'Pesan sekarang' }).click();
    await page.getByText('Harganya berubah menjadi Rp600.000. Periksa lagi, lalu pesan.').waitFor();
    await page.locator('#total').getByText('Rp600.000').waitFor();
    await picture(page, 'form-price-changed');
    const token = await server.staffToken();
    assert.equal((await server.bookings(token)).totalCount, 0);
    await page.getByRole('button', { name: 'Pesan sekarang' }).click();
    await page.waitForURL(/\/b\/RESI-/);
    const { bookings } = await server.must('{ bookings { nodes { price } } }', {}, { token });
    assert.deepEqual(bookings.nodes, [{ price: 600_000 }]);
    assert.deepEqual(problems, []);
    await server.stop();
  });

  test('a board that lost the server says so, connects again and catches up', async (t) => {
    const server = await startAt();
    const desk = await frontOffice(t, server);
    const first = (await server.book()).booking;
    await card(desk.page, first.receiptNo, 'pending').waitFor();
    await server.kill();
    await desk.page.getByText(/Terputus/).waitFor();
    // What is shown may be old: it is hatched, and as readable as before.
    for (const colorScheme of ['light', 'dark']) {
      await desk.page.emulateMedia({ colorScheme });
      await picture(desk.page, `board-disconnected-${colorScheme}`);
      await assertAccessible(desk.page, `the board without a connection, ${colorScheme}`);
    }
    const look = await card(desk.page, first.receiptNo).evaluate((node) => { const { opacity, backgroundImage } = getComputedStyle(node); return { opacity, backgroundImage }; });
    assert.equal(look.opacity, '1');
    assert.match(look.backgroundImage, /repeating-linear-gradient/);
    await server.start();
    const missed = [(await server.book()).booking, (await server.book()).booking];
    for (const { receiptNo } of missed) await card(desk.page, receiptNo, 'pending').waitFor({ timeout: 60_000 });
    await desk.page.getByText(/Terputus/).waitFor({ state: 'hidden' });
    await sameDocument(desk.page);
    const faults = desk.problems.filter((problem) => !/WebSocket connection|ERR_CONNECTION/.test(problem));
    assert.deepEqual(faults, [], 'nothing but the lost connection is complained of');
    await server.stop();
  });
});
