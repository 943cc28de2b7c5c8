import assert from 'node:assert/strict';
import test from 'node:test';
import { forgetRequestId, randomId, requestIdFor } from '../../web/js/request-id.js';
import { likelyEmail } from '../../web/js/form-email.js';
import { forgetBooking, keepBooking, keepDraft, keptBooking, keptDraft } from '../../web/js/kept.js';
import { bookingInput, emailFault, faults, nameFault, totalPrice } from '../../web/js/rules.js';
import { steps } from '../../web/js/form-how.js';

const hotel = { today: '2026-01-04', lastCheckIn: '2026-01-04', maxNights: 30 };
const filled = { roomType: 'STD', checkIn: '2026-01-04', nights: 1, guestName: 'Budi', channel: 'WEB', email: 'budi@contoh.id' };
const storage = () => {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
};

test('a well filled form has no faults', () => assert.deepEqual(faults(filled, hotel), {}));

test('every field has its own fault', () => {
  assert.deepEqual(Object.keys(faults({ roomType: null, checkIn: '2026-01-05', nights: 31, guestName: ' ', channel: 'WEB', email: '' }, hotel)),
    ['checkIn', 'nights', 'roomType', 'guestName', 'email']);
  assert.ok(faults({ ...filled, nights: 0 }, hotel).nights);
  assert.ok(faults({ ...filled, checkIn: '' }, hotel).checkIn);
});

test('Telegram needs neither e-mail nor name', () => {
  assert.deepEqual(faults({ ...filled, channel: 'TELEGRAM', email: '', guestName: '' }, hotel), {});
});

test('a name may have 80 characters, not UTF-16 units', () => {
  assert.equal(nameFault('ñ'.repeat(80), true), null);
  assert.equal(nameFault('😀'.repeat(80), true), null);
  assert.equal(nameFault('x'.repeat(81), true), 'form.error.guestName.long');
  assert.equal(nameFault('a\r\nBcc: b', true), 'form.error.guestName.control');
  assert.equal(nameFault("O'Brien-Siregar <b>", true), null);
});

test('malformed e-mail addresses are caught, unusual ones are not', () => {
  for (const good of ['a@b.id', 'a.b+c@sub.contoh.co.id', "o'x@contoh.id"]) assert.equal(emailFault(good), null, good);
  for (const bad of ['a', 'a@b', 'a@@b.id', 'a b@c.id', 'a@b.id\r\nBcc: x@y.id', 'a@b.i,d']) assert.ok(emailFault(bad), bad);
});

test('the total is the price times the nights, to the rupiah', () => assert.equal(totalPrice(333_333, 3), 999_999));

test('a request id is 128 random bits as 22 base64url characters', () => {
  const id = randomId();
  assert.match(id, /^[A-Za-z0-9_-]{22}$/);
  assert.notEqual(id, randomId());
});

test('the same filled form keeps its request id, a changed one gets another', () => {
  const kept = storage(), input = bookingInput(filled, 'id');
  const first = requestIdFor(input, kept);
  assert.equal(requestIdFor(bookingInput({ ...filled, guestName: ' Budi ' }, 'id'), kept), first);
  assert.notEqual(requestIdFor({ ...input, nights: 2 }, kept), first);
});

test('a request id is forgotten when the server has answered', () => {
  const kept = storage(), input = bookingInput(filled, 'id');
  const first = requestIdFor(input, kept);
  forgetRequestId(kept);
  assert.notEqual(requestIdFor(input, kept), first);
});

test('no reminder is promised where the server would leave it out', () => {
  const keys = (remindMinutes, tonight = true) => steps({ holdMinutes: 20, remindMinutes, extendMinutes: 30 }, tonight, String).map(([, key]) => key);
  assert.ok(keys(15).includes('form.how.remind'));
  assert.ok(!keys(16).includes('form.how.remind'));
  assert.ok(keys(16, false).includes('form.how.later'));
});

test('a mail domain with one slip is asked about, with the domain that was meant', () => {
  for (const domain of ['gmial.com', 'gmal.com', 'gmaill.com', 'gamil.com', 'gmail.con', 'gmail.co', 'gmial.con', 'gmail.co.id', 'Gmail.Cm', 'gmail', 'gmailcom']) {
    assert.equal(likelyEmail(`Budi.S+jalan@${domain}`), 'Budi.S+jalan@gmail.com', domain);
  }
  assert.equal(likelyEmail('a@yaho.co.id'), 'a@yahoo.co.id');
  assert.equal(likelyEmail('a@hotmial.com'), 'a@hotmail.com');
});

test('usual domains, real ones that look like them, and all others are not asked about', () => {
  for (const domain of ['gmail.com', 'ymail.com', 'mail.com', 'email.com', 'gmx.com', 'live.co.uk', 'yahoo.co.jp', 'contoh.co.id', 'small.com', 'ugm.ac.id', 'hotel.example']) {
    assert.equal(likelyEmail(`budi@${domain}`), null, domain);
  }
  for (const text of ['', 'budi', 'budi@', '@gmial.com', 'a@b@gmial.com']) assert.equal(likelyEmail(text), null, text);
});

test('a device remembers one booking, and forgets it only by its own number', () => {
  const device = storage();
  assert.equal(keptBooking(device), null);
  keepBooking('RESI-1', 'a', device);
  keepBooking('RESI-2', 'b', device);
  forgetBooking('RESI-1', device);
  assert.deepEqual(keptBooking(device), { receiptNo: 'RESI-2', accessToken: 'b' });
  forgetBooking('RESI-2', device);
  assert.equal(keptBooking(device), null);
  device.setItem('jatah.booking', 'broken');
  assert.equal(keptBooking(device), null);
});

test('a draft that cannot be read is none', () => {
  const tab = storage();
  assert.deepEqual(keptDraft(tab), {});
  keepDraft({ nights: 2 }, tab);
  assert.deepEqual(keptDraft(tab), { nights: 2 });
  tab.setItem('jatah.draft', '{');
  assert.deepEqual(keptDraft(tab), {});
});
