// A hotel in the middle of its night, for the tests and measurements of the board: some guests at the
// desk, the others on the way from everywhere, some paid and some cancelled.
import { HOTEL, start } from './harness.mjs';

const first = ['Budi', 'Siti', 'Wayan', 'Dewi', 'Agus', 'Putri', 'Joko', 'Rina', 'Slamet', 'Ni Luh Ayu', 'Muhammad Rizky', 'Fransiska', 'Tono', 'Kartika', 'Abdurrahman', 'Lia'];
const last = ['Santoso', 'Aminah', 'Suartika', 'Lestari', 'Salim', 'Wulandari', 'Simanjuntak', 'Nurhaliza binti Tarudin', 'Hidayat', 'Prasetyo', 'Kusumawardhani', 'Halim', 'Tampubolon'];
export const nameOf = (index) => `${first[(index * 7) % first.length]} ${last[(index * 5 + Math.floor(index / 16)) % last.length]}`;

const CODE = '00020101021126610014ID.EXAMPLE.WWW0118936000000000000000021000000000000303UMI51440014ID.CO.QRIS.WWW0215ID00000000000040303UMI5204701153033605802ID5911HOTEL JATAH6007JAKARTA61051031063040B45';
const ALLOT = `mutation ($code: String!, $date: Date!, $through: Date!, $rooms: Int!) {
  setAllotment(roomType: $code, date: $date, through: $through, rooms: $rooms) { available } }`;
const REPORT = `mutation ($receiptNo: String!, $accessToken: String!, $position: PositionInput!) {
  reportPosition(receiptNo: $receiptNo, accessToken: $accessToken, position: $position) { receiptNo } }`;

/** Does something for each item, twenty at a time. */
export async function inTurn(items, task) {
  const results = [];
  for (let at = 0; at < items.length; at += 20) results.push(...await Promise.all(items.slice(at, at + 20).map((item, index) => task(item, at + index))));
  return results;
}

/** A position at a distance in km from the hotel and in a direction in degrees. */
export const positionAt = (km, bearing) => ({
  latitude: HOTEL.latitude + (km * Math.cos(bearing * Math.PI / 180)) / 110.574,
  longitude: HOTEL.longitude + (km * Math.sin(bearing * Math.PI / 180)) / (111.32 * Math.cos(HOTEL.latitude * Math.PI / 180)),
  accuracyMetres: 15,
});

export const report = (server, { booking, accessToken }, position) =>
  server.must(REPORT, { receiptNo: booking.receiptNo, accessToken, position });

/**
 * Starts a hotel with so many pending bookings for tonight, of which `desk` have arrived and `sharing`
 * share a position, and so many paid and cancelled ones. Returns the server, the pending bookings as
 * `book` returned them, those at the desk first, and the tokens of a clerk and of a manager.
 */
export async function hotelAtNight({ pending, desk = 0, sharing = 0, paid = 0, cancelled = 0, ...sections }) {
  const server = await start({ qris: { payload: CODE }, ...sections });
  const [clerk, manager] = [await server.staffToken('--name', 'Rina'), await server.staffToken('--name', 'Ibu Sari', '--role', 'manager')];
  const today = await server.today();
  const through = new Date(Date.parse(`${today}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  const all = pending + paid + cancelled;
  for (const code of ['STD', 'DLX']) await server.must(ALLOT, { code, date: today, through, rooms: Math.ceil(all * 0.7) + 5 }, { token: manager });
  const act = (name) => ({ booking }) => server.must(`mutation ($r: String!) { ${name}(receiptNo: $r) { status } }`, { r: booking.receiptNo }, { token: clerk });
  const made = await inTurn(Array.from({ length: all }), (_, index) =>
    server.book({ guestName: nameOf(index), roomType: index % 3 ? 'STD' : 'DLX', nights: 1 + (index % 5 === 4) }));
  const booked = made.slice(0, pending);
  await inTurn(booked.slice(desk, desk + sharing), (each, index) => report(server, each, positionAt(index % 5 === 4 ? 60 + (index % 50) : 1.5 + ((index * 37) % 290) / 10, index * 137.5)));
  await inTurn(booked.slice(0, desk), act('markArrived'));
  await inTurn(made.slice(pending, pending + paid), act('markPaid'));
  await inTurn(made.slice(pending + paid), act('cancelBooking'));
  return { server, booked, today, clerk, manager };
}
