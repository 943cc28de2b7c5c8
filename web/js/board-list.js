// A list of rows, one for each booking. Rows are kept by receipt number, and only those whose booking
// changed are drawn and moved. It does not decide which bookings it shows, or in which order.
import { createRow } from './board-row.js';

/**
 * @param parent the element of the list
 * @param next (booking) => the next action of a booking
 */
export function createList(parent, { onAct, onOpen, next }) {
  const rows = new Map(), onScreen = new Set();
  // Only rows on the screen are told the time. Browsers without an observer tell all.
  const observer = globalThis.IntersectionObserver && new IntersectionObserver(seen, { rootMargin: '200px' });
  let lastTime = 0;

  function seen(entries) {
    for (const { target, isIntersecting } of entries) {
      const row = rows.get(target.dataset.receipt);
      if (!row || row.node !== target) continue;
      if (!isIntersecting) { onScreen.delete(row); continue; }
      onScreen.add(row);
      row.tick(lastTime);
    }
  }

  function rowOf({ receiptNo }) {
    if (!rows.has(receiptNo)) rows.set(receiptNo, createRow({ onAct, onOpen }));
    return rows.get(receiptNo);
  }

  function drop(receiptNo, row) {
    observer?.unobserve(row.node);
    onScreen.delete(row);
    rows.delete(receiptNo);
    row.node.remove();
  }

  /**
   * Shows these bookings in this order. Bookings that did not change keep their order among
   * themselves, unless `reordered` says otherwise.
   */
  function show(bookings, hotel, now, reordered = false) {
    lastTime = now;
    const wanted = new Set(bookings.map(({ receiptNo }) => receiptNo));
    for (const [receiptNo, row] of rows) if (!wanted.has(receiptNo)) drop(receiptNo, row);
    const focused = document.activeElement;
    // From the last to the first: each row that changed goes before its successor, which is already
    // in its place.
    let successor = null;
    for (let index = bookings.length - 1; index >= 0; index -= 1) {
      const row = rowOf(bookings[index]), { node } = row;
      const changed = row.update(bookings[index], hotel, next(bookings[index]), now) || reordered;
      if (changed && (node.parentNode !== parent || node.nextElementSibling !== successor)) place(node, successor);
      successor = node;
    }
    if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
  }

  function place(node, successor) {
    const isNew = node.parentNode !== parent;
    parent.insertBefore(node, successor);
    if (!isNew) return;
    if (observer) observer.observe(node);
    else onScreen.add(rows.get(node.dataset.receipt));
  }

  return {
    show,
    tick(now) { lastTime = now; for (const row of onScreen) row.tick(now); },
    row: (receiptNo) => rows.get(receiptNo),
    clear() { for (const [receiptNo, row] of [...rows]) drop(receiptNo, row); },
  };
}
