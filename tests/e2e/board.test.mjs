// The board of a busy night in a real Chromium: many rows, their room on the screens of a desk, a
// tablet and a phone, and what a clerk and a manager do there beside the flow at the desk.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertAccessible, assertFits, picture, visitor } from './browser.mjs';
import { hotelAtNight } from './board_hotel.mjs';
import { start } from './harness.mjs';

const SCREENS = { desktop: { width: 1440, height: 900 }, tablet: { width: 1024, height: 768 }, phone: { width: 360, height: 740 } };
const read = (file) => execFileSync('zbarimg', ['--quiet', '--raw', '--oneshot', '-Sdisable', '-Sqrcode.enable', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const row = (page, { receiptNo }, list) => page.locator(`${list ? `[data-list="${list}"] ` : ''}.row[data-receipt="${receiptNo}"]`);

/** Opens the board with a session that is there already. */
async function boardAt(t, { server }, token, { rows = 1, path = '/fo', ...options } = {}) {
  const desk = await visitor(t, { viewport: SCREENS.desktop, reducedMotion: 'reduce', ...options });
  await desk.page.addInitScript((kept) => localStorage.setItem('jatah.staff', kept), token);
  await desk.page.goto(`${server.url}${path}`);
  await desk.page.waitForFunction((n) => document.querySelectorAll('[data-list="pending"] .row').length >= n, rows, { timeout: 60_000 });
  return desk;
}

/** How many pending bookings are on the screen with all of their row, before anybody scrolls. */
const rowsOnScreen = (page) => page.evaluate(() => {
  const tabs = document.getElementById('tabs'), end = getComputedStyle(tabs).display === 'none' ? innerHeight : tabs.getBoundingClientRect().top;
  return [...document.querySelectorAll('#pending .row')].filter((each) => each.getBoundingClientRect().bottom <= end).length;
});

/** What is wider than the window or than its own box, except what scrolls sideways on purpose. */
const cutOff = (page) => page.evaluate(() => {
  const seen = (node) => node.getClientRects().length > 0 && !node.closest('.wide-table, svg') && getComputedStyle(node).clipPath === 'none';
  const told = (node) => `${node.localName}#${node.id}.${node.className}`;
  const nodes = [...document.querySelectorAll('body *')].filter(seen);
  const beyond = nodes.filter((node) => node.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
  const clipped = nodes.filter((node) => node.localName !== 'input' && node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0 && getComputedStyle(node).overflowX !== 'visible');
  const outside = nodes.filter((node) => node.matches('button, .flag, .chip') && node.scrollWidth > node.clientWidth + 1);
  return [...beyond, ...clipped, ...outside].map(told);
});

describe('a night with 60 bookings', { concurrency: 1 }, () => {
  let hotel;
  before(async () => { hotel = await hotelAtNight({ pending: 60, desk: 4, sharing: 40, paid: 12, cancelled: 5 }); });
  after(() => hotel?.server.stop());

  for (const [size, least] of [['desktop', 12], ['tablet', 8], ['phone', 5]]) {
    for (const colorScheme of ['light', 'dark']) {
      test(`a ${size}, ${colorScheme}, shows at least ${least} bookings without scrolling`, async (t) => {
        const { page, problems } = await boardAt(t, hotel, hotel.clerk, { rows: 60, viewport: SCREENS[size], colorScheme });
        assert.ok(await rowsOnScreen(page) >= least, `${await rowsOnScreen(page)} of ${least}`);
        await page.waitForTimeout(1_200); // the radar is drawn at most once a second
        await picture(page, `board-60-${size}-${colorScheme}`);
        await assertAccessible(page, `the board with 60 bookings, ${size}, ${colorScheme}`);
        await assertFits(page, `the board on a ${size}`);
        assert.deepEqual(problems, []);
      });
    }
  }

  for (const colorScheme of ['light', 'dark']) {
    test(`every sheet of the board is accessible and fits on a phone, ${colorScheme}`, async (t) => {
      const { page, problems } = await boardAt(t, hotel, hotel.manager, { rows: 60, viewport: SCREENS.phone, colorScheme });
      const check = async (what) => {
        await picture(page, `board-${what}-phone-${colorScheme}`);
        await assertAccessible(page, `${what}, ${colorScheme}`);
        assert.deepEqual(await cutOff(page), [], what);
      };
      await page.locator('#allotments-open').click();
      await page.locator('#allot-table button').first().waitFor();
      await check('allotments');
      await page.keyboard.press('Escape');
      await page.locator('#report-open').click();
      await page.locator('#report-hours svg').waitFor();
      await check('report');
      await page.keyboard.press('Escape');
      await page.locator('[data-list="way"] .row-name').first().click();
      await page.locator('#detail .history strong').first().waitFor();
      await check('detail');
      await page.locator('#detail [data-do="amend"]').click();
      await page.locator('#amend-types input').first().waitFor();
      await check('amend');
      await page.keyboard.press('Escape');
      await page.locator('#detail [data-do="cancel"]').click();
      await check('cancel');
      await page.keyboard.press('Escape');
      await page.locator('#detail-close').click();
      await page.locator('[data-list="desk"] .do').first().click();
      await page.locator('#ask-facts').waitFor();
      await check('matching');
      await page.keyboard.press('Escape');
      await page.locator('#walk-in').click();
      await page.locator('#walkin-types input').first().waitFor();
      await check('walk-in');
      await page.keyboard.press('Escape');
      await page.locator('#search').fill('santoso');
      await page.locator('[data-list="results"] .row').first().waitFor();
      await check('search');
      await page.locator('#search').fill('');
      for (const tab of ['paid', 'cancelled', 'radar']) {
        await page.locator(`[data-tab="${tab}"]`).click();
        await page.waitForTimeout(1_100);
        await check(tab);
      }
      await page.locator('#account').click();
      await page.locator('#team-sessions li').first().waitFor();
      await check('account');
      assert.deepEqual(problems, []);
    });
  }

  test('with text at 200 % on a phone nothing is cut', async (t) => {
    const { page } = await boardAt(t, hotel, hotel.manager, { rows: 60, viewport: SCREENS.phone });
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    const check = async (what) => {
      await picture(page, `board-large-${what}`);
      assert.deepEqual(await cutOff(page), [], what);
    };
    await check('rows');
    await page.locator('#allotments-open').click();
    await page.locator('#allot-table button').first().waitFor();
    await check('allotments');
    await page.keyboard.press('Escape');
    await page.locator('#report-open').click();
    await page.locator('#report-hours svg').waitFor();
    await check('report');
    await page.keyboard.press('Escape');
    await page.locator('[data-list="way"] .row-name').first().click();
    await page.locator('#detail .history strong').first().waitFor();
    await check('detail');
    await page.locator('#detail [data-do="amend"]').click();
    await page.locator('#amend-types input').first().waitFor();
    await check('amend');
    await page.keyboard.press('Escape');
    await page.locator('#detail [data-do="paid"]').click();
    await check('matching');
  });

  test('from arrival to paid are three taps without a search', async (t) => {
    const { booking } = await hotel.server.book({ guestName: 'Sari Tiga Ketuk', roomType: 'DLX' });
    const { page, problems } = await boardAt(t, hotel, hotel.clerk, { rows: 60, viewport: SCREENS.tablet });
    await row(page, booking, 'way').locator('.do').click();
    await page.waitForFunction(() => document.getElementById('qris-code').naturalWidth > 0);
    await picture(page, 'board-code');
    await assertAccessible(page, 'the code on the whole screen');
    const file = join(hotel.server.folder, 'desk.png');
    await page.locator('#qris-code').screenshot({ path: file });
    assert.match(read(file), /5406525500/, 'the code holds exactly the price');
    await page.locator('#qris-paid').click();
    await page.locator('#ask-yes').click();
    await page.locator('#toast', { hasText: 'Sari Tiga Ketuk: lunas, Rp525.500.' }).waitFor();
    await row(page, booking, 'paid').waitFor();
    assert.deepEqual(problems, []);
  });

  test('the keyboard searches, moves, opens and acts, and pays nobody without the sheet', async (t) => {
    const { booking } = await hotel.server.book({ guestName: 'Zainal Papan Ketik', roomType: 'DLX' });
    const { page, problems } = await boardAt(t, hotel, hotel.clerk, { rows: 60 });
    const { keyboard } = page;
    const status = async () => (await hotel.server.booking(booking.receiptNo, hotel.clerk)).status;
    await keyboard.press('/');
    await keyboard.type('zainal');
    await row(page, booking, 'results').waitFor();
    await keyboard.press('Enter');
    await page.locator(`#detail[data-receipt="${booking.receiptNo}"]`).waitFor();
    await keyboard.press('Escape');
    await page.locator('#detail').waitFor({ state: 'hidden' });
    await page.locator('#search').focus();
    await keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.closest('.row')?.dataset.receipt), booking.receiptNo);
    await keyboard.press('p');
    await page.locator('#ask[data-action="paid"][open]').waitFor();
    await keyboard.press('Enter');
    await page.locator('#ask').waitFor({ state: 'hidden' });
    assert.equal(await status(), 'PENDING', 'Enter on the sheet goes back');
    await row(page, booking, 'results').locator('.row-name').focus();
    await keyboard.press('c');
    await page.locator('#ask[data-action="cancel"][open]').waitFor();
    await keyboard.press('Escape');
    await row(page, booking, 'results').locator('.row-name').focus();
    await keyboard.press('t');
    await page.locator('#qris[open]').waitFor();
    assert.ok((await hotel.server.booking(booking.receiptNo, hotel.clerk)).arrivedAt);
    await keyboard.press('Escape');
    await keyboard.press('Escape');
    await row(page, booking, 'desk').waitFor();
    assert.equal(await page.locator('#search').inputValue(), '');
    assert.deepEqual(problems, []);
  });

  test('a new booking rings until somebody touches the page, and shows in the title and as a notification', async (t) => {
    const desk = await visitor(t, { viewport: SCREENS.desktop });
    const { page, problems } = desk;
    await page.addInitScript((kept) => {
      localStorage.setItem('jatah.staff', kept);
      localStorage.setItem('jatah.sound', 'on');
      [window.beeps, window.notified] = [0, []];
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function count(...given) { window.beeps += 1; return start.apply(this, given); };
      window.Notification = class { static permission = 'granted'; constructor(words) { window.notified.push(words); } };
      document.hasFocus = () => false;
    }, hotel.clerk);
    await page.clock.install();
    await page.goto(`${hotel.server.url}/fo`);
    await page.waitForFunction(() => document.querySelectorAll('[data-list="pending"] .row').length >= 60);
    await page.locator('#sound[aria-pressed="true"]').waitFor();
    await hotel.server.book({ guestName: 'Tamu Bunyi', roomType: 'DLX' });
    await page.waitForFunction(() => window.beeps === 2);
    await page.waitForFunction(() => document.title.startsWith('(1) '));
    assert.match(await page.title(), /^\(1\) \d[\d:]+ .+ · Papan resepsionis$/, 'what is due next');
    assert.deepEqual(await page.evaluate(() => window.notified), ['Booking baru: Tamu Bunyi, Deluxe']);
    await page.clock.runFor(12_100);
    assert.equal(await page.evaluate(() => window.beeps), 4, 'nobody was there');
    await page.locator('#hotel-name').click();
    await page.clock.runFor(30_000);
    assert.equal(await page.evaluate(() => window.beeps), 4, 'seen');
    await page.locator('#sound').click();
    await page.getByText('Bunyi mati').waitFor();
    assert.deepEqual(problems, []);
  });

  test('the matching sheet names the others who wait with the same amount', async (t) => {
    const { page } = await boardAt(t, hotel, hotel.clerk, { rows: 60 });
    const atDesk = hotel.booked.slice(0, 4).map(({ booking }) => booking);
    const same = atDesk.filter(({ price }) => price === 350_000);
    assert.ok(same.length >= 2);
    await row(page, same[0], 'desk').locator('.do').click();
    const said = await page.locator('#ask-others').textContent();
    assert.match(said, new RegExp(`^${same.length - 1} tamu lain menunggu Rp350\\.000: `));
    for (const { guestName, receiptNo } of same.slice(1)) assert.ok(said.includes(`${guestName} (${receiptNo.slice(-3)})`), said);
    await picture(page, 'board-matching-others', '#ask');
  });

  test('a booking is changed with its new price before it is confirmed, and a stay that is sold out changes nothing', async (t) => {
    const { page, problems } = await boardAt(t, hotel, hotel.clerk, { rows: 60 });
    const booking = hotel.booked.map((each) => each.booking).find(({ roomType, nights }, index) => index > 5 && roomType.code === 'STD' && nights === 1);
    const open = async () => {
      await row(page, booking).locator('.row-name').click();
      await page.locator('#detail [data-do="amend"]').click();
      await page.locator('#amend-types input').first().waitFor();
    };
    await open();
    assert.equal(await page.locator('#amend-price').textContent(), 'Rp350.000');
    await page.locator('#amend-yes').click();
    await page.locator('#amend').getByText('Belum ada yang diubah.').waitFor();
    await page.locator('#amend-types').getByText('Deluxe').click();
    await page.locator('#amend-more').click();
    await page.locator('#amend-price').getByText('Rp1.051.000').waitFor();
    assert.equal(await page.locator('#amend-was').textContent(), 'Rp350.000');
    await page.locator('#amend-name').fill('Nama Yang Benar');
    await page.locator('#amend-yes').click();
    await page.locator('#toast', { hasText: 'Nama Yang Benar: diubah, Rp1.051.000.' }).waitFor();
    const stored = await hotel.server.booking(booking.receiptNo, hotel.clerk);
    assert.deepEqual([stored.guestName, stored.roomType.code, stored.nights, stored.price], ['Nama Yang Benar', 'DLX', 2, 1_051_000]);

    // The only room of the third type goes while the sheet is open.
    await page.locator('#detail [data-do="amend"]').click();
    await page.locator('#amend-types').getByText('Loteng').click();
    await hotel.server.book({ roomType: 'ONE' });
    await page.locator('#amend-yes').click();
    await page.locator('#amend-problem').getByText(/sudah penuh.*Tidak ada yang berubah\./).waitFor();
    await page.locator('#amend-types input[value="ONE"]:disabled').waitFor();
    await picture(page, 'board-amend-sold-out');
    assert.equal((await hotel.server.booking(booking.receiptNo, hotel.clerk)).price, 1_051_000);
    assert.deepEqual(problems, []);
  });

  test('a manager sets, closes and opens a type for a range of nights, and a clerk only sees it', async (t) => {
    const { page, problems } = await boardAt(t, hotel, hotel.manager, { rows: 60 });
    const query = 'query ($from: Date!, $through: Date!) { allotments(from: $from, through: $through) { date rooms taken closed roomType { code } } }';
    const day = (days) => new Date(Date.parse(`${hotel.today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
    const deluxe = async () => (await hotel.server.must(query, { from: day(3), through: day(6) }, { token: hotel.clerk })).allotments
      .filter(({ roomType }) => roomType.code === 'DLX').map(({ rooms, closed }) => `${rooms} ${closed}`);
    const night = (days) => page.locator(`#allot-table [data-key="DLX ${day(days)}"]`);
    await page.locator('#allotments-open').click();
    await night(3).click();
    await night(5).click();
    await page.locator('#allot-sold').getByText(/^Deluxe, .*: terjual paling banyak 0/).waitFor();
    await page.locator('#allot-rooms').fill('banyak');
    await page.locator('#allot-save').click();
    await page.getByText('Tulis jumlah kamar dengan angka, misalnya 12.').waitFor();
    await page.locator('#allot-rooms').fill('7');
    await page.locator('#allot-save').click();
    await page.locator('#allot-done').getByText(/: 7 kamar dijual\.$/).waitFor();
    assert.deepEqual(await deluxe(), ['7 false', '7 false', '7 false', '40 false']);
    await night(4).click();
    await night(6).click();
    await page.locator('#allot-shut').click();
    await page.locator('#allot-done').getByText(/ditutup, tidak dijual lagi/).waitFor();
    assert.deepEqual(await deluxe(), ['7 false', '7 true', '7 true', '40 true'], 'closing keeps the numbers');
    await picture(page, 'board-allotments');
    await page.locator('#allot-shut').click();
    await page.locator('#allot-done').getByText(/dijual lagi/).waitFor();
    assert.deepEqual(await deluxe(), ['7 false', '7 false', '7 false', '40 false']);

    // Below what is sold: refused, with the night and the number.
    await page.locator(`#allot-table [data-key="STD ${day(0)}"]`).click();
    await page.locator('#allot-rooms').fill('1');
    await page.locator('#allot-save').click();
    await page.locator('#allot-problem').getByText(/\d+ kamar.*terjual|terjual.*\d+/).waitFor();

    const clerk = await boardAt(t, hotel, hotel.clerk, { rows: 60 });
    await clerk.page.locator('#allotments-open').click();
    await clerk.page.locator('#allot-table td').first().waitFor();
    assert.equal(await clerk.page.locator('#allot-form').isVisible(), false);
    assert.equal(await clerk.page.locator('#allot-table button').count(), 0);
    assert.deepEqual([...problems, ...clerk.problems], []);
  });

  test('a closed type and a full one are named on the board, each with the date', async (t) => {
    const set = (rooms, closed) => hotel.server.must('mutation ($d: Date!, $n: Int!, $c: Boolean) { setAllotment(roomType: "DLX", date: $d, rooms: $n, closed: $c) { available } }',
      { d: hotel.today, n: rooms, c: closed }, { token: hotel.manager });
    await set(60, true);
    const { page } = await boardAt(t, hotel, hotel.clerk, { rows: 60 });
    await page.locator('#rooms [data-room="DLX"].closed', { hasText: 'ditutup' }).waitFor();
    for (const words of await page.locator('#rooms .hidden-words').allTextContents()) assert.match(words, /^\w+, \w{3} \d+ \w+: /);
    assert.equal(await page.locator('#rooms .few', { hasText: 'penuh' }).count(), 0);
    await set(60, false);
  });

  test('the figures of the day have two charts, yesterday is one tap away, and the files are safe to open', async (t) => {
    const { booking } = await hotel.server.book({ guestName: '=1+1 "Joko"' });
    const { page, problems } = await boardAt(t, hotel, hotel.clerk, { rows: 60 });
    await page.locator('#report-open').click();
    const { daySummary } = await hotel.server.must('query ($d: Date!) { daySummary(date: $d) { booked paid paidRupiah cancelled } }', { d: hotel.today }, { token: hotel.clerk });
    const figure = (name) => page.locator(`[data-figure="${name}"] dd strong`);
    await figure('booked').getByText(String(daySummary.booked), { exact: true }).waitFor();
    assert.equal(await figure('paid').textContent(), String(daySummary.paid));
    assert.equal(await page.locator('#report-hours svg[role="img"]').count(), 1);
    assert.equal(await page.locator('#report-outcomes li').count(), 4);
    await page.locator('#report-tables').getByText('Rina').waitFor();
    await picture(page, 'board-report');
    const download = async (button) => {
      const [file] = await Promise.all([page.waitForEvent('download'), page.locator(button).click()]);
      const path = join(hotel.server.folder, file.suggestedFilename());
      await file.saveAs(path);
      return readFile(path, 'utf8');
    };
    assert.match(await download('#report-csv'), new RegExp(`\\r\\nLunas,${daySummary.paid}\\r\\n`));
    const list = (await download('#report-list')).split('\r\n');
    assert.ok(list.find((line) => line.startsWith(booking.receiptNo)).includes(`"'=1+1 ""Joko"""`), 'the name is no formula');
    assert.ok(list.length > 60);
    await page.locator('#report-yesterday').click();
    await figure('booked').getByText('0', { exact: true }).waitFor();
    await page.locator('#report-next').click();
    await figure('booked').getByText(String(daySummary.booked), { exact: true }).waitFor();
    assert.equal(await page.locator('#report-next').isDisabled(), true, 'there are no figures of tomorrow');
    assert.deepEqual(problems, []);
  });

  test('the code on the guest’s page opens the booking on a signed-in phone, and gives way to the payment code', async (t) => {
    const { booking, accessToken } = await hotel.server.book({ guestName: 'Dewi Pindai' });
    const guest = await visitor(t, { viewport: SCREENS.phone });
    await guest.page.goto(`${hotel.server.url}/b/${booking.receiptNo}#${accessToken}`);
    await guest.page.locator('#code-picture').waitFor();
    await guest.page.waitForFunction(() => document.getElementById('code-picture').naturalWidth > 0);
    assert.equal(await guest.page.locator('#pay').isVisible(), false);
    const file = join(hotel.server.folder, 'code.png');
    await guest.page.locator('#code-picture').screenshot({ path: file });
    const address = read(file);
    assert.equal(address, `${hotel.server.url}/fo#resi=${booking.receiptNo}`);
    await picture(guest.page, 'guest-code');
    await assertAccessible(guest.page, 'the guest’s page with the code');

    const path = address.slice(hotel.server.url.length);
    const phone = await boardAt(t, hotel, hotel.clerk, { path, viewport: SCREENS.phone });
    await phone.page.locator(`#detail[data-receipt="${booking.receiptNo}"]`).getByText('Dewi Pindai').waitFor();
    assert.equal(new URL(phone.page.url()).hash, '');
    // The next guest is scanned into the same tab.
    const next = hotel.booked[20].booking;
    await phone.page.evaluate((hash) => { location.hash = hash; }, `resi=${next.receiptNo}`);
    await phone.page.locator(`#detail[data-receipt="${next.receiptNo}"]`).waitFor();
    await phone.page.evaluate((hash) => { location.hash = hash; }, 'resi=RESI-20200101-001');
    await phone.page.locator('#toast', { hasText: 'RESI-20200101-001' }).waitFor();
    const stranger = await visitor(t, { viewport: SCREENS.phone });
    await stranger.page.goto(address);
    await stranger.page.getByLabel('Kode masuk').waitFor();
    assert.equal(await stranger.page.getByText('Dewi Pindai').count(), 0);

    await hotel.server.must('mutation ($r: String!) { markArrived(receiptNo: $r) { status } }', { r: booking.receiptNo }, { token: hotel.clerk });
    await guest.page.locator('#pay-code').waitFor();
    assert.equal(await guest.page.locator('#code').isVisible(), false, 'never both');
    assert.deepEqual([...guest.problems, ...phone.problems], []);
  });
});

describe('a hotel that is full', { concurrency: 1 }, () => {
  test('the board shows the waiting list, and a freed room as an offer until it is taken', async (t) => {
    const server = await start();
    t.after(() => server.stop());
    const clerk = await server.staffToken('--name', 'Rina');
    const { booking } = await server.book({ guestName: 'Pemilik Kamar', roomType: 'ONE' });
    const JOIN = 'mutation ($input: WaitingInput!) { joinWaitingList(input: $input) { ticket position } }';
    const join = async (guestName) => (await server.must(JOIN, { input: { guestName, email: `${guestName.toLowerCase()}@example.com`, roomType: 'ONE', checkIn: await server.today() } })).joinWaitingList;
    const first = await join('Ani');
    await join('Beni');
    const { page, problems } = await boardAt(t, { server }, clerk);
    await page.locator('#rooms [data-room="ONE"].none', { hasText: 'penuh' }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('#waiting-line li').length === 2);
    assert.deepEqual(await page.locator('#waiting-line strong').allTextContents(), ['Ani', 'Beni']);
    await page.locator('#waiting-line li').first().getByText(/^Loteng · 1.malam · Web · sejak \d\d\.\d\d$/).waitFor();
    // Who joins and who leaves is seen at once.
    const third = await join('Cici');
    await page.waitForFunction(() => document.querySelectorAll('#waiting-line li').length === 3);
    await server.must('mutation ($t: String!) { leaveWaitingList(ticket: $t) }', { t: third.ticket });
    await page.waitForFunction(() => document.querySelectorAll('#waiting-line li').length === 2);
    await picture(page, 'board-waiting');
    await assertAccessible(page, 'the board with a waiting list');

    await server.must('mutation ($r: String!) { cancelBooking(receiptNo: $r) { status } }', { r: booking.receiptNo }, { token: clerk });
    const offer = page.locator('[data-list="offer"] .row');
    await offer.getByText('Ani').waitFor();
    await offer.getByText('ditawarkan, belum diambil').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('#waiting-line li').length === 1);
    assert.equal(await page.locator('#way-head').isVisible(), false, 'an offer is no booking yet');
    await offer.locator('.row-name').click();
    await page.locator('#detail').getByText(/ditawarkan ke tamu ini/).waitFor();
    assert.deepEqual(await page.locator('#detail-actions button').evaluateAll((all) => all.map((each) => each.dataset.do)), ['arrived', 'paid', 'cancel']);
    await picture(page, 'board-offer');
    await assertAccessible(page, 'the board with an offer');

    const ticket = (await server.must('query ($t: String!) { waitingTicket(ticket: $t) { offer { accessToken booking { receiptNo } } } }', { t: first.ticket })).waitingTicket;
    await server.must('mutation ($r: String!, $t: String!) { takeOffer(receiptNo: $r, accessToken: $t) { offer } }', { r: ticket.offer.booking.receiptNo, t: ticket.offer.accessToken });
    await row(page, ticket.offer.booking, 'way').waitFor();
    await offer.waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
  });
});

describe('a night with 500 bookings', { concurrency: 1 }, () => {
  let hotel;
  before(async () => { hotel = await hotelAtNight({ pending: 500, desk: 12, sharing: 300, paid: 30, cancelled: 20 }); });
  after(() => hotel?.server.stop());

  for (const [size, colorScheme] of [['desktop', 'light'], ['phone', 'dark']]) {
    test(`all are there on a ${size}, ${colorScheme}, and a change draws only its row`, async (t) => {
      const { page, problems } = await boardAt(t, hotel, hotel.clerk, { rows: 500, viewport: SCREENS[size], colorScheme });
      await page.waitForTimeout(1_200);
      await picture(page, `board-500-${size}-${colorScheme}`);
      const changed = hotel.booked[40].booking, place = row(page, changed);
      await page.evaluate((receiptNo) => {
        window.drawn = new Set();
        const told = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest('.row')?.dataset.receipt;
        // Countdowns and bars change each second and are not drawn anew.
        const ticks = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest('.row-time');
        new MutationObserver((list) => { for (const { target } of list) if (!ticks(target) && told(target)) window.drawn.add(told(target)); })
          .observe(document.getElementById('pending'), { subtree: true, childList: true, characterData: true, attributes: true });
        window.watched = receiptNo;
      }, changed.receiptNo);
      await hotel.server.must('mutation ($r: String!) { extendHold(receiptNo: $r, minutes: 30) { status } }', { r: changed.receiptNo }, { token: hotel.clerk });
      await page.waitForFunction((receiptNo) => window.drawn.has(receiptNo), changed.receiptNo);
      const others = await page.evaluate(() => window.drawn.size - 1);
      assert.ok(others <= 12, `${others} other rows were drawn`); // those on the screen say by the minute where guests are
      await place.waitFor({ state: 'attached' });
      await page.locator('#search').fill(changed.receiptNo);
      await row(page, changed, 'results').waitFor();
      assert.equal(await page.locator('[data-list="results"] .row').count(), 1);
      await page.keyboard.press('Escape');
      await assertFits(page, `the board with 500 bookings on a ${size}`);
      assert.deepEqual(problems, []);
    });
  }

  test('the radar has a mark for each of 300 guests, names only the one that is pointed at, and covers nothing', async (t) => {
    const { page } = await boardAt(t, hotel, hotel.clerk, { rows: 500 });
    await page.waitForFunction(() => document.querySelectorAll('#radar-picture .on-the-way').length >= 280);
    assert.equal(await page.locator('#radar-picture svg').getAttribute('class'), 'crowd');
    const named = (n) => page.waitForFunction((wanted) => [...document.querySelectorAll('#radar-picture .label')].filter((label) => getComputedStyle(label).visibility === 'visible').length === wanted, n);
    await named(0);
    await page.locator('#radar-picture .on-the-way').first().focus();
    await named(1);
    assert.match(await page.locator('#radar-picture .label.pointed .detail').textContent(), /km · \d/);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('#radar-picture .label')).pointerEvents), 'none');
    await picture(page, 'radar-300', '#radar');
  });
});
