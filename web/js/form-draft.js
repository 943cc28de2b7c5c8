// What was typed into the form, kept for a reload in the same tab. The page of a booking that has
// ended writes it too, so that booking again takes one tap. Which values are valid is not judged here.
import { tabStorage } from './storage.js';

const key = 'jatah.draft';

export const keepDraft = (values, storage = tabStorage) => storage.setItem(key, JSON.stringify(values));
export const forgetDraft = (storage = tabStorage) => storage.removeItem(key);

/** The kept values; {} without any. */
export function keptDraft(storage = tabStorage) {
  try { return JSON.parse(storage.getItem(key)) ?? {}; } catch { return {}; } // unreadable: as if none
}
