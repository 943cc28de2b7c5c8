// QRIS from the front office's tap to the guest's mail and the front office's screen. zbarimg reads
// the codes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DESKTOP, PHONE, assertAccessible, assertFits, picture, visitor } from './browser.mjs';
import { STORES, jatah, prepare, start, until } from './harness.mjs';

const PAYLOAD =
  '00020101021126620016ID.CO.CONTOH.WWW011893600000000000000002090000000020303UBE51440014ID.CO.QRIS.WWW0215ID00000000000020303UBE5204701153033605802ID5912HOTEL CONTOH6015JAKARTA SELATAN61051294062070703A016304EFAD';
const QRIS = { payload: PAYLOAD };
const ARRIVE = 'mutation ($r: String!) { markArrived(receiptNo: $r) { status holdUntil qrisProgress qrisSentAt } }';
const SEND = 'mutation ($r: String!) { sendQris(receiptNo: $r) { status holdUntil qrisProgress qrisSentAt } }';
const SHOW = 'query ($r: String!) { qris(receiptNo: $r) { payload amount svg } }';
const PAY = 'mutation ($r: String!) { markPaid(receiptNo: $r) { status } }';
const CANCEL = 'mutation ($r: String!) { cancelBooking(receiptNo: $r) { status } }';

const read = (file) => execFileSync('zbarimg', ['--quiet', '--raw', '--oneshot', '-Sdisable', '-Sqrcode.enable', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** The fields of a payload by their tags. */
function fields(text) {
  const found = {};
  for (let rest = [...text]; rest.length; ) {
    const length = Number(rest.slice(2, 4).join(''));
    found[rest.slice(0, 2).join('')] = rest.slice(4, 4 + length).join('');
    rest = rest.slice(4 + length);
  }
  return found;
}

/** The picture and the HTML of a mail as files. The picture is found by its content id. */
async function open(server, name) {
  const raw = (await readFile(join(server.folder, 'mail', name), 'utf8')).replaceAll('\r\n', '\n');
  const part = /Content-ID: <([^>]+)>[\s\S]*?\n\n([A-Za-z0-9+/=\n]+)/.exec(raw);
  const file = join(server.folder, `${name}.png`);
  if (part) await writeFile(file, Buffer.from(part[2], 'base64'));
  return { raw, id: part?.[1], file };
}

const mailNames = async (server) => (await readdir(join(server.folder, 'mail'))).filter((name) => name.endsWith('.eml')).sort();

for (const store of STORES) {
  describe(`QRIS on ${store}`, { concurrency: true }, () => {
    test('arrival sends the code for exactly the price, and the board shows it as sent', async (t) => {
      const server = await start({ store, qris: QRIS });
      const token = await server.staffToken();
      const board = await server.board(token);
      t.after(() => board.close());
      const { booking } = await server.book({ roomType: 'DLX', nights: 1, email: 'siti@example.com' });
      const { receiptNo } = booking;
      const tapped = Date.now();
      const { markArrived } = await server.must(ARRIVE, { r: receiptNo }, { token });
      assert.equal(markArrived.status, 'PENDING');
      assert.ok(['SENDING', 'SENT'].includes(markArrived.qrisProgress));
      const sent = await board.seeAction(receiptNo, 'QRIS_SENT');
      t.diagnostic(`tap to QRIS_SENT: ${Date.now() - tapped} ms`);
      assert.equal(sent.booking.qrisSentAt, sent.at);
      assert.equal(sent.booking.qrisProgress, 'SENT');
      assert.equal(sent.booking.status, 'PENDING');
      assert.equal(sent.booking.holdUntil, markArrived.holdUntil);

      const names = (await mailNames(server)).filter((name) => name.startsWith(receiptNo));
      assert.equal(names.length, 2);
      const { raw, id, file } = await open(server, names[1]);
      assert.ok(raw.includes(`cid:${id}`) || raw.replaceAll('=\n', '').includes(`cid:${id}`));
      const found = fields(read(file));
      assert.equal(found['54'], '525500');
      assert.equal(fields(found['62'])['01'], receiptNo);
      assert.equal(found['01'], '12');

      const { qris } = await server.must(SHOW, { r: receiptNo }, { token });
      assert.equal(qris.amount, 525_500);
      assert.equal(qris.payload, read(file));
      assert.ok(qris.svg.startsWith('<svg '));

      await server.must(PAY, { r: receiptNo }, { token });
      assert.equal((await server.ask(SHOW, { r: receiptNo }, { token })).errors[0].extensions.code, 'ALREADY_PAID');
      assert.equal((await server.ask(SEND, { r: receiptNo }, { token })).errors[0].extensions.code, 'ALREADY_PAID');
      await server.stop();
    });

    test('sending a code before arrival changes neither status nor hold, and a cancellation says not to pay it', async (t) => {
      const server = await start({ store, qris: QRIS });
      const token = await server.staffToken();
      const board = await server.board(token);
      t.after(() => board.close());
      const { booking } = await server.book({ email: 'agus@example.com' });
      const { receiptNo } = booking;
      for (const sends of [1, 2]) {
        await server.must(SEND, { r: receiptNo }, { token });
        const sent = await until(`code ${sends}`, () =>
          board.received.filter((change) => change.booking.receiptNo === receiptNo && change.action === 'QRIS_SENT')[sends - 1]);
        assert.equal(sent.booking.status, 'PENDING');
        assert.equal(sent.booking.holdUntil, booking.holdUntil);
      }
      await server.must(CANCEL, { r: receiptNo }, { token });
      assert.equal((await server.ask(SEND, { r: receiptNo }, { token })).errors[0].extensions.code, 'ALREADY_CANCELLED');
      const last = await until('the mail of the end', async () => (await server.mails('agus@example.com')).find((mail) => /Dibatalkan|Cancelled/.test(mail.subject)));
      assert.match(last.text, /Jangan bayar kode QRIS|Do not pay the QRIS code/);
      await server.stop();
    });
  });
}

test('without a code arrival still works, and the guest pays at reception', async (t) => {
  const server = await start();
  const token = await server.staffToken();
  const { booking } = await server.book({ email: 'ani@example.com' });
  const { markArrived } = await server.must(ARRIVE, { r: booking.receiptNo }, { token });
  assert.deepEqual([markArrived.status, markArrived.qrisProgress], ['PENDING', null]);
  const mail = await until('the mail', async () => (await server.mails('ani@example.com')).find((each) => /Selamat datang/.test(each.subject)));
  assert.match(mail.text, /Silakan bayar Rp350\.000 di resepsionis sampai .*pukul .*: tidak lebih dan tidak kurang/);
  for (const query of [SEND, SHOW]) assert.equal((await server.ask(query, { r: booking.receiptNo }, { token })).errors[0].extensions.code, 'UNAVAILABLE');
  const { page } = await visitor(t, { viewport: PHONE });
  await page.goto(`${server.url}/fo#code=${await server.staffCode()}`);
  await page.locator(`.row[data-receipt="${booking.receiptNo}"] .row-name`).click();
  const detail = page.locator('#detail');
  await detail.locator('[data-do="paid"]').waitFor();
  assert.equal(await detail.locator('[data-do="send"], [data-do="show"]').count(), 0);
  await server.stop();
});

test('with on_booking the code comes with the booking', async () => {
  const server = await start({ qris: { ...QRIS, send: 'on_booking' } });
  const { booking } = await server.book();
  const [name] = await until('the mail', async () => { const names = await mailNames(server); return names.length && names; });
  assert.equal(fields(read((await open(server, name)).file))['54'], String(booking.price));
  await server.stop();
});

test('in the as_is mode the hotel\'s own picture is sent byte for byte', async (t) => {
  const first = await start({ qris: { ...QRIS, mode: 'as_is' } });
  const token = await first.staffToken();
  const { booking } = await first.book();
  await first.must(SEND, { r: booking.receiptNo }, { token });
  const name = await until('the mail', async () => (await mailNames(first)).find((each) => each.includes('.2.')));
  const { file } = await open(first, name);
  assert.equal(read(file), PAYLOAD);
  const { page, problems } = await visitor(t, { viewport: PHONE });
  await page.goto(`${first.url}/fo#code=${await first.staffCode()}`);
  await page.locator(`.row[data-receipt="${booking.receiptNo}"] .row-name`).click();
  await page.locator('#detail [data-do="show"]').click();
  await page.locator('#qris-type', { hasText: 'Ketik jumlah ini' }).waitFor();
  await page.waitForFunction(() => document.querySelector('#qris-code').naturalWidth > 0);
  await assertFits(page, 'the screen with a code without a sum');
  await picture(page, 'board-qris-screen-as-is');
  assert.deepEqual(problems, []);
  await first.stop();
  const image = join(first.folder, 'hotel.png');
  await writeFile(image, await readFile(file));

  const server = await start({ qris: { image, mode: 'as_is' } });
  t.diagnostic('started by its own picture');
  const again = await server.staffToken();
  const second = (await server.book()).booking;
  await server.must(SEND, { r: second.receiptNo }, { token: again });
  const sent = await until('the mail', async () => (await mailNames(server)).find((each) => each.includes('.2.')));
  assert.deepEqual(await readFile((await open(server, sent)).file), await readFile(image));
  await server.stop();
});

test('a code that cannot be used stops the start with one line that says why', async () => {
  for (const [payload, words] of [
    [PAYLOAD.replace('EFAD', 'EFAE'), /^jatah: qris\.payload: is damaged: its checksum is EFAE/],
    [PAYLOAD.replace('5802ID', '5802MY'), /^jatah: qris\.payload: is damaged/],
  ]) {
    const { config, folder } = await prepare({ qris: { payload } });
    const { code, stderr } = await jatah(['serve', '--config', config], { cwd: folder });
    assert.equal(code, 1);
    const lines = stderr.trim().split('\n').filter((line) => line.startsWith('jatah: '));
    assert.equal(lines.length, 1);
    assert.match(lines[0], words);
  }
});

test('the board sends the code, shows whether it was sent, and shows it to the guest', async (t) => {
  const server = await start({ qris: QRIS });
  const token = await server.staffToken();
  const { booking } = await server.book({ guestName: 'Dewi Lestari', roomType: 'DLX' });
  const { receiptNo } = booking;
  const { page, problems } = await visitor(t, { viewport: PHONE });
  await page.goto(`${server.url}/fo#code=${await server.staffCode()}`);
  await page.locator(`.row[data-receipt="${receiptNo}"] .row-name`).click();
  const card = page.locator('#detail');
  await card.locator('[data-do="send"]').click();
  await page.locator('#ask-yes').click();
  await card.locator('.flag', { hasText: /QRIS terkirim \d\d\.\d\d · belum dibayar/ }).waitFor();
  await assertFits(page, 'the board with a code that was sent');
  await picture(page, 'board-qris-sent');

  await card.locator('[data-do="show"]').click();
  await page.locator('#qris-code[src]').waitFor();
  await page.waitForFunction(() => document.querySelector('#qris-code').naturalWidth > 0);
  assert.equal(await page.locator('#qris-type').isVisible(), false);
  await assertAccessible(page, 'the code on the screen');
  const shot = join(server.folder, 'screen.png');
  await page.screenshot({ path: shot });
  const found = fields(read(shot));
  assert.equal(found['54'], '525500');
  assert.equal(fields(found['62'])['01'], receiptNo);
  await picture(page, 'board-qris-screen-phone');
  await page.setViewportSize(DESKTOP);
  await page.screenshot({ path: shot });
  assert.equal(fields(read(shot))['54'], '525500');
  await picture(page, 'board-qris-screen-desktop');

  await server.must(PAY, { r: receiptNo }, { token });
  await page.locator('#qris-problem', { hasText: 'Lunas' }).waitFor();
  assert.equal(await page.locator('#qris-code').isVisible(), false, 'nobody pays twice');
  await page.locator('#qris-close').click();
  assert.deepEqual(problems, []);
  await server.stop();
});
