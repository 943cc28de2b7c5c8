// Keeps the screen on while the page needs it: with the screen off it gets no position and rings not.
// One lock for all who need it. Where a browser does not offer it, nothing happens.

const needed = new Set();
let lock = null;

/** @param who a name for the reason, so that one does not end what another one needs */
export function keepScreenOn(who, wanted) {
  if (wanted) needed.add(who);
  else needed.delete(who);
  settle();
}

async function settle() {
  if (!needed.size) {
    lock?.release()?.catch(() => {});
    lock = null;
    return;
  }
  if (lock || document.visibilityState !== 'visible') return;
  try {
    lock = await navigator.wakeLock.request('screen');
    lock.addEventListener('release', () => { lock = null; });
    if (!needed.size) settle(); // the need ended meanwhile
  } catch { /* not offered here */ }
}

// The browser releases it whenever the page is hidden.
globalThis.document?.addEventListener('visibilitychange', settle);
