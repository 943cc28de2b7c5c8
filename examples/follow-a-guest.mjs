// Books a room at a jatah server, drives to the hotel on a straight line, and prints each state of the
// booking until it is over. Node 20 or newer; `npm install graphql graphql-ws ws`.
//
//   node follow-a-guest.mjs URL NAME EMAIL [ROOM_TYPE]
//
// The drive starts KM (12) away, at 40 km/h; SECONDS_A_STEP (20) is the time between two positions. The
// server does not believe positions that are further apart than a car can drive in the time between.
import { randomBytes } from 'node:crypto';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [base, guestName, email, roomType = 'STD'] = process.argv.slice(2);
if (!email) throw new Error('usage: node follow-a-guest.mjs URL NAME EMAIL [ROOM_TYPE]');
const secondsAStep = Number(process.env.SECONDS_A_STEP ?? 20);

async function ask(query, variables) {
  const headers = { 'content-type': 'application/json', 'accept-language': 'id' };
  const response = await fetch(`${base}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions); // has `code`
  return data;
}

/** Repeats a request whose answer was lost. The server books once for one requestId. */
async function insist(query, variables, tries = 5) {
  for (let left = tries; ; left -= 1) {
    try {
      return await ask(query, variables);
    } catch (error) {
      if (error.code || left === 1) throw error; // refused, or away for too long
      await new Promise((wake) => setTimeout(wake, 500));
    }
  }
}

const { hotel } = await ask('{ hotel { name today latitude longitude } }');
const input = { guestName, email, roomType, checkIn: hotel.today, requestId: randomBytes(16).toString('hex') };
const { createBooking: made } = await insist(
  'mutation ($input: CreateBookingInput!) { createBooking(input: $input) { accessToken booking { receiptNo price holdUntil } } }', { input });
const mine = { r: made.booking.receiptNo, t: made.accessToken };
console.log(`${hotel.name}: ${mine.r}, Rp${made.booking.price}, held until ${made.booking.holdUntil}`);

const client = createClient({ url: `${base.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 20, keepAlive: 10_000 });
const states = client.iterate({
  query: 'subscription ($r: String!, $t: String!) { myBookingChanged(receiptNo: $r, accessToken: $t) { status holdUntil arrivedAt travel { distanceKm } } }',
  variables: mine,
});

let kmNorth = Number(process.env.KM ?? 12); // one degree of latitude is about 111 km
const drive = setInterval(() => {
  const position = { latitude: hotel.latitude + kmNorth / 111, longitude: hotel.longitude, accuracyMetres: 15 };
  ask('mutation ($r: String!, $t: String!, $position: PositionInput!) { reportPosition(receiptNo: $r, accessToken: $t, position: $position) { status } }', { ...mine, position })
    .catch((error) => console.log(`position: ${error.message}`));
  kmNorth = Math.max(0, kmNorth - (40 / 3600) * secondsAStep);
}, 1000 * secondsAStep);

for await (const { data } of states) {
  const { status, travel, arrivedAt } = data.myBookingChanged;
  console.log(status, arrivedAt ? 'at the desk' : travel ? `${travel.distanceKm.toFixed(1)} km away` : '');
  if (status !== 'PENDING') break;
}
clearInterval(drive);
await client.dispose();
