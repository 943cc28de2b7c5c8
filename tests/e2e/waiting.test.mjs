// The waiting list: on the form in a real Chromium, by e-mail, and over the API on both stores with
// several nodes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DESKTOP, assertAccessible, assertFits, picture, visitor } from './browser.mjs';
import { FRAGMENT, Listener, STORES, freshStore, start, until } from './harness.mjs';

const SMALL = { width: 360, height: 740 };
const ONE_ROOM = [{ code: 'STD', name: 'Standar', rooms: 1, price: 275000 }, { code: 'DLX', name: 'Deluxe', rooms: 1, price: 450000 }];
const TICKET = 'ticket position nextRelease offer { statusUrl accessToken booking { ...B offer } }';
const JOIN = `mutation ($input: WaitingInput!) { joinWaitingList(input: $input) { ${TICKET} } } ${FRAGMENT}`;
const PLACE = `query ($ticket: String!) { waitingTicket(ticket: $ticket) { ${TICKET} } } ${FRAGMENT}`;
const CHANGED = `subscription ($ticket: String!) { waitingChanged(ticket: $ticket) { ${TICKET} } } ${FRAGMENT}`;
const CANCEL = 'mutation ($receiptNo: String!, $accessToken: String!) { cancelMyBooking(receiptNo: $receiptNo, accessToken: $accessToken) { status } }';
const TAKE = `mutation ($receiptNo: String!, $accessToken: String!) { takeOffer(receiptNo: $receiptNo, accessToken: $accessToken) { ...B offer } } ${FRAGMENT}`;
const LINE_CHANGED = 'subscription { waitingListChanged { guestName receiptNo } }';
const LINE = 'query ($checkIn: Date!) { waitingList(checkIn: $checkIn) { guestName channel roomType { code } maxPrice nights offerUntil receiptNo } }';

const cancel = (server, { booking, accessToken }) => server.must(CANCEL, { receiptNo: booking.receiptNo, accessToken });

async function join(server, input) {
  const checkIn = await server.today();
  return (await server.must(JOIN, { input: { guestName: 'Sari', email: 'sari@example.com', checkIn, ...input } })).joinWaitingList;
}

/** What the mail to a guest links to. */
const linkIn = ({ text }) => /https?:\/\/\S+\/b\/RESI-\S+#\S+/.exec(text)[0];

test('a guest waits on the form, is offered the room that is freed, and takes it', async (t) => {
  const server = await start({ rooms: ONE_ROOM });
  const [standard, deluxe] = [await server.book({ roomType: 'STD' }), await server.book({ roomType: 'DLX', email: 'dewi@example.com' })];
  const { page, problems } = await visitor(t, { viewport: SMALL });
  await page.goto(`${server.url}/`);
  const waiting = page.locator('#waiting');
  await waiting.getByRole('heading', { name: 'Kabari saya bila ada kamar' }).waitFor();
  await page.getByLabel('Pesan lewat').selectOption('WEB');
  await page.waitForFunction(() => document.querySelector('#waiting-for').options.length === 4);
  assert.deepEqual(await waiting.locator('option').allTextContents(),
    ['Tipe kamar apa saja', 'Tipe apa saja, sampai Rp275.000 semalam', 'Standar', 'Deluxe']);
  await picture(page, 'waiting-question');
  // What is missing is said where it is missing.
  await waiting.getByRole('button', { name: 'Kabari saya' }).click();
  await page.locator('#guestName-error', { hasText: 'Nama' }).waitFor();
  await page.getByLabel('Nama', { exact: true }).fill('Sari');
  await page.getByLabel('E-mail', { exact: true }).fill('sari@example.com');
  await waiting.getByLabel('Menunggu').selectOption('Standar');
  await waiting.getByRole('button', { name: 'Kabari saya' }).click();
  await waiting.getByRole('heading', { name: 'Anda di daftar tunggu, urutan ke-1' }).waitFor();
  // A hold that ends after midnight has its day before the time.
  await waiting.getByText(/Kamar berikutnya mungkin lepas (\S+ \d+ \S+ )?pukul \d\d\.\d\d/).waitFor();
  await assertAccessible(page, 'the form of a guest who waits');
  await assertFits(page, 'the form of a guest who waits');
  await picture(page, 'waiting-place');
  // The place is there after a reload too.
  await page.reload();
  await waiting.getByRole('heading', { name: 'urutan ke-1' }).waitFor();

  await cancel(server, deluxe); // another type
  await cancel(server, standard);
  await waiting.getByRole('heading', { name: 'Ada kamar untuk Anda' }).waitFor();
  await picture(page, 'waiting-offer');
  await waiting.getByRole('link', { name: 'Lihat dan ambil' }).click();
  await page.getByRole('heading', { name: 'Ada kamar yang lepas untuk Anda' }).waitFor();
  await page.waitForFunction(() => /^0?9:\d\d$|^10:00$/.test(document.querySelector('#countdown').textContent));
  await assertAccessible(page, 'the page of an offer');
  await assertFits(page, 'the page of an offer');
  await picture(page, 'waiting-offer-page');
  const offered = await until('the mail of the offer', async () => (await server.mails('sari@example.com'))[0]);
  assert.match(offered.subject, /Ada kamar yang lepas untuk Anda/);
  assert.equal(new URL(linkIn(offered)).pathname, new URL(page.url()).pathname);
  await page.getByRole('button', { name: 'Ambil kamar ini' }).click();
  await page.getByRole('heading', { name: 'Kamar Anda kami simpan' }).waitFor();
  await page.waitForFunction(() => /^1:59:\d\d$|^2:00:00$/.test(document.querySelector('#countdown').textContent));
  assert.equal(await page.locator('#extended').isVisible(), false, 'the hold of a taken offer was not extended');
  await picture(page, 'waiting-taken');
  await until('the mail of the booking', async () => (await server.mails('sari@example.com')).length === 2);
  assert.deepEqual(problems, []);
  await server.stop();
});

test('an offer is given back on its page, and the next guest gets it by mail', async (t) => {
  const server = await start({ rooms: ONE_ROOM.slice(0, 1) });
  const sold = await server.book({ roomType: 'STD' });
  await join(server, { roomType: 'STD' });
  const second = await join(server, { roomType: 'STD', guestName: 'Agus', email: 'agus@example.com' });
  assert.equal(second.position, 2);
  await cancel(server, sold);
  const mail = await until('the mail of the offer', async () => (await server.mails('sari@example.com'))[0]);
  const { page, problems } = await visitor(t, { viewport: DESKTOP });
  const { pathname, hash } = new URL(linkIn(mail));
  await page.goto(`${server.url}${pathname}${hash}`);
  await page.getByRole('button', { name: 'Tidak jadi' }).click();
  await page.getByRole('heading', { name: 'Lepas kamar ini?' }).waitFor();
  await page.getByRole('button', { name: 'Ya, lepas' }).click();
  await page.getByRole('heading', { name: 'Tawaran kamar ini sudah berakhir' }).waitFor();
  const offer = (await server.must(PLACE, { ticket: second.ticket })).waitingTicket.offer;
  assert.equal(offer.booking.offer, true);
  await until('the mail to the next guest', async () => (await server.mails('agus@example.com')).length === 1);
  const token = await server.staffToken();
  const { waitingList } = await server.must(LINE, { checkIn: await server.today() }, { token });
  assert.deepEqual(waitingList.map(({ guestName, receiptNo }) => [guestName, receiptNo]), [['Agus', offer.booking.receiptNo]]);
  assert.deepEqual(problems, []);
  await server.stop();
});

for (const store of STORES) {
  describe(`the waiting list on ${store}`, () => {
    test('an offer that nobody takes passes on at its end, and every page hears of it', async () => {
      const server = await start({ store, rooms: ONE_ROOM.slice(0, 1), booking: { offer_window: '2s' } });
      const sold = await server.book({ roomType: 'STD' });
      const [first, second] = [await join(server, {}), await join(server, { guestName: 'Agus', email: 'agus@example.com' })];
      const page = new Listener(server.socket(), { query: CHANGED, variables: { ticket: second.ticket } }, (data) => data.waitingChanged);
      const names = (guests) => guests.map(({ guestName }) => guestName).join();
      const desk = new Listener(server.socket({ token: await server.staffToken() }), { query: LINE_CHANGED }, (data) => data.waitingListChanged);
      await desk.see('the line at first', (guests) => names(guests) === 'Sari,Agus');
      const third = await join(server, { guestName: 'Cici', email: 'cici@example.com' });
      await desk.see('who joins', (guests) => names(guests) === 'Sari,Agus,Cici');
      await server.must('mutation ($t: String!) { leaveWaitingList(ticket: $t) }', { t: third.ticket });
      await desk.see('who leaves', (guests) => names(guests) === 'Sari,Agus');
      await desk.close();
      await page.see('the place at first', ({ position }) => position === 2);
      await cancel(server, sold);
      await page.see('the place after the first offer', ({ position }) => position === 1);
      const { offer } = await page.see('the offer', (place) => place.offer);
      const passedOn = offer.booking;
      const { offer: ended } = (await server.must(PLACE, { ticket: first.ticket })).waitingTicket;
      assert.equal(ended.booking.cancelReason, 'EXPIRED');
      const [due, made] = [Date.parse(ended.booking.holdUntil), Date.parse(passedOn.bookedAt)];
      assert.ok(made >= due && made - due < 1_000, `passed on ${made - due} ms after the end`);
      const late = await server.ask(TAKE, { receiptNo: ended.booking.receiptNo, accessToken: ended.accessToken });
      assert.equal(late.errors[0].extensions.code, 'ALREADY_CANCELLED');
      const taken = await server.must(TAKE, { receiptNo: passedOn.receiptNo, accessToken: offer.accessToken });
      assert.equal(taken.takeOffer.offer, false);
      await page.close();
      await server.stop();
    });
  });
}

test('three nodes offer each freed room once, to the first in line', async () => {
  const options = { store: await freshStore('mongodb'), rooms: [{ code: 'STD', name: 'Standar', rooms: 4, price: 275000 }], limits: { holds_per_address: 1000 } };
  const nodes = await Promise.all([start(options), start(options), start(options)]);
  const sold = await Promise.all(Array.from({ length: 4 }, (_, at) => nodes[at % 3].book({ roomType: 'STD', email: `a${at}@example.com` })));
  const waiting = [];
  for (let at = 0; at < 8; at += 1) waiting.push(await join(nodes[at % 3], { guestName: `Tamu ${at}`, email: `w${at}@example.com` }));
  // All at once, on all nodes, while strangers try to book.
  const checkIn = await nodes[0].today();
  const strangers = Array.from({ length: 12 }, (_, at) => nodes[at % 3].ask('mutation ($input: CreateBookingInput!) { createBooking(input: $input) { accessToken } }', {
    input: { guestName: 'Asing', email: `s${at}@example.com`, roomType: 'STD', checkIn } }));
  await Promise.all(sold.map((booked, at) => cancel(nodes[(at + 1) % 3], booked)));
  for (const answer of await Promise.all(strangers)) assert.equal(answer.errors[0].extensions.code, 'SOLD_OUT');
  const places = await Promise.all(waiting.map(({ ticket }, at) => nodes[at % 3].must(PLACE, { ticket })));
  assert.deepEqual(places.map(({ waitingTicket }) => Boolean(waitingTicket.offer)), [true, true, true, true, false, false, false, false]);
  assert.deepEqual(places.slice(4).map(({ waitingTicket }) => waitingTicket.position), [1, 2, 3, 4]);
  await Promise.all(nodes.map((node) => node.stop()));
});
