// A real Chromium for the tests of the pages. Each visitor is isolated. Console errors, dialogs and
// policy violations are collected.
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

/** A visitor with their own browser profile. `problems` collects what a page must not do. */
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

/** Marks the document, so that `sameDocument` can check that the page was not reloaded. */
export const markDocument = (page) => page.evaluate(() => void (window.markedByTest = true));
export const sameDocument = async (page) =>
  assert.equal(await page.evaluate(() => window.markedByTest), true, 'the page was not loaded anew');

/** Checks that axe-core has no serious or critical finding. */
export async function assertAccessible(page, what) {
  await page.evaluate(axe.source); // injected by the debugger, which the page's policy does not restrict
  const { violations } = await page.evaluate(() => window.axe.run(document, { preload: false, resultTypes: ['violations'] }));
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = grave.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join('; ')}`);
  assert.deepEqual(told, [], `axe-core on ${what}`);
}

/** Checks that the page does not scroll sideways. */
export async function assertFits(page, what) {
  const [content, window_, wide] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const tooWide = [...document.querySelectorAll('body *')].filter((node) => node.getBoundingClientRect().right > clientWidth);
    return [scrollWidth, clientWidth, tooWide.map((node) => `${node.localName}#${node.id}.${node.className}`)];
  });
  assert.ok(content <= window_, `${what} is ${content} px wide in a window of ${window_} px: ${wide.join(', ')}`);
}

/** Checks that all of an element is inside the window and that nothing lies over it. */
export async function assertSeen(page, selector) {
  await page.locator(selector).waitFor();
  const seen = await page.locator(selector).evaluate((node) => {
    const { left, top, right, bottom } = node.getBoundingClientRect();
    const at = (x, y) => document.elementFromPoint(x, y);
    const covers = [top + 2, (top + bottom) / 2, bottom - 2].map((y) => [(left + right) / 2, y])
      .map(([x, y]) => at(x, y)).filter((found) => found && !node.contains(found)).map((found) => found.id || found.className);
    return { inside: top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth, covers, top, bottom };
  });
  assert.deepEqual({ inside: seen.inside, covers: seen.covers }, { inside: true, covers: [] }, `${selector} at ${seen.top} to ${seen.bottom}`);
}

/** Saves a picture of the page, or of one part of it, in $JATAH_SCREENSHOTS, if that is set. */
export async function picture(page, name, part) {
  const folder = process.env.JATAH_SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await (part ? page.locator(part).screenshot({ path }) : page.screenshot({ path, fullPage: true }));
}
