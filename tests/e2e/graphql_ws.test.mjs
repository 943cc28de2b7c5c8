// Subscriptions with the reference client graphql-ws, and the edge cases of the protocol with a
// bare WebSocket.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import WebSocket from 'ws';
import { Listener, STORES, start, until } from './harness.mjs';

for (const store of STORES) {
  describe(`live subscriptions on ${store}`, () => {
    let server;
    let token;
    before(async () => {
      server = await start({ store });
      token = await server.staffToken();
    });
    after(() => server?.stop());

    test('the front office sees a new booking at once', async (t) => {
      const board = await server.board(token);
      t.after(() => board.close());
      const { booking } = await server.book({ guestName: 'Siti Rahma', nights: 2 });
      const change = await board.seeAction(booking.receiptNo, 'BOOKED');
      assert.deepEqual(change.booking, booking);
      assert.equal(change.booking.guestName, 'Siti Rahma');
      assert.equal(change.booking.price, 700_000);
      assert.equal(change.booking.status, 'PENDING');
    });

    test('a subscription without a cursor gets what comes after it', async (t) => {
      const board = new Listener(server.socket({ token }), {
        query: 'subscription { bookingChanged { action booking { receiptNo } } }',
      }, (data) => data.bookingChanged);
      t.after(() => board.close());
      // Without a cursor the start of the subscription is unknown: book until a change arrives.
      const booked = [];
      await until('a booking to be seen', async () => {
        if (booked.length < 20) booked.push((await server.book()).booking.receiptNo);
        return board.received.length > 0;
      });
      assert.equal(board.received[0].action, 'BOOKED');
      assert.ok(booked.includes(board.received[0].booking.receiptNo), 'no older booking is sent');
    });

    test("a guest's subscription starts with the current state, then has every change", async (t) => {
      const booked = await server.book();
      const guest = server.watch(booked);
      t.after(() => guest.close());
      await guest.see('the current state', () => true);
      assert.deepEqual(guest.received[0], booked.booking);

      const { receiptNo } = booked.booking;
      await server.must('mutation ($r: String!) { extendHold(receiptNo: $r, minutes: 30) { revision } }', { r: receiptNo }, { token });
      await server.must('mutation ($r: String!) { markPaid(receiptNo: $r) { revision } }', { r: receiptNo }, { token });
      await guest.see('the payment', (booking) => booking.status === 'PAID');
      assert.deepEqual(guest.received.map((booking) => booking.status), ['PENDING', 'PENDING', 'PAID']);
      assert.equal(Date.parse(guest.received[1].holdUntil) - Date.parse(guest.received[0].holdUntil), 30 * 60_000);
      assert.deepEqual(guest.received.map((booking) => booking.revision), [...guest.received.map((booking) => booking.revision)].sort((a, b) => a - b));
    });

    test("a guest receives nothing about another guest's booking", async (t) => {
      const mine = await server.book();
      const guest = server.watch(mine);
      t.after(() => guest.close());
      await guest.see('the current state', () => true);
      await server.book();
      await server.must('mutation ($r: String!) { markPaid(receiptNo: $r) { revision } }', { r: mine.booking.receiptNo }, { token });
      await guest.see('the own payment', (booking) => booking.status === 'PAID');
      assert.deepEqual([...new Set(guest.received.map((booking) => booking.receiptNo))], [mine.booking.receiptNo]);
    });

    test('a reconnect with the last cursor misses nothing and repeats nothing', async (t) => {
      const first = await server.board(token);
      const before_ = (await server.book()).booking.receiptNo;
      const { cursor } = await first.seeAction(before_, 'BOOKED');
      await first.close();

      const missed = [];
      for (let n = 0; n < 3; n += 1) missed.push((await server.book()).booking.receiptNo);

      const second = await server.board(token, { after: cursor });
      t.after(() => second.close());
      await second.seeAction(missed[2], 'BOOKED');
      const live = (await server.book()).booking.receiptNo;
      await second.seeAction(live, 'BOOKED');
      assert.deepEqual(second.received.map((change) => change.booking.receiptNo), [...missed, live]);
    });

    test('a cursor that is none is refused by its field', async (t) => {
      const board = await server.board(token, { after: 'no cursor' });
      t.after(() => board.close());
      await until('the refusal', () => board.errors.length > 0);
      assert.equal(board.errors[0].extensions?.code, 'INVALID_INPUT');
      assert.equal(board.errors[0].extensions?.field, 'after');
    });

    test('the board is for staff only', async (t) => {
      const { feedCursor } = await server.bookings(token);
      const board = await server.board(undefined, { after: feedCursor });
      t.after(() => board.close());
      await until('the refusal', () => board.errors.length > 0);
      assert.equal(board.errors[0].extensions?.code, 'UNAUTHENTICATED');
      assert.equal(board.received.length, 0);
    });

    test("a guest's subscription with a wrong token is refused", async (t) => {
      const { booking } = await server.book();
      const guest = server.watch({ booking, accessToken: 'A'.repeat(43) });
      t.after(() => guest.close());
      await until('the refusal', () => guest.errors.length > 0);
      assert.match(guest.errors[0].extensions?.code, /^(NOT_FOUND|UNAUTHENTICATED|FORBIDDEN)$/);
      assert.equal(guest.received.length, 0);
    });
  });
}

describe('the socket speaks graphql-transport-ws', { concurrency: true }, () => {
  let server;
  let token;
  before(async () => {
    server = await start();
    token = await server.staffToken();
  });
  after(() => server?.stop());

  /** A bare socket. It keeps what it received and how it was closed. */
  function open({ protocols = 'graphql-transport-ws', t } = {}) {
    const socket = new WebSocket(server.socketUrl, protocols);
    const peer = { socket, received: [], opened: Date.now(), send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)) };
    peer.ready = new Promise((done, fail) => {
      socket.once('open', done);
      socket.once('error', fail);
    });
    peer.ready.catch(() => {});
    socket.on('error', (error) => (peer.error = error));
    socket.on('message', (data) => peer.received.push(JSON.parse(data)));
    socket.on('close', (code, reason) => (peer.closed = { code, reason: reason.toString(), after: Date.now() - peer.opened }));
    peer.get = (type, within) => until(`a message of type ${type}`, () => {
      const found = peer.received.find((message) => message.type === type);
      if (!found && peer.closed) throw new Error(`closed with ${peer.closed.code} before a message of type ${type}`);
      return found;
    }, within);
    peer.close = (within) => until('the server to close the socket', () => peer.closed, within);
    peer.pong = async () => {
      const pongs = () => peer.received.filter((message) => message.type === 'pong').length;
      const had = pongs();
      peer.send({ type: 'ping' });
      await until('the pong', () => pongs() > had);
    };
    t?.after(() => socket.terminate());
    return peer;
  }

  /** A socket whose connection_init was acknowledged. */
  async function connected(t, payload) {
    const peer = open({ t });
    await peer.ready;
    peer.send({ type: 'connection_init', payload });
    await peer.get('connection_ack');
    return peer;
  }

  const staff = () => ({ authorization: `Bearer ${token}` });
  const watchBoard = { query: 'subscription { bookingChanged { action } }' };

  test('a subscribe before the init closes with 4401', async (t) => {
    const peer = open({ t });
    await peer.ready;
    peer.send({ type: 'subscribe', id: '1', payload: { query: '{ hotel { name } }' } });
    assert.equal((await peer.close()).code, 4401);
  });

  test('a second init closes with 4429', async (t) => {
    const peer = await connected(t);
    peer.send({ type: 'connection_init' });
    assert.equal((await peer.close()).code, 4429);
  });

  test('an id that is in use closes with 4409', async (t) => {
    const peer = await connected(t, staff());
    peer.send({ type: 'subscribe', id: 'same', payload: watchBoard });
    await peer.pong();
    peer.send({ type: 'subscribe', id: 'same', payload: watchBoard });
    assert.equal((await peer.close()).code, 4409);
  });

  test('an id is free again after its complete', async (t) => {
    const peer = await connected(t, staff());
    peer.send({ type: 'subscribe', id: 'same', payload: watchBoard });
    peer.send({ type: 'complete', id: 'same' });
    await peer.pong();
    peer.send({ type: 'subscribe', id: 'same', payload: { query: '{ hotel { name } }' } });
    await peer.get('next');
    await peer.get('complete');
    peer.send({ type: 'subscribe', id: 'same', payload: { query: '{ hotel { name } }' } });
    await until('the second answer', () => peer.received.filter((message) => message.type === 'complete').length === 2);
    assert.equal(peer.closed, undefined);
  });

  const invalid = {
    'text that is not JSON': 'hello',
    'JSON that is no object': '[1]',
    'an object without a type': '{}',
    'an unknown type': '{"type":"hello"}',
    'a subscribe without an id': '{"type":"subscribe","payload":{"query":"{ hotel { name } }"}}',
    'a subscribe without a payload': '{"type":"subscribe","id":"1"}',
    'a subscribe without a query': '{"type":"subscribe","id":"1","payload":{}}',
    'the legacy protocol\'s start': '{"type":"start","id":"1","payload":{"query":"{ hotel { name } }"}}',
  };
  for (const [name, message] of Object.entries(invalid)) {
    test(`${name} closes with 4400`, async (t) => {
      const peer = await connected(t);
      peer.send(message);
      assert.equal((await peer.close()).code, 4400);
    });
  }

  test('an invalid message before the init closes with 4400 too', async (t) => {
    const peer = open({ t });
    await peer.ready;
    peer.send('hello');
    assert.equal((await peer.close()).code, 4400);
  });

  for (const [name, payload] of Object.entries({
    'a token that nobody was given': { authorization: 'Bearer nobody' },
    'a value that is no bearer token': { authorization: 'Basic YTpi' },
  })) {
    test(`an init with ${name} closes with 4403`, async (t) => {
      const peer = open({ t });
      await peer.ready;
      peer.send({ type: 'connection_init', payload });
      assert.equal((await peer.close()).code, 4403);
      assert.deepEqual(peer.received, []);
    });
  }

  test('a client that sends no init is closed with 4408 after 10 seconds', async (t) => {
    const peer = open({ t });
    await peer.ready;
    const { code, after: elapsed } = await peer.close(20_000);
    assert.equal(code, 4408);
    assert.ok(elapsed >= 9_500 && elapsed < 15_000, `closed after ${elapsed} ms`);
  });

  test('the server pings within 12 seconds', async (t) => {
    const peer = await connected(t);
    await peer.get('ping', 16_000);
    peer.send({ type: 'pong' });
    await peer.pong();
    assert.equal(peer.closed, undefined);
  });

  test("a client's ping is answered by a pong, before and after the init", async (t) => {
    const peer = open({ t });
    await peer.ready;
    await peer.pong();
    peer.send({ type: 'connection_init' });
    await peer.get('connection_ack');
    await peer.pong();
    assert.equal(peer.closed, undefined);
  });

  for (const [name, protocols] of Object.entries({
    'the legacy subprotocol graphql-ws': 'graphql-ws',
    'an unknown subprotocol': 'soap',
    'no subprotocol': [],
  })) {
    test(`${name} is refused`, async (t) => {
      const peer = open({ t, protocols });
      await peer.ready.then(() => peer.send({ type: 'connection_init' }), () => {});
      await until('the refusal', () => peer.error ?? peer.closed);
      assert.deepEqual(peer.received, [], 'nothing is acknowledged');
      if (peer.closed && !peer.error) assert.ok([1002, 4406].includes(peer.closed.code), `closed with ${peer.closed.code}`);
    });
  }

  test('the subprotocol is chosen from several', async (t) => {
    const peer = open({ t, protocols: ['graphql-ws', 'graphql-transport-ws'] });
    await peer.ready;
    assert.equal(peer.socket.protocol, 'graphql-transport-ws');
  });

  for (const [name, payload] of Object.entries({
    'a field that does not exist': { query: 'subscription { nothing }' },
    'a query that does not parse': { query: 'subscription {' },
    'an operation that does not exist': { query: 'subscription A { bookingChanged { action } }', operationName: 'B' },
  })) {
    test(`${name} comes back as an error message, not as a result`, async (t) => {
      const peer = await connected(t, staff());
      peer.send({ type: 'subscribe', id: 'wrong', payload });
      const error = await peer.get('error');
      assert.equal(error.id, 'wrong');
      assert.ok(Array.isArray(error.payload) && error.payload.length > 0, 'its payload is a list of errors');
      assert.equal(typeof error.payload[0].message, 'string');
      await peer.pong();
      const types = peer.received.filter((message) => message.id === 'wrong').map((message) => message.type);
      assert.deepEqual(types, ['error'], 'nothing follows the error for this id');
      peer.send({ type: 'subscribe', id: 'wrong', payload: { query: '{ hotel { name } }' } });
      await peer.get('next');
    });
  }

  test('a variable of a wrong type is refused', async (t) => {
    const peer = await connected(t, staff());
    const query = 'subscription ($after: String) { bookingChanged(after: $after) { action } }';
    peer.send({ type: 'subscribe', id: 'wrong', payload: { query, variables: { after: 7 } } });
    // The protocol allows an error message here. The reference server sends it as the only result.
    const answer = await until('the refusal', () => peer.received.find((message) => message.id === 'wrong'));
    const errors = answer.type === 'error' ? answer.payload : answer.payload.errors;
    assert.ok(errors?.[0].message, JSON.stringify(answer));
    await peer.pong();
    assert.equal(peer.received.filter((message) => message.payload?.data?.bookingChanged).length, 0);
  });

  test('a query is answered by next and complete', async (t) => {
    const peer = await connected(t);
    peer.send({ type: 'subscribe', id: 'q', payload: { query: 'query Q($n: Boolean!) { hotel { name @include(if: $n) } }', operationName: 'Q', variables: { n: true } } });
    assert.deepEqual((await peer.get('next')).payload.data, { hotel: { name: 'Hotel Uji' } });
    assert.equal((await peer.get('complete')).id, 'q');
  });

  test('a graceful stop closes live sockets and ends with code 0', async (t) => {
    const own = await start();
    const board = await own.board(await own.staffToken());
    t.after(() => board.close());
    const { booking } = await own.book();
    await board.seeAction(booking.receiptNo, 'BOOKED');
    await own.stop();
    await until('the socket to end', () => board.ended);
  });
});
