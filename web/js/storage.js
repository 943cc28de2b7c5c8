// Storage that never throws. It may be blocked or full, and then it lasts as long as the page. Only
// for what is nice to have after a reload.

/** The storage of this name in a window; without it, one in memory. */
export function safeStorage(name, scope = globalThis) {
  const memory = new Map();
  const area = () => { try { return scope[name]; } catch { return null; } };
  return {
    getItem(key) {
      if (memory.has(key)) return memory.get(key);
      try { return area().getItem(key); } catch { return null; }
    },
    setItem(key, value) {
      try { area().setItem(key, value); memory.delete(key); } catch { memory.set(key, value); }
    },
    removeItem(key) {
      memory.delete(key);
      try { area().removeItem(key); } catch { /* it was never there */ }
    },
  };
}

export const tabStorage = safeStorage('sessionStorage');
export const deviceStorage = safeStorage('localStorage');
