// Mail servers that fail in different ways. The faults must not affect bookings, deadlines or the
// board.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { PHONE, assertAccessible, assertFits, picture, visitor } from './browser.mjs';
import { HOTEL, freePort, jatah, prepare, start, until } from './harness.mjs';
import { parseMail } from './mail.mjs';
import { track } from './processes.mjs';

const tools = fileURLToPath(new URL('../tools/', import.meta.url));
const packages = execFileSync(join(tools, 'python.sh'), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
const PAYLOAD =
  '00020101021126620016ID.CO.CONTOH.WWW011893600000000000000002090000000020303UBE51440014ID.CO.QRIS.WWW0215ID00000000000020303UBE5204701153033605802ID5912HOTEL CONTOH6015JAKARTA SELATAN61051294062070703A016304EFAD';

/** A mail server in one mode (see smtp.py) on a port. `mails` returns the accepted mails. */
async function mailServer(t, mode, port = 0) {
  const folder = await mkdtemp(join(tmpdir(), 'jatah-smtp-'));
  const child = track(spawn('python3', [join(tools, 'smtp.py'), folder, port ? `${mode}:${port}` : mode], {
    env: { ...process.env, PYTHONPATH: packages }, stdio: ['pipe', 'pipe', 'ignore'],
  }));
  t.after(() => child.stdin.end());
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const bound = await until('the mail server to name its port', () => /(\d+)\n/.exec(output)?.[1]);
  const mails = async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
    return Promise.all(names.map(async (name) => {
      const raw = await readFile(join(folder, name), 'utf8');
      return { ...parseMail(raw), raw, id: /^Message-ID: (.*)$/im.exec(raw)[1].trim() };
    }));
  };
  return { port: Number(bound), mails };
}

const smtp = (port) => ({ url: `smtp://127.0.0.1:${port}?tls=none`, from: 'Hotel Uji <hotel@example.com>' });

test('a mail server that is away for the whole hold delays nothing, and each useful mail comes once when it is back', async (t) => {
  const port = await freePort();
  const server = await start({ email: smtp(port), hold: { duration: '5s', remind_before: '2s', max_extensions: 0 } });
  const token = await server.staffToken();
  const board = await server.board(token);
  t.after(() => board.close());
  const asked = Date.now();
  const { booking } = await server.book({ email: 'budi@example.com' });
  assert.ok(Date.now() - asked < 2_000, 'the booking does not wait for any mail');
  await board.seeAction(booking.receiptNo, 'REMINDED');
  await until('the mail server to be missed', async () => (await (await fetch(`${server.url}/readyz`)).json()).degraded.courier);
  const expired = await board.seeAction(booking.receiptNo, 'EXPIRED');
  const late = Date.parse(expired.at) - Date.parse(booking.holdUntil);
  t.diagnostic(`expiry: ${late} ms after its instant`);
  assert.ok(late >= 0 && late < 1_000, `the clock does not wait for any mail (${late} ms)`);
  const { mails } = await mailServer(t, 'plain', port);
  // The mail of a second booking is sent after the waiting ones. When it is there, no mail of the
  // first booking can follow.
  await until('the mail of the end', async () => (await mails()).some((mail) => /waktunya habis/.test(mail.subject)), 40_000);
  const again = (await server.book({ email: 'siti@example.com' })).booking;
  await until('the mail of another', async () => (await mails()).some((mail) => mail.subject.includes(again.receiptNo)), 40_000);
  const subjects = (await mails()).filter((mail) => mail.to.includes('budi@')).map((mail) => mail.subject);
  assert.deepEqual(subjects, [`Maaf, waktunya habis · ${booking.receiptNo}`], 'no reminder of a deadline that is over');
  // A late mail is given up at its next try, which may be some seconds away.
  await until('the front office to be shown what was given up', async () => {
    const query = 'query ($r: String!) { booking(receiptNo: $r) { undelivered } }';
    return (await server.must(query, { r: booking.receiptNo }, { token })).booking.undelivered.length >= 1;
  }, 40_000);
  await until('all to be well', async () => !(await (await fetch(`${server.url}/readyz`)).json()).degraded.courier);
  await server.stop();
});

test('a mail whose fate is unknown is sent once more, under the same id, and then no more', async (t) => {
  const { port, mails } = await mailServer(t, 'drops_after_data');
  const server = await start({ email: smtp(port) });
  await server.book({ email: 'budi@example.com' });
  await until('the second try', async () => (await mails()).length >= 2);
  await server.book({ email: 'siti@example.com' });
  await until('both of another', async () => (await mails()).filter((mail) => mail.to.includes('siti@')).length >= 2);
  const ids = (await mails()).filter((mail) => mail.to.includes('budi@')).map((mail) => mail.id);
  assert.equal(ids.length, 2);
  assert.equal(new Set(ids).size, 1);
  await server.stop();
});

test('a mailbox that is refused is shown to the front office with the reason, and the code as failed', async (t) => {
  const { port } = await mailServer(t, 'no_mailbox');
  const server = await start({ email: smtp(port), qris: { payload: PAYLOAD } });
  const token = await server.staffToken();
  const board = await server.board(token);
  t.after(() => board.close());
  const { page, problems } = await visitor(t, { viewport: PHONE });
  await page.goto(`${server.url}/fo#code=${await server.staffCode()}`);
  await page.locator('#board').waitFor();
  const { booking } = await server.book({ email: 'penuh@example.com' });
  await page.locator(`.row[data-receipt="${booking.receiptNo}"] .row-name`).click();
  const card = page.locator('#detail');
  // The booking does not change. The board shows without a reload that its mail was given up.
  await card.locator('.flag.bad', { hasText: '550' }).first().waitFor();
  await board.seeAction(booking.receiptNo, 'UNDELIVERED');
  assert.deepEqual(board.actions(booking.receiptNo), ['BOOKED']);
  await server.must('mutation ($r: String!) { sendQris(receiptNo: $r) { status } }', { r: booking.receiptNo }, { token });
  const failed = await board.seeAction(booking.receiptNo, 'QRIS_FAILED');
  assert.equal(failed.booking.qrisProgress, 'FAILED');
  assert.equal(failed.booking.qrisSentAt, null);
  await card.locator('.flag.bad', { hasText: 'tunjukkan di layar' }).waitFor();
  await card.locator('.flag.bad', { hasText: '550' }).first().waitFor();
  await picture(page, 'board-qris-failed');
  assert.deepEqual(problems, []);
  assert.ok(!server.log.includes('penuh@'), 'no address in the log');
  await server.stop();
});

/** The mail as a mail program shows it: the HTML part, with the picture of its content id. */
function pageOf(file) {
  return execFileSync('python3', ['-c', `
import base64, email, email.policy, sys
message = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
parts = list(message.walk())
html = next(part for part in parts if part.get_content_type() == 'text/html').get_content()
for part in parts:
    if part['Content-ID']:
        data = base64.b64encode(part.get_payload(decode=True)).decode()
        html = html.replace('cid:' + str(part['Content-ID']).strip('<>'), 'data:' + part.get_content_type() + ';base64,' + data)
print(html)`, file], { encoding: 'utf8' });
}

/** Makes the server send every kind of mail in one language. Returns the mails by kind. */
async function everyMail(server, token, language) {
  const board = await server.board(token);
  const act = (what, r) => server.must(`mutation ($r: String!) { ${what} { status } }`, { r }, { token });
  const book = async (guest, more = {}) => (await server.book({ guestName: 'Siti Nurhaliza', email: `${guest}.${language}@example.com`, language, roomType: 'DLX', ...more }));
  const [late, pays, refused, stays, near] = await Promise.all([
    book('late'), book('pays', { nights: 2 }), book('refused'), book('stays'), book('near', { position: { ...HOTEL, accuracyMetres: 20 } }),
  ].map(async (booked) => ({ ...(await booked) })));
  await act('sendQris(receiptNo: $r)', late.booking.receiptNo);
  await act('extendHold(receiptNo: $r, minutes: 30)', pays.booking.receiptNo);
  await act('markArrived(receiptNo: $r)', pays.booking.receiptNo);
  await board.seeAction(pays.booking.receiptNo, 'QRIS_SENT');
  await act('markPaid(receiptNo: $r)', pays.booking.receiptNo);
  await act('cancelBooking(receiptNo: $r, note: "kamar rusak")', refused.booking.receiptNo);
  await server.must('mutation ($r: String!, $t: String!) { cancelMyBooking(receiptNo: $r, accessToken: $t) { status } }', { r: stays.booking.receiptNo, t: stays.accessToken });
  await board.seeAction(late.booking.receiptNo, 'EXPIRED');
  await board.seeAction(near.booking.receiptNo, 'EXTENDED');
  await board.close();
  const kinds = {
    booked: [late, 1], qris: [late, 2], reminder: [late, -2], expired: [late, -1], extended_by_desk: [pays, 2], arrived: [pays, 3], paid: [pays, -1],
    cancelled_by_desk: [refused, -1], cancelled_by_guest: [stays, -1], extended_by_clock: [near, -1],
  };
  return until('every mail', async () => {
    const names = (await readdir(join(server.folder, 'mail'))).filter((name) => name.endsWith('.eml'));
    const revision = (name) => Number(name.split('.')[1]);
    const found = Object.entries(kinds).map(([kind, [{ booking }, which]]) => {
      const mine = names.filter((name) => name.startsWith(`${booking.receiptNo}.`)).sort((a, b) => revision(a) - revision(b));
      return [kind, mine.at(which > 0 ? which - 1 : which), mine.length];
    });
    const lengths = Object.fromEntries(found.map(([kind, , length]) => [kind, length]));
    const complete = lengths.booked === 4 && lengths.paid === 4 && lengths.cancelled_by_desk === 2 && lengths.cancelled_by_guest === 2 && lengths.extended_by_clock === 3;
    return complete && Object.fromEntries(found.map(([kind, name]) => [kind, join(server.folder, 'mail', name)]));
  });
}

const subjects = {
  ID: { booked: 'Kamar Anda kami simpan', qris: 'Kode bayar QRIS', reminder: 'Tinggal', expired: 'Maaf, waktunya habis', extended_by_desk: 'Diperpanjang', arrived: 'Selamat datang', paid: 'Lunas', cancelled_by_desk: 'Dibatalkan oleh hotel', cancelled_by_guest: 'Booking Anda batal', extended_by_clock: 'Diperpanjang' },
  EN: { booked: 'We keep your room', qris: 'Your QRIS code', reminder: 'left', expired: 'Sorry, the time is up', extended_by_desk: 'Extended', arrived: 'Welcome', paid: 'Paid', cancelled_by_desk: 'Cancelled by the hotel', cancelled_by_guest: 'Your booking is cancelled', extended_by_clock: 'Extended' },
};

for (const language of ['ID', 'EN']) {
  test(`every kind of mail looks right on a phone, by day and by night (${language})`, async (t) => {
    const server = await start({ qris: { payload: PAYLOAD }, hold: { duration: '5s', remind_before: '2s', extend_by: '30m', max_extensions: 1 }, hotel: { name: 'Hotel Melati Café' } });
    const mails = await everyMail(server, await server.staffToken(), language);
    for (const colorScheme of ['light', 'dark']) {
      const { page } = await visitor(t, { viewport: PHONE, colorScheme });
      const asked = [];
      page.on('request', (request) => { if (!/^(data|about):/.test(request.url())) asked.push(request.url()); });
      for (const [kind, file] of Object.entries(mails)) {
        const { subject } = parseMail(await readFile(file, 'utf8'));
        assert.ok(subject.includes(subjects[language][kind]), `${kind}: ${subject}`);
        await page.setContent(pageOf(file));
        await assertFits(page, kind);
        await assertAccessible(page, `${kind} (${language}, ${colorScheme})`);
        assert.equal(await page.locator('html').getAttribute('lang'), language.toLowerCase());
        assert.equal(await page.locator('img').count(), ['qris', 'arrived'].includes(kind) ? 1 : 0, kind);
        await picture(page, `mail-${language.toLowerCase()}-${kind}-${colorScheme}`);
      }
      assert.deepEqual(asked, [], 'nothing is fetched from anywhere');
    }
    await server.stop();
  });
}

test('check --mail sends a test mail and prints the SMTP conversation', async (t) => {
  const { port, mails } = await mailServer(t, 'plain');
  const { config, folder } = await prepare({ email: smtp(port) });
  const { code, stdout, stderr } = await jatah(['check', '--mail', 'somebody@example.com', '--config', config], { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /mail: connected\n(.*\n)*mail: recipient: 250.*\nmail: message: 250.*\n(.*\n)*ok +mail .*took the test mail/);
  assert.equal((await mails()).length, 1);
  const closed = await prepare({ email: smtp(await freePort()) });
  const failed = await jatah(['check', '--mail', 'somebody@example.com', '--config', closed.config], { cwd: closed.folder });
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /^MEND +mail .*cannot be reached/m);
});
