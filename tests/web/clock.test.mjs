import assert from 'node:assert/strict';
import test from 'node:test';
import { createClock, createMeasure } from '../../web/js/clock.js';

const serverNow = Date.parse('2026-01-04T12:00:00.000Z');

function hands() {
  const time = { mono: 1_000, wall: 5_000_000 };
  return { time, clock: createClock({ monotonic: () => time.mono, wall: () => time.wall }), pass(ms) { time.mono += ms; time.wall += ms; } };
}

test('the server\'s time is taken with half the round trip', () => {
  const { clock, time } = hands();
  clock.measure(new Date(serverNow).toISOString(), 1_000, 1_200);
  time.mono = 1_200;
  assert.equal(clock.now(), serverNow + 100);
});

test('setting the device\'s clock changes nothing but is noticed', () => {
  const { clock, time } = hands();
  clock.measure(new Date(serverNow).toISOString(), 1_000, 1_000);
  time.wall += 3_600_000;
  assert.equal(clock.now(), serverNow);
  assert.equal(clock.drifted(), true);
});

test('a slow answer does not replace the offset of a quick one, except after a jump', () => {
  const { clock, time, pass } = hands();
  clock.measure(new Date(serverNow).toISOString(), 1_000, 1_000);
  clock.measure(new Date(serverNow + 9_000).toISOString(), 1_000, 3_000);
  assert.equal(clock.now(), serverNow);
  time.wall += 60_000; // the machine was suspended and its counter stopped
  pass(2_000);
  clock.measure(new Date(serverNow + 60_000).toISOString(), 1_000, 3_000);
  assert.equal(clock.now(), serverNow + 61_000);
  assert.equal(clock.drifted(), false);
});

test('requests for the time do not overlap, and none follows a failure at once', async () => {
  const { clock, time, pass } = hands();
  let asked = 0, fail = true;
  const ask = async () => { asked += 1; if (fail) throw new Error('away'); return { now: new Date(serverNow).toISOString() }; };
  const measure = createMeasure(clock, ask, { monotonic: () => time.mono });
  assert.deepEqual(await Promise.all([measure(), measure()]), [null, null]);
  assert.equal(asked, 1);
  await measure();
  assert.equal(asked, 1);
  pass(5_000);
  fail = false;
  await measure();
  assert.equal(clock.now(), serverNow);
});
