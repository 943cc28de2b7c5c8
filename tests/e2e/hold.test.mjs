// Short holds: the reminder and the expiry come at their exact moments, also after a crash and with
// two processes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOTEL, Server, STORES, freshStore, jatah, prepare, start, until, untilClock } from './harness.mjs';

const HOLD = { duration: '6s', remind_before: '3s', extend_by: '2s', max_extensions: 1 };
const ms = (instant) => Date.parse(instant);

const PAY = 'mutation ($r: String!) { markPaid(receiptNo: $r) { status } }';

/** Prints how late a change was, and checks that it was not early. Being late is not a failure. */
function lateness(t, what, at, due) {
  const late = ms(at) - ms(due);
  t.diagnostic(`${what}: ${late} ms after its instant`);
  assert.ok(late >= 0, `${what} is not early (${late} ms)`);
}

for (const store of STORES) {
  describe(`holds on ${store}`, { concurrency: true }, () => {
    test('a booking is reminded, expires at its moment, and each notification is sent once', async (t) => {
      const server = await start({ store, hold: HOLD });
      const token = await server.staffToken();
      const board = await server.board(token);
      t.after(() => board.close());
      const { booking } = await server.book({ guestName: 'Budi Santoso', email: 'budi@example.com', roomType: 'ONE' });
      const { receiptNo } = booking;
      assert.equal(ms(booking.holdUntil) - ms(booking.bookedAt), 6_000, 'the hold is exactly as long as configured');

      const taken = await server.ask('mutation ($input: CreateBookingInput!) { createBooking(input: $input) { accessToken } }', {
        input: await server.bookingInput({ roomType: 'ONE' }),
      });
      assert.equal(taken.errors?.[0].extensions.code, 'SOLD_OUT', 'the only room is taken');

      const reminded = await board.seeAction(receiptNo, 'REMINDED');
      assert.equal(reminded.booking.status, 'PENDING');
      lateness(t, 'the reminder', reminded.at, new Date(ms(booking.holdUntil) - 3_000).toISOString());

      const expired = await board.seeAction(receiptNo, 'EXPIRED');
      assert.equal(expired.booking.status, 'CANCELLED');
      assert.equal(expired.booking.cancelReason, 'EXPIRED');
      assert.equal(expired.at, expired.booking.cancelledAt);
      assert.equal(expired.booking.holdUntil, booking.holdUntil, 'the deadline stays the one that was told');
      lateness(t, 'the expiry', expired.booking.cancelledAt, booking.holdUntil);

      await server.book({ roomType: 'ONE' }); // the room is free again
      const { history } = await server.booking(receiptNo, token);
      assert.deepEqual(history.map((entry) => entry.action), ['BOOKED', 'REMINDED', 'EXPIRED']);
      assert.deepEqual(board.actions(receiptNo), ['BOOKED', 'REMINDED', 'EXPIRED']);

      const late = await server.ask(PAY, { r: receiptNo }, { token });
      assert.equal(late.errors?.[0].extensions.code, 'ALREADY_CANCELLED');

      await until('the three mails', async () => (await server.mails('budi@example.com')).length >= 3);
      await server.stop();
      await assertMails([server], 'budi@example.com', receiptNo, 3);
    });

    test('a paid booking stays paid when its hold ends', async (t) => {
      const server = await start({ store, hold: HOLD });
      const token = await server.staffToken();
      const board = await server.board(token);
      t.after(() => board.close());
      const paid = (await server.book()).booking;
      await server.must(PAY, { r: paid.receiptNo }, { token });
      const later = (await server.book()).booking;
      await board.seeAction(later.receiptNo, 'EXPIRED'); // its hold ends after the hold of the paid booking
      assert.equal((await server.booking(paid.receiptNo, token)).status, 'PAID');
      assert.deepEqual(board.actions(paid.receiptNo), ['BOOKED', 'PAID']);
      await server.stop();
    });

    test('a guest near the hotel gets one extension, and then no more', async (t) => {
      const server = await start({ store, hold: HOLD });
      const token = await server.staffToken();
      const board = await server.board(token);
      t.after(() => board.close());
      const position = { latitude: HOTEL.latitude + 0.01, longitude: HOTEL.longitude, accuracyMetres: 20 };
      const { booking } = await server.book({ position });
      const extended = await board.seeAction(booking.receiptNo, 'EXTENDED');
      lateness(t, 'the extension', extended.at, booking.holdUntil);
      assert.equal(extended.booking.extensions, 1);
      assert.equal(extended.booking.status, 'PENDING');
      assert.ok(ms(extended.booking.holdUntil) >= ms(booking.holdUntil) + 2_000);
      const expired = await board.seeAction(booking.receiptNo, 'EXPIRED');
      lateness(t, 'the expiry', expired.booking.cancelledAt, extended.booking.holdUntil);
      assert.deepEqual(board.actions(booking.receiptNo), ['BOOKED', 'REMINDED', 'EXTENDED', 'EXPIRED']);
      await server.stop();
    });

    test('a hold that ended while the process was killed expires at the start, its notifications sent once', async (t) => {
      const server = await start({ store, hold: HOLD });
      const { booking } = await server.book({ email: 'crash@example.com' });
      await until('the first mail', async () => (await server.mails('crash@example.com')).length > 0);
      await untilClock(ms(booking.bookedAt) + 2_000); // by now the mail is stored as sent, and the reminder is not due yet
      await server.kill();
      await untilClock(booking.holdUntil);

      const restarted = Date.now();
      await server.start();
      const token = await server.staffToken();
      const now = await until('the expiry', async () => {
        const state = await server.booking(booking.receiptNo, token);
        return state.status === 'CANCELLED' && state;
      }, 5_000);
      assert.equal(now.cancelReason, 'EXPIRED');
      assert.ok(ms(now.cancelledAt) >= restarted - 50, 'the time told is that of the decision, not of the deadline');
      t.diagnostic(`expired ${ms(now.cancelledAt) - restarted} ms after the process was started again`);
      assert.deepEqual(now.history.map((entry) => entry.action), ['BOOKED', 'EXPIRED'], 'no reminder after the end');
      await until('the mail of the end', async () => (await server.mails('crash@example.com')).length >= 2);
      await server.stop();
      await assertMails([server], 'crash@example.com', booking.receiptNo, 2);
    });

    test('a hold that still runs after a crash is reminded and expires at its old moment', async (t) => {
      const server = await start({ store, hold: { ...HOLD, duration: '8s' } });
      const { booking } = await server.book({ email: 'reboot@example.com' });
      await until('the first mail', async () => (await server.mails('reboot@example.com')).length > 0);
      await untilClock(ms(booking.bookedAt) + 1_500);
      await server.kill();
      await server.start();
      const token = await server.staffToken();
      const end = await until('the expiry', async () => {
        const state = await server.booking(booking.receiptNo, token);
        return state.status === 'CANCELLED' && state;
      });
      assert.equal(end.holdUntil, booking.holdUntil);
      lateness(t, 'the expiry', end.cancelledAt, booking.holdUntil);
      assert.deepEqual(end.history.map((entry) => entry.action), ['BOOKED', 'REMINDED', 'EXPIRED']);
      await until('the three mails', async () => (await server.mails('reboot@example.com')).length >= 3);
      await server.stop();
      await assertMails([server], 'reboot@example.com', booking.receiptNo, 3);
    });

    test('a graceful restart keeps bookings and the staff session', async () => {
      const server = await start({ store });
      const token = await server.staffToken('--name', 'Rina');
      const { booking, accessToken } = await server.book();
      await server.stop();
      await server.start();
      assert.equal((await server.must('{ me { name role } }', {}, { token })).me.name, 'Rina');
      const mine = await server.must('query ($r: String!, $t: String!) { myBooking(receiptNo: $r, accessToken: $t) { receiptNo status holdUntil } }', { r: booking.receiptNo, t: accessToken });
      assert.deepEqual(mine.myBooking, { receiptNo: booking.receiptNo, status: 'PENDING', holdUntil: booking.holdUntil });
      await server.stop();
    });
  });
}

describe('two processes on one MongoDB', { concurrency: true }, () => {
  /**
   * Two servers on one database. The front office works at the first, the board is at the second.
   */
  async function pair(t, hold = HOLD) {
    const store = await freshStore('mongodb');
    const [first, second] = [await start({ store, hold }), await start({ store, hold })];
    const token = await first.staffToken();
    const board = await second.board(token);
    t.after(() => board.close());
    return { first, second, token, board };
  }

  test('what is booked on one is seen live on the other, and expires once', async (t) => {
    const { first, second, token, board } = await pair(t);
    const booked = await first.book({ email: 'dua@example.com' });
    const { receiptNo } = booked.booking;
    assert.deepEqual((await board.seeAction(receiptNo, 'BOOKED')).booking, booked.booking);

    const guest = second.watch(booked);
    t.after(() => guest.close());
    const expired = await board.seeAction(receiptNo, 'EXPIRED');
    lateness(t, 'the expiry', expired.booking.cancelledAt, booked.booking.holdUntil);
    await guest.see('the end', (state) => state.status === 'CANCELLED');
    await until('the three mails', async () => (await mailsOf([first, second], 'dua@example.com')).length >= 3);
    const { history } = await first.booking(receiptNo, token);
    assert.deepEqual(history.map((entry) => entry.action), ['BOOKED', 'REMINDED', 'EXPIRED']);
    await Promise.all([first.stop(), second.stop()]);
    await assertMails([first, second], 'dua@example.com', receiptNo, 3);
    assert.deepEqual(board.actions(receiptNo), ['BOOKED', 'REMINDED', 'EXPIRED']);
  });

  test('a payment on one stops the clock of the other', async (t) => {
    const { first, second, token, board } = await pair(t);
    const paid = (await first.book()).booking;
    await second.must(PAY, { r: paid.receiptNo }, { token });
    const later = (await second.book()).booking;
    await board.seeAction(later.receiptNo, 'EXPIRED');
    assert.deepEqual(board.actions(paid.receiptNo), ['BOOKED', 'PAID']);
    await Promise.all([first.stop(), second.stop()]);
  });

  test('the last room is sold once when both sell it', async (t) => {
    const { first, second } = await pair(t);
    const attempts = Array.from({ length: 16 }, async (_, n) => {
      const server = n % 2 ? first : second;
      const input = await server.bookingInput({ roomType: 'ONE' });
      return server.ask('mutation ($input: CreateBookingInput!) { createBooking(input: $input) { accessToken } }', { input });
    });
    const answers = await Promise.all(attempts);
    const codes = answers.map((answer) => answer.errors?.[0].extensions.code ?? 'SOLD').sort();
    assert.deepEqual(codes, ['SOLD', ...Array(15).fill('SOLD_OUT')]);
    await Promise.all([first.stop(), second.stop()]);
  });

  test('when one is killed the other ends its holds', async (t) => {
    const { first, second, board } = await pair(t);
    const { booking } = await first.book({ email: 'sisa@example.com' });
    await until('the first mail', async () => (await first.mails('sisa@example.com')).length > 0);
    await untilClock(ms(booking.bookedAt) + 1_500);
    await first.kill();
    const expired = await board.seeAction(booking.receiptNo, 'EXPIRED');
    lateness(t, 'the expiry', expired.booking.cancelledAt, booking.holdUntil);
    await until('the mails', async () => (await mailsOf([first, second], 'sisa@example.com')).length >= 3);
    await second.stop();
    await assertMails([first, second], 'sisa@example.com', booking.receiptNo, 3);
  });
});

describe('one SQLite file', () => {
  test('a second `serve` on it stops with one line, and the first keeps running', async () => {
    const first = await start({ store: 'sqlite' });
    const second = await prepare({ store: first.store });
    const { code, stdout, stderr } = await jatah(['serve', '--config', second.config], { cwd: second.folder });
    assert.ok(code > 0, `it stops with a failure (${code})`);
    const lines = stderr.split('\n').filter((line) => line.trim() && !/\b(INFO|DEBUG|TRACE)\b/.test(line));
    assert.equal(lines.length, 1, `one line:\n${stderr}`);
    assert.doesNotMatch(stdout + stderr, /panicked|backtrace|listening on/i);
    assert.equal((await first.book()).booking.status, 'PENDING');
    await first.stop();
    const again = new Server(second);
    await again.start(); // the lock ends with its process
    await again.stop();
  });

  test('the lock of a killed process does not keep the next one out', async () => {
    const server = await start({ store: 'sqlite' });
    await server.kill();
    await server.start();
    await server.stop();
  });
});

async function mailsOf(servers, to) {
  return (await Promise.all(servers.map((server) => server.mails(to)))).flat();
}

/** Checks for `count` mails to this guest, each of another kind and with the receipt number. */
async function assertMails(servers, to, receiptNo, count) {
  const mails = await mailsOf(servers, to);
  const told = mails.map((mail) => `${mail.name}: ${mail.subject}`).join('\n');
  assert.equal(mails.length, count, `${count} mails:\n${told}`);
  assert.equal(new Set(mails.map((mail) => mail.subject)).size, count, `every one of its own kind:\n${told}`);
  for (const mail of mails) assert.ok(`${mail.subject}\n${mail.text}`.includes(receiptNo), `names ${receiptNo}: ${mail.subject}`);
}
