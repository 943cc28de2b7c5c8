// GraphQL over HTTP: one function that sends a document and answers data, or throws what went wrong.

/** The server understood and said no. Its message is a ready sentence in the asked language. */
export class Refusal extends Error {
  constructor({ message, extensions = {} }) {
    super(message);
    this.code = extensions.code ?? 'INTERNAL';
    this.field = extensions.field ?? null;
  }
}

/** No answer came, or none that makes sense: nobody knows whether the server acted. */
export class Unreachable extends Error {}

/**
 * @param language () => 'id' | 'en', asked at each request, since people switch
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
        // A request that hangs on a half-dead mobile connection must end, so that it can be retried.
        signal: AbortSignal.timeout(patience),
      });
      answer = await response.json();
    } catch (cause) {
      throw new Unreachable('no answer', { cause });
    }
    if (answer?.errors?.length) throw new Refusal(answer.errors[0]);
    if (!answer?.data) throw new Unreachable('an answer without data');
    return answer.data;
  };
}
