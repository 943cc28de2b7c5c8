// One id for each filled form. A double tap, a reload or a retry sends the same id, so only one
// booking is made. Changed input gets a new id.

const key = 'jatah.request';

/** 128 random bits as base64url (22 characters). */
export function randomId(crypto = globalThis.crypto) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/** The id for this input: the stored id if the input is the same, else a new one. */
export function requestIdFor(input, storage, crypto) {
  const fingerprint = JSON.stringify(input);
  try {
    const kept = JSON.parse(storage.getItem(key));
    if (kept?.fingerprint === fingerprint) return kept.id;
  } catch { /* unreadable: make a new one */ }
  const id = randomId(crypto);
  storage.setItem(key, JSON.stringify({ fingerprint, id }));
  return id;
}

/** Forgets the id after an answer, so that the next booking gets a new one. */
export function forgetRequestId(storage) {
  storage.removeItem(key);
}
