// GraphQL subscriptions over one WebSocket (subprotocol graphql-transport-ws). There is no library,
// because the protocol is small. Subscriptions survive a disconnect. A dead socket is detected by a
// missing pong, when the browser comes online, or when the page becomes visible. Then it connects
// again with backoff.
import { Refusal } from './graphql.js';

const ackWithin = 10_000, pingEvery = 15_000, pongWithin = 6_000, probeWithin = 3_000;
const firstDelay = 500, longestDelay = 15_000;
/** Temporary refusals. They are tried again and not reported. */
const passing = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL', 'CONFLICT']);

/** The wait before try `attempt` (0, 1, 2 …): doubling up to a limit, with jitter. */
export function backoff(attempt, random = Math.random) {
  const whole = Math.min(longestDelay, firstDelay * 2 ** Math.min(attempt, 10));
  return whole / 2 + random() * whole / 2;
}

/**
 * @param payload () => connection_init's payload
 * @param onState ('connecting' | 'open' | 'waiting' | 'refused' | 'closed') => void
 */
export function createSocket({ url, payload, onState = () => {}, WebSocket = globalThis.WebSocket, timers = globalThis, random = Math.random }) {
  const subscriptions = new Set();
  let ws = null, state = 'closed', attempt = 0, nextId = 1;
  let reconnectTimer, ackTimer, pingTimer, pongTimer;

  const become = (next) => { if (next !== state) { state = next; onState(next); } };
  const send = (message) => ws.send(JSON.stringify(message));
  const after = (milliseconds, task) => timers.setTimeout(task, milliseconds);
  const clearAll = () => [reconnectTimer, ackTimer, pingTimer, pongTimer].forEach((timer) => timers.clearTimeout(timer));

  function connect() {
    clearAll();
    become('connecting');
    const mine = new WebSocket(url, 'graphql-transport-ws');
    ws = mine;
    // Events of an abandoned socket must not affect the new one.
    const ifCurrent = (handler) => (event) => { if (ws === mine) handler(event); };
    mine.onopen = ifCurrent(() => send({ type: 'connection_init', payload: payload() }));
    mine.onmessage = ifCurrent((event) => receive(JSON.parse(event.data)));
    mine.onclose = ifCurrent((event) => lost(event.code));
    mine.onerror = () => {}; // a close event always follows
    ackTimer = after(ackWithin, giveUp);
  }

  function giveUp() {
    const dead = ws;
    lost(0);
    dead?.close();
  }

  function lost(code) {
    ws = null;
    clearAll();
    for (const one of subscriptions) { one.id = null; timers.clearTimeout(one.timer); }
    if (code === 4403) return become('refused');
    become('waiting');
    reconnectTimer = after(backoff(attempt++, random), connect);
  }

  function receive(message) {
    timers.clearTimeout(pongTimer);
    const one = [...subscriptions].find((candidate) => candidate.id === message.id && message.id);
    switch (message.type) {
      case 'connection_ack':
        timers.clearTimeout(ackTimer);
        for (const each of subscriptions) start(each);
        schedulePing();
        return become('open');
      case 'ping': return send({ type: 'pong' });
      case 'pong': attempt = 0; return undefined;
      case 'next':
        attempt = 0;
        if (message.payload.errors?.length) {
          // The server may go on with it; this page does not.
          if (one) send({ id: one.id, type: 'complete' });
          return fail(one, message.payload.errors);
        }
        if (one) { one.tries = 0; one.handlers.next(message.payload.data); }
        return undefined;
      case 'error': return fail(one, message.payload);
      case 'complete': return one && again(one);
      default: return undefined;
    }
  }

  function fail(one, errors) {
    if (!one) return;
    const refusal = new Refusal(errors[0]);
    if (passing.has(refusal.code)) return void again(one);
    subscriptions.delete(one);
    one.handlers.refused?.(refusal);
  }

  /**
   * Subscribes again with growing waits after the server ended a subscription that is still needed.
   */
  function again(one) {
    one.id = null;
    timers.clearTimeout(one.timer);
    one.timer = after(backoff(one.tries++, random), () => { if (state === 'open' && subscriptions.has(one) && !one.id) start(one); });
  }

  function start(one) {
    one.id = String(nextId++);
    send({ id: one.id, type: 'subscribe', payload: { query: one.query, variables: one.variables() } });
  }

  function schedulePing() {
    pingTimer = after(pingEvery, () => { probe(pongWithin); schedulePing(); });
  }

  function probe(within) {
    send({ type: 'ping' });
    timers.clearTimeout(pongTimer);
    pongTimer = after(within, giveUp);
  }

  return {
    /**
     * `variables` is a function that is called at each reconnect, because the board's cursor
     * changes.
     */
    subscribe(query, variables, handlers) {
      const one = { query, variables, handlers, id: null, tries: 0, timer: undefined };
      subscriptions.add(one);
      if (state === 'open') start(one);
      else if (state === 'closed' || state === 'refused') connect();
      return () => {
        subscriptions.delete(one);
        timers.clearTimeout(one.timer);
        if (one.id && state === 'open') send({ id: one.id, type: 'complete' });
      };
    },
    /** Checks the socket at once, because the network may have changed. */
    wake() {
      if (state === 'waiting') { attempt = 0; connect(); } else if (state === 'open') probe(probeWithin);
    },
    close() {
      const last = ws;
      ws = null;
      subscriptions.clear();
      clearAll();
      last?.close(1000);
      become('closed');
    },
    get state() { return state; },
  };
}

/** The address of the socket on this page's server. */
export const socketUrl = (location) => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`;

/** Wakes a socket when the browser comes online or the page becomes visible. */
export function wakeWithPage(socket, onVisible = () => {}) {
  globalThis.addEventListener('online', () => socket.wake());
  globalThis.addEventListener('offline', () => socket.wake());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    socket.wake();
    onVisible();
  });
}
