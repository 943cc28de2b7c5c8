// Measures the board in a real Chromium: `node tests/e2e/board_frames.mjs`. It prints frames a second
// and the longest task for a busy hotel on a desktop and for a usual one on a slow tablet. With
// `CHANGES=28800` (one a second for eight hours) it makes so many changes as fast as they come, and
// prints the memory on the way. A measuring command and not a test: the figures depend on the machine
// and on what else it does. A task's time on the processor depends least on it.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { hotelAtNight, positionAt, report } from './board_hotel.mjs';

const seconds = Number(process.env.SECONDS_EACH ?? 15), changes = Number(process.env.CHANGES ?? 0);
const busy = { pending: 500, desk: 12, sharing: 300, paid: 60, cancelled: 40 }, usual = { pending: 60, desk: 4, sharing: 40, paid: 20, cancelled: 9 };
const desktop = { width: 1440, height: 900 }, tablet = { width: 820, height: 1180 };
const cases = changes
  ? [{ name: 'desktop', viewport: desktop, rows: usual, perSecond: 60, slowdown: 1 }]
  : [
    { name: 'desktop', viewport: desktop, rows: busy, perSecond: 50, slowdown: 1 },
    { name: 'tablet, CPU x4', viewport: tablet, rows: usual, perSecond: 1, slowdown: 4 },
  ];

const EXTEND = 'mutation ($receiptNo: String!) { extendHold(receiptNo: $receiptNo, minutes: 1) { receiptNo } }';

const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'] });

/** Lets guests move and the desk extend, alternately, at that rate. */
function keepChanging({ server, booked, clerk }, perSecond) {
  let step = 0, running = 0;
  const seen = { made: 0 };
  const timer = setInterval(async () => {
    if (running > 20) return; // the machine is slower than the rate
    running += 1;
    const index = (step++ * 37) % booked.length, each = booked[index];
    const km = 3 + ((index * 7) % 25) - 0.02 * Math.floor(step / booked.length);
    await (step % 2 ? report(server, each, positionAt(km, index * 137.5)) : server.ask(EXTEND, { receiptNo: each.booking.receiptNo }, { token: clerk })).catch(() => {});
    running -= 1;
    seen.made += 1;
  }, 1_000 / perSecond);
  return Object.assign(seen, { stop: () => clearInterval(timer) });
}

/** The frames of that many milliseconds, counted by the page. */
const countFrames = (page, length) => page.evaluate((milliseconds) => new Promise((done) => {
  const from = performance.now();
  let frames = 0, last = from, longestGap = 0;
  requestAnimationFrame(function next(time) {
    frames += 1;
    longestGap = Math.max(longestGap, time - last);
    last = time;
    if (time - from < milliseconds) requestAnimationFrame(next);
    else done({ perSecond: (frames / (time - from)) * 1_000, longestGap });
  });
}), length);

/** Records the tasks of the page's main thread while something runs, as milliseconds of processor and of clock. */
async function tasksDuring(session, run) {
  const events = [], collect = ({ value }) => events.push(...value);
  session.on('Tracing.dataCollected', collect);
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', 'devtools.timeline'] } });
  const result = await run();
  const complete = new Promise((done) => session.once('Tracing.tracingComplete', done));
  await session.send('Tracing.end');
  await complete;
  session.off('Tracing.dataCollected', collect);
  const threadOf = ({ pid, tid }) => `${pid} ${tid}`;
  const main = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf));
  const tasks = events.filter((event) => event.name.endsWith('RunTask') && main.has(threadOf(event))).map(({ tdur = 0, dur = 0 }) => ({ processor: tdur / 1_000, clock: dur / 1_000 }));
  return { result, tasks };
}

async function memory(session) {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
  return `heap ${(usedSize / 1e6).toFixed(1)} MB, ${nodes} nodes, ${jsEventListeners} listeners`;
}

for (const { name, viewport, rows, perSecond, slowdown } of cases) {
  const hotel = await hotelAtNight(rows);
  const context = await browser.newContext({ viewport, locale: 'id-ID', timezoneId: 'Asia/Jakarta' });
  const page = await context.newPage();
  await page.goto(`${hotel.server.url}/fo#code=${await hotel.server.staffCode()}`);
  await page.waitForFunction((n) => document.querySelectorAll('[data-list="pending"] li[data-receipt]').length >= n, rows.pending, { timeout: 120_000 });
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  const work = keepChanging(hotel, perSecond);
  await page.waitForTimeout(3_000); // what came with the load is over
  if (changes) {
    for (let part = 0; part <= 8; part += 1) {
      while (work.made < (changes * part) / 8) await page.waitForTimeout(500);
      console.log(`after ${work.made} changes: ${await memory(session)}`);
    }
  } else {
    const before = work.made;
    const { result: frames, tasks } = await tasksDuring(session, () => countFrames(page, seconds * 1_000));
    const longest = (kind) => Math.max(0, ...tasks.map((task) => task[kind])).toFixed(0);
    const long = (kind) => tasks.filter((task) => task[kind] > 50).length;
    console.log(`${name}: ${rows.pending} rows, ${((work.made - before) / seconds).toFixed(1)} changes/s: ${frames.perSecond.toFixed(1)} frames/s, longest gap ${Math.round(frames.longestGap)} ms, `
      + `longest task ${longest('processor')} ms of processor (${longest('clock')} by the clock), over 50 ms: ${long('processor')} (${long('clock')}), ${await memory(session)}`);
  }
  work.stop();
  await context.close();
  await hotel.server.stop();
}
await browser.close();
process.exit(0);
