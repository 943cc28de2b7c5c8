// GraphQL over HTTP: one function that sends a document and returns the data or throws an error.

/** The server refused the request. Its message is a sentence in the requested language. */
export class Refusal extends Error {
  constructor({ message, extensions = {} }) {
    super(message);
    this.code = extensions.code ?? 'INTERNAL';
    this.field = extensions.field ?? null;
  }
}

/** There was no answer or a malformed one. It is unknown whether the server acted. */
export class Unreachable extends Error {}

/**
 * A signal that ends a request which hangs on a bad mobile connection, so that it can be tried again.
 * `AbortSignal.timeout` is missing in browsers before 2022.
 */
function ending(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}

/**
 * @param language () => 'id' | 'en', called for each request, because it can change
 * @param token () => string | null, the staff's session
 */
export function createApi({ language, token = () => null, endpoint = '/graphql', fetch = globalThis.fetch.bind(globalThis), patience = 15_000 }) {
  return async function request(query, variables = {}) {
    const headers = {
      'Content-Type': 'application/json',
      'Accept': 'application/graphql-response+json, application/json',
      'Accept-Language': language(),
    };
    const session = token();
    if (session) headers.Authorization = `Bearer ${session}`;
    let answer;
    try {
      const response = await fetch(endpoint, {
        method: 'POST', headers, credentials: 'omit', cache: 'no-store',
        body: JSON.stringify({ query, variables }),
        signal: ending(patience),
      });
      answer = await response.json();
    } catch (cause) {
      throw Object.assign(new Unreachable('no answer'), { cause });
    }
    if (answer?.errors?.length) throw new Refusal(answer.errors[0]);
    if (!answer?.data) throw new Unreachable('an answer without data');
    return answer.data;
  };
}
