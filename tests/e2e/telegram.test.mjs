// The board as a Telegram Mini App, and what it shows while Telegram cannot be reached.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { PHONE, assertAccessible, picture, visitor } from './browser.mjs';
import { freePort, start } from './harness.mjs';

const TOKEN = '100:test_token';

/** The signed user data in the address of a Mini App (core.telegram.org/bots/webapps). */
function initData(user, token = TOKEN) {
  const fields = { auth_date: String(Math.floor(Date.now() / 1000)), query_id: 'AAE', user: JSON.stringify(user), signature: 'c2ln' };
  const check = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`).join('\n');
  const secret = createHmac('sha256', 'WebAppData').update(token).digest();
  return new URLSearchParams({ ...fields, hash: createHmac('sha256', secret).update(check).digest('hex') }).toString();
}

describe('Telegram', () => {
  let server;
  before(async () => {
    server = await start({
      // Nothing listens on this port, so Telegram can never be reached.
      telegram: { token: TOKEN, api_url: `http://127.0.0.1:${await freePort()}` },
      staff: [{ telegram_id: 42, name: 'Sari', role: 'front_office' }],
    });
  });
  after(() => server?.stop());

  const opened = async (t, data) => {
    const desk = await visitor(t, { viewport: PHONE });
    const app = new URLSearchParams({ tgWebAppData: data, tgWebAppVersion: '9.0', tgWebAppPlatform: 'android' });
    await desk.page.goto(`${server.url}/fo#${app}`);
    return desk;
  };

  test('staff are signed in when they open the Mini App, and see that Telegram cannot be reached', async (t) => {
    const desk = await opened(t, initData({ id: 42, first_name: 'Sari <&>' }));
    await desk.page.getByRole('heading', { name: 'Pending' }).waitFor();
    assert.match(await desk.page.locator('#who').textContent(), /^Sari/);
    assert.equal(new URL(desk.page.url()).hash, '', 'what was signed leaves the address');
    await desk.page.getByText('Telegram tidak bisa dihubungi').waitFor();
    await picture(desk.page, 'board-telegram-away');
    await assertAccessible(desk.page, 'the board with a part that is not well');
    assert.deepEqual(desk.problems, []);
    const ready = await fetch(`${server.url}/readyz`);
    assert.equal(ready.status, 200);
    assert.match((await ready.json()).degraded.telegram, /cannot be reached/);
  });

  test('what Telegram signed opens one session', async () => {
    const sign = 'mutation ($data: String!) { signInWithTelegram(initData: $data) { token } }';
    const data = initData({ id: 42, first_name: 'Sari' });
    const answers = await Promise.all([1, 2, 3].map(() => server.ask(sign, { data })));
    assert.equal(answers.filter((answer) => answer.data?.signInWithTelegram?.token).length, 1);
    for (const answer of answers.filter(({ errors }) => errors)) assert.equal(answer.errors[0].extensions.code, 'UNAUTHENTICATED');
  });

  test('a stranger\'s data and forged data do not sign in', async (t) => {
    for (const data of [initData({ id: 43, first_name: 'Eve' }), initData({ id: 42, first_name: 'Eve' }, '100:guessed')]) {
      const desk = await opened(t, data);
      await desk.page.locator('#sign-in-problem').filter({ hasText: /./ }).waitFor();
      assert.equal(await desk.page.locator('#board').isVisible(), false);
    }
  });
});
