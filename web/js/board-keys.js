// The keyboard of the board: `/` searches, arrows move between rows, Enter opens, `t`, `p` and `c` act
// on the row that has the focus or is open, Escape goes back. No key does what needs a question
// without asking it: `p` opens the matching sheet and never pays.
const actions = { t: 'arrived', p: 'paid', c: 'cancel' };

/**
 * @param chosen () => the booking of the focused row, else the open one, else null
 * @param onAct (action, booking)
 * @param onEscape () => void
 */
export function mountKeys({ input, chosen, onAct, onEscape }) {
  const names = () => [...document.querySelectorAll('#board .row-name')].filter((name) => name.offsetParent !== null);

  function move(step) {
    const all = names(), at = all.indexOf(document.activeElement?.closest('.row')?.querySelector('.row-name'));
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, at + step)];
    if (at === 0 && step < 0) input.focus();
    else next?.focus();
    next?.closest('.row').scrollIntoView({ block: 'nearest' });
  }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector('dialog[open]')) return;
    const { target, key } = event, inSearch = target === input;
    const typing = !inSearch && target.matches?.('input, textarea, select');
    const done = () => event.preventDefault();
    if (key === 'Escape') { onEscape(); done(); return; }
    if (typing) return;
    if (key === 'ArrowDown' || key === 'ArrowUp') { done(); move(key === 'ArrowDown' ? 1 : -1); return; }
    if (inSearch) {
      if (key === 'Enter') { done(); names()[0]?.click(); }
      return;
    }
    if (key === '/') { done(); input.focus(); input.select(); return; }
    const booking = actions[key] && chosen();
    if (booking) { done(); onAct(actions[key], booking); }
  });
}
