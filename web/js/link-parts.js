// Reads a guest's link. Mail programs and messengers rewrite links: they encode the `#`, add a slash
// before it, or take the full stop of a sentence into it. Pure functions.

/** An access token has 43 characters of base64url: 256 bits. */
const token = /(?:#|%23|%2523)\/?([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])/i;

/** The receipt number and the access token of a path with its fragment; '' for what is missing. */
export function linkParts(address) {
  const accessToken = token.exec(address)?.[1] ?? '';
  const [, receiptNo = ''] = /^\/b\/([^/#%?]*)/.exec(address) ?? [];
  return { receiptNo, accessToken };
}

/**
 * The same of whatever a guest pasted: the link, a message around it, or the token alone. `known` is
 * the receipt number of the page. Null if it has no token.
 */
export function pastedParts(pasted, known) {
  const accessToken = token.exec(pasted)?.[1] ?? /^\s*([A-Za-z0-9_-]{43})\s*$/.exec(pasted)?.[1];
  const receiptNo = /\/b\/([^/#%?\s]+)/.exec(pasted)?.[1] ?? known;
  return accessToken && receiptNo ? { receiptNo, accessToken } : null;
}
