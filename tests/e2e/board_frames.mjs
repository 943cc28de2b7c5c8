// Measures the board in a real Chromium: `node tests/e2e/board_frames.mjs`. It prints frames a second
// and the longest task for a busy hotel on a desktop and for a usual one on a slow tablet. A measuring
// command and not a test: the figures depend on the machine and on what else it does.
import { chromium } from 'playwright-core';
import { existsSync } from 'node:fs';
import { HOTEL, start } from './harness.mjs';

const seconds = Number(process.env.SECONDS_EACH ?? 15);
const cases = [
  { name: 'desktop', viewport: { width: 1440, height: 900 }, rows: 500, perSecond: 50, slowdown: 1 },
  { name: 'tablet, CPU x4', viewport: { width: 820, height: 1180 }, rows: 60, perSecond: 1, slowdown: 4 },
];

const REPORT = `mutation ($receiptNo: String!, $accessToken: String!, $position: PositionInput!) {
  reportPosition(receiptNo: $receiptNo, accessToken: $accessToken, position: $position) { receiptNo } }`;
const EXTEND = 'mutation ($receiptNo: String!) { extendHold(receiptNo: $receiptNo, minutes: 1) { receiptNo } }';

const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'] });

/** A hotel with that many holds; nights are spread, because a night has few rooms. */
async function hotelWith(rows) {
  const server = await start({ booking: { advance_days: 20, advance_hold: 'duration' } });
  const today = await server.today();
  const dayAfter = (days) => new Date(Date.parse(`${today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
  const booked = [];
  while (booked.length < rows) {
    const some = Array.from({ length: Math.min(20, rows - booked.length) }, (_, index) => booked.length + index);
    booked.push(...await Promise.all(some.map((index) => server.book({
      guestName: `Tamu Nomor ${index + 1}`, roomType: index % 2 ? 'STD' : 'DLX', checkIn: dayAfter(Math.floor(index / 70)),
    }))));
  }
  return { server, booked };
}

/** Lets guests move and the desk extend, alternately, at that rate. Returns how to stop. */
function keepChanging({ server, booked }, token, perSecond) {
  let step = 0, running = 0, made = 0;
  const timer = setInterval(async () => {
    if (running > 20) return; // the machine is slower than the rate
    running += 1;
    const index = (step++ * 37) % booked.length, { booking, accessToken } = booked[index], { receiptNo } = booking;
    const away = 0.02 + 0.1 * ((index * 7) % 50) / 50 - 0.000_2 * Math.floor(step / booked.length);
    const position = { latitude: HOTEL.latitude + away * Math.sin(index), longitude: HOTEL.longitude + away * Math.cos(index), accuracyMetres: 20 };
    await (step % 2 ? server.ask(REPORT, { receiptNo, accessToken, position }) : server.ask(EXTEND, { receiptNo }, { token })).catch(() => {});
    running -= 1;
    made += 1;
  }, 1_000 / perSecond);
  return () => { clearInterval(timer); return made; };
}

for (const { name, viewport, rows, perSecond, slowdown } of cases) {
  const hotel = await hotelWith(rows);
  const context = await browser.newContext({ viewport, locale: 'id-ID', timezoneId: 'Asia/Jakarta' });
  const page = await context.newPage();
  await page.goto(`${hotel.server.url}/fo#code=${await hotel.server.staffCode()}`);
  await page.waitForFunction((n) => document.querySelectorAll('[data-list="pending"] li[data-receipt]').length >= n, rows, { timeout: 120_000 });
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  const stop = keepChanging(hotel, await hotel.server.staffToken(), perSecond);
  await page.waitForTimeout(3_000); // what came with the load is over
  const seen = await page.evaluate((length) => new Promise((done) => {
    const tasks = [], observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))));
    observer.observe({ entryTypes: ['longtask'] });
    const from = performance.now();
    let frames = 0, last = from, longestGap = 0;
    requestAnimationFrame(function next(time) {
      frames += 1;
      longestGap = Math.max(longestGap, time - last);
      last = time;
      if (time - from < length) requestAnimationFrame(next);
      else done({ framesPerSecond: (frames / (time - from)) * 1_000, longestGap, tasks });
    });
  }), seconds * 1_000);
  const memory = await session.send('Runtime.getHeapUsage');
  const made = stop();
  console.log(`${name}: ${rows} rows, ${(made / (seconds + 3)).toFixed(1)} changes/s: ${seen.framesPerSecond.toFixed(1)} frames/s, longest task ${Math.max(0, ...seen.tasks)} ms, `
    + `${seen.tasks.length} tasks over 50 ms, longest gap between frames ${Math.round(seen.longestGap)} ms, heap ${(memory.usedSize / 1e6).toFixed(0)} MB`);
  await context.close();
  await hotel.server.stop();
}
await browser.close();
process.exit(0);
