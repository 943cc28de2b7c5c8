// A real Chromium for the tests of the pages: isolated visitors whose console, dialogs and policy violations are kept.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1360, height: 900 };

const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync) ?? 'chromium';
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-default-browser-check', '--disable-dev-shm-usage',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps',
];

let browser;
const theBrowser = () => (browser ??= chromium.launch({ executablePath, headless: true, args }));
after(async () => (await browser?.catch(() => undefined))?.close());

/** A visitor with a browser profile of its own. `problems` collects what a page must never do. */
export async function visitor(t, { viewport = PHONE, ...options } = {}) {
  const context = await (await theBrowser()).newContext({ viewport, locale: 'id-ID', timezoneId: 'Asia/Jakarta', ...options });
  t.after(() => context.close());
  const problems = [];
  await context.exposeFunction('reportProblem', (problem) => void problems.push(problem));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      window.reportProblem(`policy violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
    window.positionsAsked = 0;
    for (const name of ['getCurrentPosition', 'watchPosition']) {
      const original = Geolocation.prototype[name];
      Geolocation.prototype[name] = function (...given) {
        window.positionsAsked += 1;
        return original.apply(this, given);
      };
    }
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('dialog', async (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  return { page, context, problems };
}

/** Remembers this very document, so that `sameDocument` can tell that there was no reload. */
export const markDocument = (page) => page.evaluate(() => void (window.markedByTest = true));
export const sameDocument = async (page) =>
  assert.equal(await page.evaluate(() => window.markedByTest), true, 'the page was not loaded anew');

/** No serious or critical finding of axe-core. */
export async function assertAccessible(page, what) {
  await page.evaluate(axe.source); // by the debugger's door, which the page's policy does not watch
  const { violations } = await page.evaluate(() => window.axe.run(document, { preload: false, resultTypes: ['violations'] }));
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = grave.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join('; ')}`);
  assert.deepEqual(told, [], `axe-core on ${what}`);
}

/** Nothing makes the page scroll sideways. */
export async function assertFits(page, what) {
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= window_, `${what} is ${content} px wide in a window of ${window_} px`);
}

/** Keeps a picture of a whole page, or of one part of it, in $JATAH_SCREENSHOTS, if that is set. */
export async function picture(page, name, part) {
  const folder = process.env.JATAH_SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await (part ? page.locator(part).screenshot({ path }) : page.screenshot({ path, fullPage: true }));
}
