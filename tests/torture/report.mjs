// Prints what a run did and what the checker found.

const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

function countsOf(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const faultCounts = (windows) => countsOf(windows.map(({ kind }) => kind));

export function printRun({ name, windows, totals, findings, errors, folder }) {
  const line = (what, value) => console.log(`  ${what.padEnd(16)} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const late = totals.latenessMs.sort((a, b) => a - b);
  console.log(`== ${name}: ${findings.length === 0 ? 'nothing found' : `${findings.length} FINDINGS`}`);
  line('faults', faultCounts(windows));
  line('bookings', `${totals.bookings} ${JSON.stringify(totals.ends)}, ${totals.changes} changes, ${totals.nights} nights of a room type`);
  line('board heard', `${totals.heard} changes`);
  line('mails', totals.mails);
  for (const [action, codes] of Object.entries(totals.answers)) line(action, codes);
  line('deadlines', `${late.length} away from faults: ${percentile(late, 0.5)} ms late in the median, ${percentile(late, 0.99)} ms in the 99th percentile, ${late.at(-1) ?? 0} ms at most`);
  if (errors.length > 0) line('errors logged', `${errors.length}, such as: ${errors[0]}`);
  if (findings.length > 0) line('found', countsOf(findings.map(({ rule }) => rule)));
  for (const { rule, receiptNo, what, history } of findings.slice(0, 20)) {
    console.log(`  FOUND ${rule}: ${receiptNo ?? ''} ${what}`);
    for (const entry of history) console.log(`      ${entry}`);
  }
  if (findings.length > 20) console.log(`  … and ${findings.length - 20} more`);
  if (findings.length > 0) console.log(`  the server's files are kept in ${folder}`);
}

/** A table of all runs: each fault with how often it was injected. */
export function printSummary(runs) {
  const all = {};
  for (const { store, windows } of runs) {
    for (const [kind, count] of Object.entries(faultCounts(windows))) {
      all[kind] ??= {};
      all[kind][store] = (all[kind][store] ?? 0) + count;
    }
  }
  console.log(`\n${'fault'.padEnd(36)} ${'sqlite'.padStart(8)} ${'mongodb'.padStart(8)}`);
  for (const [kind, counts] of Object.entries(all).sort()) console.log(`${kind.padEnd(36)} ${String(counts.sqlite ?? 0).padStart(8)} ${String(counts.mongodb ?? 0).padStart(8)}`);
  const sum = (of) => runs.reduce((total, one) => total + of(one), 0);
  console.log(`${runs.length} runs, ${sum(({ totals }) => totals.bookings)} bookings, ${sum(({ totals }) => totals.changes)} changes, ${sum(({ totals }) => totals.mails.taken)} mails, ${sum(({ findings }) => findings.length)} findings`);
}
