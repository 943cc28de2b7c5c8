// Loads the bookings of the board and then subscribes to every change. The cursor is from before
// the load, so no change is missed. After a disconnect it continues at the last cursor. If the
// server no longer knows the cursor, it loads everything again.
import { BOOKING_CHANGED, BOOKINGS, DEGRADED, WAITING_LIST_CHANGED } from './board-documents.js';
import { createSocket, socketUrl, wakeWithPage } from './socket.js';
import { worthPaging } from './board-state.js';

const page = 200;

/** Loads everything that the board shows. Returns {bookings, cursor}. */
export async function loadAll(api, now, advanceDays) {
  const read = async (status, goOn) => {
    const found = [];
    let after = null, cursor = null;
    do {
      const { bookings } = await api(BOOKINGS, { filter: { status: [status] }, first: page, after });
      cursor = cursor ?? bookings.feedCursor;
      found.push(...bookings.nodes);
      after = bookings.pageInfo.hasNextPage && goOn(bookings.nodes) ? bookings.pageInfo.endCursor : null;
    } while (after);
    return { found, cursor };
  };
  const recent = (nodes) => worthPaging(nodes, now, advanceDays);
  // One request after another, so that the cursor of the first answer is older than all the data.
  const pending = await read('PENDING', () => true);
  const paid = await read('PAID', recent);
  const cancelled = await read('CANCELLED', recent);
  return { bookings: [...pending.found, ...paid.found, ...cancelled.found], cursor: pending.cursor };
}

/**
 * @param onChange ({action, booking, at}) of each change
 * @param onState the socket's states
 * @param onLost (refusal) when the cursor or the session is refused
 * @param onWaiting (guests) with tonight's waiting list, whenever it changes
 * @param onDegraded ([{part, reason}]) with the degraded parts, whenever they change
 */
export function followChanges({ cursor, token, language, onChange, onState, onLost, onDegraded, onWaiting }) {
  let last = cursor;
  const socket = createSocket({
    url: socketUrl(location), onState,
    payload: () => ({ authorization: `Bearer ${token()}`, language: language() }),
  });
  socket.subscribe(BOOKING_CHANGED, () => ({ after: last }), {
    next: ({ bookingChanged }) => { last = bookingChanged.cursor || last; onChange(bookingChanged); },
    refused: onLost,
  });
  socket.subscribe(DEGRADED, () => ({}), { next: ({ degradedChanged }) => onDegraded(degradedChanged), refused: () => {} });
  socket.subscribe(WAITING_LIST_CHANGED, () => ({}), { next: ({ waitingListChanged }) => onWaiting(waitingListChanged), refused: () => {} });
  wakeWithPage(socket);
  return socket;
}
