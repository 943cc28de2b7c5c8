// The pages of words, /privasi and /kebijakan, in a real Chromium: from the foot of the form, on a small
// phone, in the dark, with large text and without scripts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertAccessible, assertFits, picture, visitor } from './browser.mjs';
import { start } from './harness.mjs';

const SMALL = { width: 360, height: 740 };

describe('the pages of words', () => {
  let server;
  before(async () => {
    server = await start({ retention: { names: '45d' }, hotel: { name: 'Hotel Melati', address: 'Jalan Melati 7', contact: '@hotelmelati' } });
  });
  after(() => server?.stop());

  test('a guest reads them from the foot of the form, with the numbers of the hotel', async (t) => {
    const { page, problems } = await visitor(t, { viewport: SMALL });
    await page.goto(`${server.url}/`);
    await page.getByLabel('Nama', { exact: true }).waitFor();
    await assertFits(page, 'the form with its foot');
    await picture(page, 'words-form-foot');
    await page.getByRole('link', { name: 'Privasi' }).click();
    await page.getByRole('heading', { name: 'Privasi', level: 1 }).waitFor();
    const words = await page.locator('main').innerText();
    for (const fact of ['Dihapus 45 hari', 'Dihapus 400 hari', 'Erased 45 days', 'Hotel Melati', 'Jalan Melati 7', '@hotelmelati']) {
      assert.ok(words.includes(fact), `${fact}: ${words}`);
    }
    await assertFits(page, 'the page of privacy');
    await assertAccessible(page, 'the page of privacy');
    await picture(page, 'words-privasi');
    await page.getByRole('link', { name: 'Kebijakan' }).click();
    await page.getByRole('heading', { name: 'Kebijakan booking', level: 1 }).waitFor();
    assert.ok((await page.locator('main').innerText()).includes('biasanya 2 jam.'));
    await assertFits(page, 'the page of the policy');
    await assertAccessible(page, 'the page of the policy');
    await picture(page, 'words-kebijakan');
    await page.getByRole('link', { name: 'English' }).click();
    assert.match(page.url(), /#english$/);
    assert.deepEqual(problems, []);
  });

  test('they can be read in the dark, with large text and without scripts', async (t) => {
    const dark = await visitor(t, { viewport: SMALL, colorScheme: 'dark' });
    for (const path of ['/privasi', '/kebijakan']) {
      await dark.page.goto(`${server.url}${path}`);
      await assertAccessible(dark.page, `${path} in the dark`);
      await dark.page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
      await assertFits(dark.page, `${path} with large text`);
      await picture(dark.page, `words-large${path.replace('/', '-')}`);
    }
    const plain = await visitor(t, { viewport: SMALL, javaScriptEnabled: false });
    await plain.page.goto(`${server.url}/`);
    await plain.page.getByRole('link', { name: 'Kebijakan' }).click();
    await plain.page.getByText('Booking adalah janji, bukan jual beli.').waitFor();
  });
});
