// The limits of HTTP: what must be refused, with a GraphQL error and with nothing stored. Also the
// headers of the pages.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { getIntrospectionQuery } from 'graphql';
import { CREATE_BOOKING, start } from './harness.mjs';

describe('GraphQL over HTTP', () => {
  let server;
  let token;
  before(async () => {
    server = await start();
    token = await server.staffToken();
  });
  after(() => server?.stop());

  const send = async (options, path = '/graphql') => {
    const response = await fetch(`${server.url}${path}`, { redirect: 'manual', ...options });
    const text = await response.text();
    let body;
    try {
      body = JSON.parse(text);
    } catch {
      // not JSON
    }
    return { status: response.status, headers: response.headers, text, body };
  };
  const post = (body, type = 'application/json', headers = {}) =>
    send({ method: 'POST', headers: { ...(type ? { 'content-type': type } : {}), ...headers }, body });

  /** Checks for GraphQL errors with readable messages and without internal details. */
  function assertGraphqlErrors({ text, body, headers }) {
    assert.match(headers.get('content-type') ?? '', /^application\/(graphql-response\+)?json/);
    assert.ok(Array.isArray(body?.errors) && body.errors.length > 0, `a list of errors: ${text}`);
    for (const error of body.errors) assert.ok(typeof error.message === 'string' && error.message.length > 0, text);
    assertNoInsides(text);
  }

  const assertNoInsides = (text) =>
    assert.doesNotMatch(text, /\b(Error|Err|Some|Kind)\(|ParseRequestError|serde|async[_-]graphql|axum|hyper|panicked|\w::\w|\.rs\b/, 'no insides are shown');

  /** Runs `attempt`, which tries to book, and checks that nothing was stored. */
  async function storesNothing(attempt) {
    const before_ = (await server.bookings(token)).totalCount;
    const result = await attempt();
    assert.equal((await server.bookings(token)).totalCount, before_, 'nothing was stored');
    return result;
  }

  const booking = async () => ({ query: CREATE_BOOKING, variables: { input: await server.bookingInput() } });

  test('a booking by POST works, so that the refusals below mean something', async () => {
    const before_ = (await server.bookings(token)).totalCount;
    const { status, body } = await post(JSON.stringify(await booking()), 'application/json; charset=utf-8');
    assert.equal(status, 200);
    assert.match(body.data.createBooking.booking.receiptNo, /^RESI-\d{8}-\d{3,}$/);
    assert.equal((await server.bookings(token)).totalCount, before_ + 1);
  });

  test('a query by GET works', async () => {
    const { status, body } = await send({}, `/graphql?query=${encodeURIComponent('{ hotel { name } }')}`);
    assert.equal(status, 200);
    assert.deepEqual(body.data, { hotel: { name: 'Hotel Uji' } });
  });

  test('a mutation by GET is refused with 405 and stores nothing', async () => {
    const answer = await storesNothing(async () => {
      const { query, variables } = await booking();
      return send({}, `/graphql?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`);
    });
    assert.equal(answer.status, 405);
    assert.match(answer.headers.get('allow') ?? '', /POST/);
    assertGraphqlErrors(answer);
  });

  test('a mutation by GET cannot hide behind a query of the same document', async () => {
    const answer = await storesNothing(async () => {
      const { query, variables } = await booking();
      const hidden = `query Q { hotel { name } } ${query.replace('mutation', 'mutation M')}`;
      return send({}, `/graphql?${new URLSearchParams({ query: hidden, operationName: 'M', variables: JSON.stringify(variables) })}`);
    });
    assert.equal(answer.status, 405);
  });

  const foreign = {
    'text/plain': (body) => [JSON.stringify(body), 'text/plain'],
    'a form': (body) => [new URLSearchParams({ query: body.query, variables: JSON.stringify(body.variables) }).toString(), 'application/x-www-form-urlencoded'],
    'multipart form data': (body) => {
      const operations = JSON.stringify(body);
      return [`--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${operations}\r\n--b\r\ncontent-disposition: form-data; name="map"\r\n\r\n{}\r\n--b--\r\n`, 'multipart/form-data; boundary=b'];
    },
    'application/graphql': (body) => [body.query, 'application/graphql'],
    'no content type': (body) => [Buffer.from(JSON.stringify(body)), null],
    'a type that only looks like JSON': (body) => [JSON.stringify(body), 'application/jsonp'],
  };
  for (const [name, make] of Object.entries(foreign)) {
    test(`a POST with ${name} is refused with 415 and stores nothing`, async () => {
      const answer = await storesNothing(async () => post(...make(await booking())));
      assert.equal(answer.status, 415);
      assertGraphqlErrors(answer);
    });
  }

  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    test(`${method} is refused with 405 and stores nothing`, async () => {
      const answer = await storesNothing(async () =>
        send({ method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(await booking()) }));
      assert.equal(answer.status, 405);
      assert.match(answer.headers.get('allow') ?? '', /POST/);
    });
  }

  test('a body over 64 KiB is refused with 413 in the form of GraphQL', async () => {
    const answer = await storesNothing(async () => {
      const body = await booking();
      return post(JSON.stringify({ ...body, query: `${body.query} #${'x'.repeat(65 * 1024)}` }));
    });
    assert.equal(answer.status, 413);
    assertGraphqlErrors(answer);
  });

  test('a body over 64 KiB that has no content length is refused with 413 too', async () => {
    const { status, text } = await new Promise((done, fail) => {
      const call = request(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (part) => (answer += part));
        response.on('end', () => done({ status: response.statusCode, text: answer }));
      });
      call.once('error', fail);
      call.write('{"query":"{ hotel { name } } #');
      call.write('x'.repeat(100 * 1024));
      call.end('"}');
    });
    assert.equal(status, 413);
    assert.ok(JSON.parse(text).errors.length > 0);
  });

  test('a body of just under 64 KiB is taken', async () => {
    const { status, body } = await post(JSON.stringify({ query: `{ hotel { name } } #${'x'.repeat(63 * 1024)}` }));
    assert.equal(status, 200);
    assert.equal(body.data.hotel.name, 'Hotel Uji');
  });

  test('a batch is refused with 400 and stores nothing', async () => {
    const answer = await storesNothing(async () => post(JSON.stringify([await booking(), await booking()])));
    assert.equal(answer.status, 400);
    assertGraphqlErrors(answer);
  });

  test('a batch of one is refused as well', async () => {
    const answer = await storesNothing(async () => post(JSON.stringify([await booking()])));
    assert.equal(answer.status, 400);
    assertGraphqlErrors(answer);
  });

  const malformed = {
    'text that is not JSON': 'hello',
    'cut off JSON': '{"query": "{ hotel { na',
    'an empty body': '',
    'a number': '7',
    'null': 'null',
    'a query that is no text': '{"query": 7}',
    'no query': '{}',
    'variables that are no object': '{"query": "{ hotel { name } }", "variables": [1]}',
    'bytes that are not UTF-8': Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  };
  for (const [name, body] of Object.entries(malformed)) {
    test(`${name} is answered with 400 in the form of GraphQL`, async () => {
      const answer = await post(body);
      assert.equal(answer.status, 400);
      assertGraphqlErrors(answer);
    });
  }

  test('very deep JSON and a very deep query do no harm', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    for (const body of [`{"query": "{ hotel { name } }", "variables": {"a": ${deep}}}`, JSON.stringify({ query: '{ a '.repeat(15_000) })]) {
      const { status, text } = await post(body);
      assert.ok([200, 400].includes(status), `${status} ${text}`);
      assertNoInsides(text);
    }
    assert.equal((await post('{"query": "{ hotel { name } }"}')).body.data.hotel.name, 'Hotel Uji', 'the server goes on');
  });

  test('malformed variables by GET are answered with 400 in the form of GraphQL', async () => {
    const answer = await send({}, `/graphql?${new URLSearchParams({ query: '{ hotel { name } }', variables: '{' })}`);
    assert.equal(answer.status, 400);
    assertGraphqlErrors(answer);
  });

  const nested = (depth) => `{ __schema { types { fields { type { ${'ofType { '.repeat(depth)} name ${'}'.repeat(depth)} } } } } }`;

  test('a query deeper than 15 is refused', async () => {
    const answer = await post(JSON.stringify({ query: nested(20) }));
    assertGraphqlErrors(answer);
    assert.equal(answer.body.data ?? null, null);
  });

  test('a fragment does not hide the depth', async () => {
    const query = `fragment T on __Type { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } }
      fragment U on __Type { ofType { ofType { ofType { ofType { ofType { ofType { ...T } } } } } } }
      { __schema { types { fields { type { ...U } } } } }`;
    const answer = await post(JSON.stringify({ query }));
    assertGraphqlErrors(answer);
    assert.equal(answer.body.data ?? null, null);
  });

  const aliases = (count) => `{ ${Array.from({ length: count }, (_, n) => `a${n}: hotel { name }`).join(' ')} }`;

  test('a query more complex than 500 is refused, aliases counted', async () => {
    const answer = await post(JSON.stringify({ query: aliases(300) }));
    assertGraphqlErrors(answer);
    assert.equal(answer.body.data ?? null, null);
  });

  test('a query within the limits is answered', async () => {
    const { status, body } = await post(JSON.stringify({ query: aliases(200) }));
    assert.equal(status, 200);
    assert.equal(Object.keys(body.data).length, 200);
  });

  test("the tools' introspection query is answered", async () => {
    const { status, body } = await post(JSON.stringify({ query: getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }) }));
    assert.equal(status, 200, JSON.stringify(body.errors));
    assert.equal(body.data.__schema.queryType.name, 'Query');
  });

  test('a fragment that uses itself is refused', async () => {
    const answer = await post(JSON.stringify({ query: '{ hotel { ...F } } fragment F on Hotel { name ...F }' }));
    assertGraphqlErrors(answer);
    assert.equal(answer.body.data ?? null, null);
  });

  test("the staff's queries are refused without a session, and with a wrong one", async () => {
    for (const options of [{}, { token: 'nobody' }]) {
      const { data, errors } = await server.ask('{ bookings { totalCount } }', {}, options);
      assert.equal(data ?? null, null);
      assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
    }
  });

  test("a booking's history is forbidden to its guest", async () => {
    const booked = await server.book();
    const { errors } = await server.ask(
      'query ($r: String!, $t: String!) { myBooking(receiptNo: $r, accessToken: $t) { history { at } } }',
      { r: booked.booking.receiptNo, t: booked.accessToken },
    );
    assert.equal(errors[0].extensions.code, 'FORBIDDEN');
  });

  test('a sign-in code works once', async () => {
    const code = await server.staffCode();
    const signIn = () => server.ask('mutation ($code: String!) { signInWithCode(code: $code) { token } }', { code });
    assert.equal(typeof (await signIn()).data.signInWithCode.token, 'string');
    const second = await signIn();
    assert.equal(second.data ?? null, null);
    assert.ok(second.errors[0].extensions.code);
  });

  describe('the pages', () => {
    for (const path of ['/', '/b/RESI-20260104-001', '/fo']) {
      test(`${path} comes with a strict Content-Security-Policy and the other safety headers`, async () => {
        const { status, headers, text } = await send({}, path);
        assert.equal(status, 200);
        assert.match(headers.get('content-type'), /^text\/html/);
        const policy = Object.fromEntries((headers.get('content-security-policy') ?? '').split(';').map((part) => part.trim().split(/\s+/)).filter(([name]) => name).map(([name, ...values]) => [name, values]));
        assert.ok(policy['default-src'], 'a policy with default-src');
        const all = Object.values(policy).flat();
        for (const loose of ["'unsafe-inline'", "'unsafe-eval'", '*', 'http:', 'https:']) assert.ok(!all.includes(loose), `no ${loose}`);
        assert.ok(!(policy['script-src'] ?? policy['default-src']).includes('data:'), 'no data: scripts');
        // Telegram's web client shows the board as a Mini App.
        assert.deepEqual(policy['frame-ancestors'], ['https://web.telegram.org'], 'only Telegram frames it, as a Mini App');
        assert.ok(policy['base-uri'], 'base-uri is set');
        assert.ok(policy['form-action'], 'form-action is set');
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.match(headers.get('referrer-policy') ?? '', /^(no-referrer|same-origin|strict-origin)$/);
        assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)[^>]*>\s*\S/i, 'no inline script');
        assert.doesNotMatch(text, /<style|\sstyle=|\son[a-z]+=/i, 'no inline style and no inline handler');
        assert.doesNotMatch(text, /(src|href|action)\s*=\s*["']?(https?:)?\/\//i, 'no third-party host');
        assert.match(text, /<html[^>]*\blang="id"/i);
      });

      test(`every file that ${path} names is served, with its type and nosniff`, async () => {
        const { text } = await send({}, path);
        const names = [...text.matchAll(/(?:src|href)="(\/[^"#?]*\.(?:js|css|svg|png|ico|webmanifest)[^"]*)"/g)].map((match) => match[1]);
        assert.ok(names.some((name) => /\.js/.test(name)) && names.some((name) => /\.css/.test(name)), `scripts and styles by absolute paths: ${names}`);
        for (const name of names) {
          const { status, headers } = await send({}, name);
          assert.equal(status, 200, name);
          assert.equal(headers.get('x-content-type-options'), 'nosniff', name);
          if (/\.js/.test(name)) assert.match(headers.get('content-type'), /javascript/, name);
          if (/\.css/.test(name)) assert.match(headers.get('content-type'), /^text\/css/, name);
        }
      });
    }

    for (const path of ['/nothing', '/js/nothing.js', '/..%2f..%2fCargo.toml', '/js/..%2f..%2f..%2fCargo.toml', '/js/']) {
      test(`${path} is not found`, async () => {
        const { status, text } = await send({}, path);
        assert.equal(status, 404);
        assertNoInsides(text);
      });
    }

    test('/healthz and /readyz answer', async () => {
      assert.equal((await send({}, '/healthz')).status, 200);
      const ready = await send({}, '/readyz');
      assert.equal(ready.status, 200);
      assert.equal(typeof ready.body, 'object');
    });
  });
});
