// One id for one filled form. A double tap, a reload or a retry sends the same id and so books once;
// a changed input is another wish and gets another id.

const key = 'jatah.request';

/** 128 random bits as base64url (22 characters). */
export function randomId(crypto = globalThis.crypto) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The id that belongs to this input: the kept one while the input is the same, else a new one. */
export function requestIdFor(input, storage, crypto) {
  const fingerprint = JSON.stringify(input);
  try {
    const kept = JSON.parse(storage.getItem(key));
    if (kept?.fingerprint === fingerprint) return kept.id;
  } catch { /* not ours: make a new one */ }
  const id = randomId(crypto);
  storage.setItem(key, JSON.stringify({ fingerprint, id }));
  return id;
}

/** The wish was answered: the next booking is a new one. */
export function forgetRequestId(storage) {
  storage.removeItem(key);
}
