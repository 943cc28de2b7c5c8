// A front office's board: it subscribes to `bookingChanged`, and after every cut goes on from the last
// cursor. It remembers all that it heard, and the latest state of each booking.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { sleep } from './hotel.mjs';

const QUERY = `subscription ($after: String) { bookingChanged(after: $after) { cursor at action
  booking { receiptNo revision status holdUntil arrivedAt } } }`;

export class Board {
  /** The changes: `{receiptNo, revision, action, at, status, until, heardAt}`. */
  heard = [];
  /** When the server no longer knew the cursor. Changes may be missing then. */
  reloads = [];
  latest = new Map();
  isOpen = true;

  constructor(hotel, token) {
    Object.assign(this, { hotel, token });
  }

  async open() {
    this.cursor = (await this.hotel.must('{ bookings(first: 1) { feedCursor } }', {}, this.token)).bookings.feedCursor;
    this.loop = this.listen();
  }

  async listen() {
    while (this.isOpen) {
      await this.session();
      await sleep(100);
    }
  }

  session() {
    const client = createClient({
      url: `${this.hotel.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, lazy: true,
      connectionParams: { authorization: `Bearer ${this.token}` }, onNonLazyError: () => {},
    });
    this.client = client;
    return new Promise((done) => {
      client.subscribe({ query: QUERY, variables: { after: this.cursor } }, {
        next: ({ data, errors }) => {
          if (errors) this.refused(errors);
          if (data?.bookingChanged) this.take(data.bookingChanged);
        },
        error: (errors) => {
          if (Array.isArray(errors)) this.refused(errors);
          done();
        },
        complete: done,
      });
    }).finally(() => client.dispose());
  }

  refused(errors) {
    if (errors.some((error) => error.extensions?.code === 'INVALID_INPUT')) {
      this.reloads.push({ at: Date.now(), cursor: this.cursor });
      this.cursor = null;
    }
  }

  take({ cursor, at, action, booking }) {
    this.cursor = cursor;
    if (action === 'POSITION' || action === 'UNDELIVERED') return;
    this.heard.push({ receiptNo: booking.receiptNo, revision: booking.revision, action, at: Date.parse(at), status: booking.status, until: Date.parse(booking.holdUntil), heardAt: Date.now() });
    this.latest.set(booking.receiptNo, booking);
  }

  async close() {
    this.isOpen = false;
    await this.client?.dispose();
    await this.loop;
  }
}
