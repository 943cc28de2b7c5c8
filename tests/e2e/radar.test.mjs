// The radar of the board: guests come closer, stop and drive away, and the board shows it live.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DESKTOP, PHONE, assertAccessible, assertFits, markDocument, picture, sameDocument, visitor } from './browser.mjs';
import { HOTEL, start, until } from './harness.mjs';

const REPORT = `mutation ($receiptNo: String!, $accessToken: String!, $position: PositionInput!) {
  reportPosition(receiptNo: $receiptNo, accessToken: $accessToken, position: $position) {
    forecast travel { distanceKm etaMinutes arrivesAt approaching withinRadius trail { at } } } }`;

/** The coordinates at a distance and bearing from the hotel. */
const at = (km, bearing) => ({
  latitude: HOTEL.latitude + (km * Math.cos(bearing * Math.PI / 180)) / 110.574,
  longitude: HOTEL.longitude + (km * Math.sin(bearing * Math.PI / 180)) / (111.32 * Math.cos(HOTEL.latitude * Math.PI / 180)),
});

describe('on the way', () => {
  let server;
  before(async () => {
    server = await start({
      hold: { duration: '40s', remind_before: '10s', extend_by: '15s', arrival_buffer: '1s' },
      travel: { speeds: Array(24).fill(20) },
    });
  });
  after(() => server?.stop());

  const variables = ({ booking, accessToken }, position) => ({ receiptNo: booking.receiptNo, accessToken, position });
  const report = (booked, place, minutesAgo = 0) => server.must(REPORT, variables(booked, {
    ...place, accuracyMetres: 12, recordedAt: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
  })).then((data) => data.reportPosition);

  /** Reports a drive from one distance to another during the last `minutes` minutes. */
  async function drives(booked, from, to, bearing, minutes = 10) {
    let last;
    for (let step = 0; step <= 4; step += 1) {
      last = await report(booked, at(from + ((to - from) * step) / 4, bearing + 4 * Math.sin(step)), minutes * (1 - step / 4));
    }
    return last;
  }

  /** Opens a guest's page that shares the position of the browser. */
  async function shares(t, booked, place) {
    const guest = await visitor(t, { viewport: PHONE, permissions: ['geolocation'], geolocation: { ...place, accuracy: 12 } });
    const { pathname, hash } = new URL(booked.statusUrl);
    await guest.page.goto(`${server.url}${pathname}${hash}`);
    await guest.page.getByRole('switch').click();
    return guest;
  }

  /** The text beside the countdown of a booking. */
  const way = (page, { booking }) => page.locator(`.row[data-receipt="${booking.receiptNo}"] .row-where`);

  async function board(t, viewport) {
    const desk = await visitor(t, { viewport });
    await desk.page.goto(`${server.url}/fo#code=${await server.staffCode()}`);
    await desk.page.getByRole('heading', { name: 'Pending' }).waitFor();
    await markDocument(desk.page);
    return desk;
  }

  test('the radar shows where guests are and what will happen at the end of their hold', async (t) => {
    const [desk, phone] = [await board(t, DESKTOP), await board(t, PHONE)];
    const [dewi, agus, tono] = [
      await server.book({ guestName: 'Dewi Lestari' }), await server.book({ guestName: 'Agus Salim' }),
      await server.book({ guestName: 'Tono' }),
    ];
    await server.book({ guestName: 'Tanpa Lokasi' });
    const sari = await server.book({ guestName: 'Sari Wulandari' });
    const car = await shares(t, sari, at(3, 215));
    await drives(dewi, 0.9, 0.05, 20, 8);
    await drives(agus, 14, 6, 140);
    await drives(tono, 18, 24, 265);
    const dot = (page, { booking }) => page.locator(`#radar [data-receipt="${booking.receiptNo}"]`);
    for (const { page } of [desk, phone]) {
      await way(page, sari).getByText('3,0 km').waitFor();
      if (page === phone.page) await page.locator('[data-tab="radar"]').click();
      for (const [guest, forecast] of [[dewi, 'IN_TIME'], [agus, 'WILL_EXTEND'], [tono, 'WILL_CANCEL']]) {
        await until(`${guest.booking.guestName} to be ${forecast}`, async () => (await dot(page, guest).getAttribute('data-forecast')) === forecast);
      }
      await page.locator('#radar').getByText('Tidak ada lokasi').waitFor();
      await sameDocument(page);
    }
    const seen = await desk.page.evaluate((receiptNo) => {
      const [hotel, dot] = ['#radar .hotel', `#radar [data-receipt="${receiptNo}"] .mark`].map((css) => document.querySelector(css).getBoundingClientRect());
      return { right: dot.x - hotel.x, down: dot.y - hotel.y };
    }, agus.booking.receiptNo);
    assert.ok(seen.right > 20 && seen.down > 20, 'who is in the south-east is drawn right and below');
    await desk.page.waitForTimeout(900); // the dots move to their places
    await picture(desk.page, 'radar-1', '#radar');
    await picture(desk.page, 'radar-1-desktop');
    await picture(phone.page, 'radar-1-phone');
    await assertAccessible(desk.page, 'the board with the radar');
    await assertFits(phone.page, 'the board with the radar');

    // A tap opens the booking with its history.
    await dot(phone.page, tono).click();
    await phone.page.locator(`#detail[data-receipt="${tono.booking.receiptNo}"] .history li`).first().waitFor();
    await phone.page.locator('#detail-close').click();

    // Small distances, because the server rejects a move that is too fast to drive.
    await car.context.setGeolocation({ ...at(2.9, 216), accuracy: 12 });
    await report(agus, at(5.9, 137));
    await report(tono, at(24.1, 262));
    await way(desk.page, agus).getByText('5,9 km').waitFor();
    await way(desk.page, sari).getByText('2,9 km').waitFor();
    await car.page.getByText(/2,9 km dari hotel/).waitFor();
    await desk.page.waitForTimeout(900);
    await picture(desk.page, 'radar-2', '#radar');
    await picture(desk.page, 'radar-2-desktop');
    await picture(phone.page, 'radar-2-phone');

    const token = await server.staffToken();
    await until('the clock to decide', async () => {
      const [a, b] = await Promise.all([agus, tono].map(({ booking }) => server.booking(booking.receiptNo, token)));
      return a.extensions === 1 && b.status === 'CANCELLED';
    }, 60_000);
    await car.context.setGeolocation({ ...at(2.4, 220), accuracy: 12 });
    await way(desk.page, sari).getByText('2,4 km').waitFor();
    await desk.page.locator(`[data-list="cancelled"] [data-receipt="${tono.booking.receiptNo}"]`).waitFor();
    await until('the cancelled guest to leave the radar', async () => (await dot(desk.page, tono).count()) === 0);
    await desk.page.waitForTimeout(900);
    await picture(desk.page, 'radar-3', '#radar');
    await picture(desk.page, 'radar-3-desktop');
    await picture(phone.page, 'radar-3-phone');
    await car.page.getByText(/Waktunya sudah diperpanjang/).waitFor();
    await picture(car.page, 'radar-3-guest');
    // Turning the switch off stops sharing. The hold continues.
    await car.page.getByRole('switch', { checked: true }).click();
    await car.page.getByRole('switch', { checked: false }).waitFor();
    for (const [guest, action, words] of [[agus, 'EXTENDED', /km.*sudah dekat.*\+15 detik/], [tono, 'EXPIRED', /24,\d km, menjauh.*jauh dan tidak mendekat/]]) {
      const { history } = await server.booking(guest.booking.receiptNo, token);
      const entry = history.find((each) => each.action === action);
      t.diagnostic(`${action}: ${entry.detail}`);
      assert.match(entry.detail, words);
      t.diagnostic(`REMINDED: ${history.find((each) => each.action === 'REMINDED').detail}`);
    }
    for (const [{ booking }, subject, words] of [
      [agus, /Diperpanjang/, /Lokasi Anda: 5,9 km, mendekat.*sudah dekat/],
      [tono, /waktunya habis/, /Lokasi Anda: 24,\d km, menjauh.*jauh dan tidak mendekat/],
      [tono, /Tinggal/, /Anda masih jauh dan belum mendekat\. Bila tetap begitu, booking batal otomatis pada waktu itu/],
    ]) {
      const mail = await until(`the mail ${subject} to ${booking.contact}`, async () =>
        (await server.mails(booking.contact)).find((each) => subject.test(each.subject)));
      const line = mail.text.split('\n').find((each) => words.test(each));
      assert.ok(line, mail.text);
      t.diagnostic(`${mail.subject}: ${line}`);
    }
    assert.deepEqual([...desk.problems, ...phone.problems, ...car.problems], []);
  });

  test('an impossible position is refused with its field, and nothing is stored', async () => {
    const booked = await server.book({});
    const here = at(5, 0);
    for (const wrong of [{ latitude: 91 }, { longitude: -181 }, { accuracyMetres: -1 }, { recordedAt: new Date(Date.now() + 365 * 86_400_000).toISOString() }]) {
      const { errors } = await server.ask(REPORT, variables(booked, { ...here, ...wrong }));
      assert.deepEqual([errors[0].extensions.code, errors[0].extensions.field], ['INVALID_INPUT', 'position'], JSON.stringify(wrong));
    }
    const nan = await server.ask(REPORT, variables(booked, { ...here, latitude: 'NaN' }));
    assert.equal(nan.errors.length, 1);
    const { myBooking } = await server.must(`query ($r: String!, $t: String!) { myBooking(receiptNo: $r, accessToken: $t) { travel { distanceKm } forecast } }`,
      { r: booked.booking.receiptNo, t: booked.accessToken });
    assert.deepEqual(myBooking, { travel: null, forecast: 'NO_POSITION' });
  });

  test('a guest sees distance, arrival and outlook, and not the trail', async (t) => {
    const booked = await server.book({ guestName: 'Sari' });
    const { travel } = await drives(booked, 4, 2, 90);
    assert.deepEqual(travel.trail, []);
    const guest = await visitor(t, { viewport: PHONE });
    const { pathname, hash } = new URL(booked.statusUrl);
    await guest.page.goto(`${server.url}${pathname}${hash}`);
    await guest.page.getByText(/2,0 km dari hotel.*perkiraan tiba/).waitFor();
    await guest.page.getByText(/waktunya kami perpanjang 15 detik/).first().waitFor();
    await guest.page.getByText(/Berhenti kapan saja/).waitFor();
    await picture(guest.page, 'radar-guest-phone');
    assert.deepEqual(guest.problems, []);
  });
});
