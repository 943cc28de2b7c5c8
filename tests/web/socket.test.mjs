import assert from 'node:assert/strict';
import test from 'node:test';
import { backoff, createSocket } from '../../web/js/socket.js';

/** Fake timers that move only by `advance`. */
function fakeTimers() {
  let now = 0, next = 1;
  const due = new Map();
  return {
    setTimeout: (task, after) => { due.set(next, { at: now + after, task }); return next++; },
    clearTimeout: (id) => due.delete(id),
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const [id, first] = [...due].sort((a, b) => a[1].at - b[1].at)[0] ?? [];
        if (!first || first.at > until) break;
        now = first.at;
        due.delete(id);
        first.task();
      }
      now = until;
    },
  };
}

function setUp({ cursor = () => ({ after: 'c1' }) } = {}) {
  const sockets = [], states = [], got = [], refused = [], timers = fakeTimers();
  class FakeSocket {
    constructor(url, protocol) { Object.assign(this, { url, protocol, sent: [], closed: false }); sockets.push(this); }
    send(text) { this.sent.push(JSON.parse(text)); }
    close(code) { this.closed = code ?? true; }
    open() { this.onopen(); }
    say(message) { this.onmessage({ data: JSON.stringify(message) }); }
    drop(code = 1006) { this.onclose({ code }); }
    types() { return this.sent.map(({ type }) => type); }
    ack() { this.open(); this.say({ type: 'connection_ack' }); }
  }
  const socket = createSocket({
    url: 'ws://hotel/graphql', payload: () => ({ authorization: 'Bearer T', language: 'id' }),
    onState: (state) => states.push(state), WebSocket: FakeSocket, timers, random: () => 1,
  });
  const stop = socket.subscribe('subscription { x }', cursor, { next: (data) => got.push(data), refused: (refusal) => refused.push(refusal) });
  return { socket, sockets, states, got, refused, timers, stop, last: () => sockets.at(-1) };
}

test('it speaks graphql-transport-ws: init, ack, subscribe, next', () => {
  const { last, got, states } = setUp();
  assert.equal(last().protocol, 'graphql-transport-ws');
  last().open();
  assert.deepEqual(last().sent, [{ type: 'connection_init', payload: { authorization: 'Bearer T', language: 'id' } }]);
  last().say({ type: 'connection_ack' });
  assert.deepEqual(last().sent[1], { id: '1', type: 'subscribe', payload: { query: 'subscription { x }', variables: { after: 'c1' } } });
  last().say({ id: '1', type: 'next', payload: { data: { x: 1 } } });
  assert.deepEqual(got, [{ x: 1 }]);
  assert.deepEqual(states, ['connecting', 'open']);
});

test('the server\'s ping is answered', () => {
  const { last } = setUp();
  last().ack();
  last().say({ type: 'ping' });
  assert.equal(last().types().at(-1), 'pong');
});

test('after a disconnect it subscribes again with the latest cursor and a new id', () => {
  let cursor = 'c1';
  const { last, timers, sockets, states } = setUp({ cursor: () => ({ after: cursor }) });
  last().ack();
  cursor = 'c9';
  last().drop();
  assert.equal(states.at(-1), 'waiting');
  timers.advance(500);
  assert.equal(sockets.length, 2);
  last().ack();
  assert.deepEqual(last().sent[1].payload.variables, { after: 'c9' });
  assert.equal(last().sent[1].id, '2');
});

test('the waits grow up to a limit, and start again when the server has answered', () => {
  const { last, timers, sockets } = setUp();
  for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    const before = sockets.length;
    last().drop();
    timers.advance(wait - 1);
    assert.equal(sockets.length, before);
    timers.advance(1);
    assert.equal(sockets.length, before + 1);
  }
  last().ack();
  last().say({ type: 'pong' });
  const before = sockets.length;
  last().drop();
  timers.advance(500);
  assert.equal(sockets.length, before + 1);
});

test('a server that accepts and drops at once is not asked in a tight loop', () => {
  const { last, timers, sockets } = setUp();
  for (const wait of [500, 1_000, 2_000]) {
    last().ack();
    last().drop();
    const before = sockets.length;
    timers.advance(wait - 1);
    assert.equal(sockets.length, before);
    timers.advance(1);
  }
});

test('jitter spreads the waits over the upper half', () => {
  assert.equal(backoff(3, () => 0), 2_000);
  assert.equal(backoff(3, () => 1), 4_000);
  assert.equal(backoff(1_000, () => 1), 15_000);
});

test('a socket that misses a pong is given up', () => {
  const { last, timers, sockets, states } = setUp();
  last().ack();
  timers.advance(15_000);
  assert.equal(last().types().at(-1), 'ping');
  timers.advance(6_000);
  assert.equal(sockets[0].closed, true);
  assert.equal(states.at(-1), 'waiting');
});

test('any message proves that the socket is alive', () => {
  const { last, timers, states } = setUp();
  last().ack();
  timers.advance(15_000);
  last().say({ type: 'ping' });
  timers.advance(6_000);
  assert.equal(states.at(-1), 'open');
});

test('a handshake that never ends is given up', () => {
  const { timers, sockets, states } = setUp();
  timers.advance(10_000);
  assert.equal(sockets[0].closed, true);
  assert.equal(states.at(-1), 'waiting');
});

test('events of a socket that was given up are ignored', () => {
  const { timers, sockets, states, got } = setUp();
  sockets[0].ack();
  timers.advance(21_000);
  timers.advance(500);
  sockets[1].ack();
  sockets[0].drop();
  sockets[0].say({ id: '2', type: 'next', payload: { data: { x: 'ghost' } } });
  assert.equal(states.at(-1), 'open');
  assert.deepEqual(got, []);
});

test('waking skips the backoff, and checks an open socket with a short time limit', () => {
  const { socket, last, timers, sockets } = setUp();
  last().drop();
  socket.wake();
  assert.equal(sockets.length, 2);
  last().ack();
  socket.wake();
  assert.equal(last().types().at(-1), 'ping');
  timers.advance(3_000);
  assert.equal(sockets[1].closed, true);
});

test('a refused token ends the reconnecting', () => {
  const { last, timers, sockets, states } = setUp();
  last().open();
  last().drop(4403);
  timers.advance(60_000);
  assert.equal(sockets.length, 1);
  assert.equal(states.at(-1), 'refused');
});

test('a refused subscription is reported with its code and field and not tried again', () => {
  const { last, refused, timers } = setUp();
  last().ack();
  last().say({ id: '1', type: 'error', payload: [{ message: 'kursor lama', extensions: { code: 'INVALID_INPUT', field: 'after' } }] });
  assert.deepEqual([refused[0].code, refused[0].field, refused[0].message], ['INVALID_INPUT', 'after', 'kursor lama']);
  timers.advance(14_000);
  assert.equal(last().types().filter((type) => type === 'subscribe').length, 1);
});

test('a temporary refusal and an end by the server are tried again', () => {
  const { last, refused, timers } = setUp();
  last().ack();
  last().say({ id: '1', type: 'error', payload: [{ message: 'sebentar', extensions: { code: 'UNAVAILABLE' } }] });
  timers.advance(500);
  last().say({ id: '2', type: 'complete' });
  timers.advance(1_000);
  assert.deepEqual(last().sent.filter(({ type }) => type === 'subscribe').map(({ id }) => id), ['1', '2', '3']);
  assert.deepEqual(refused, []);
});

test('errors inside a next are refusals too', () => {
  const { last, refused } = setUp();
  last().ack();
  last().say({ id: '1', type: 'next', payload: { data: null, errors: [{ message: 'masuk dulu', extensions: { code: 'UNAUTHENTICATED' } }] } });
  assert.equal(refused[0].code, 'UNAUTHENTICATED');
});

test('unsubscribing is sent to the server', () => {
  const { last, stop } = setUp();
  last().ack();
  stop();
  assert.deepEqual(last().sent.at(-1), { id: '1', type: 'complete' });
});

test('closing is final', () => {
  const { socket, last, timers, sockets, states } = setUp();
  last().ack();
  socket.close();
  timers.advance(60_000);
  assert.equal(sockets.length, 1);
  assert.equal(states.at(-1), 'closed');
});
