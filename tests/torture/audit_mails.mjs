// The part of the checker that compares the mails that the mail server took with those that the changes
// owe. A mail may be given up, but only for a reason that is true; it may come twice, but only around a
// fault.

/** Faults after which a mail may come again: the outcome of the first sending was not stored or not known. */
const DOUBLING = /kill|stop|database|disk|mail|freeze/;

export function auditMails(evidence) {
  const { stored, mails, changesOf, log, windows, totals } = evidence;
  const taken = new Map();
  for (const mail of mails) {
    if (!taken.has(mail.id)) taken.set(mail.id, []);
    taken.get(mail.id).push(mail);
  }
  const notices = new Map(stored.notices.filter(({ to }) => to === 'GUEST').map((notice) => [`${notice.receiptNo}.${notice.revision}`, notice]));
  const addresses = new Map(log.filter(({ input }) => input?.email).map(({ input }) => [input.guestName, input.email]));
  totals.mails = { owed: 0, taken: mails.length, doubled: 0, givenUp: {} };
  for (const [receiptNo, changes] of changesOf) {
    for (const change of changes) {
      const id = `${receiptNo}.${change.revision}`;
      const got = taken.get(id) ?? [];
      taken.delete(id);
      const find = (what) => evidence.find('mail', receiptNo, `the mail of revision ${change.revision} (${change.event.kind}) ${what}`);
      const [owed] = change.owes;
      if (!owed) {
        if (got.length > 0) find('was sent and is not owed');
        continue;
      }
      totals.mails.owed += 1;
      for (const { to } of got) if (to !== addresses.get(changes[0].guest)) find(`went to ${to}`);
      auditOutcome(evidence, change, owed, notices.get(id), got, find);
      if (got.length > 1) {
        totals.mails.doubled += 1;
        const [first, last] = [got[0].at, got.at(-1).at];
        const isExcused = windows.some(({ kind, from, until }) => DOUBLING.test(kind) && from <= last + 1_000 && (until ?? Infinity) >= first - 1_000);
        if (!isExcused) find(`came ${got.length} times without any fault`);
      }
    }
    for (const change of changes.filter(({ event }) => event.kind === 'QRIS_SENT')) {
      const isThere = changes.some(({ revision, owes }) => revision < change.revision && owes[0]?.withQris && mails.some(({ id, at }) => id === `${receiptNo}.${revision}` && at <= change.at + 1 + evidence.slack));
      if (!isThere) evidence.find('mail', receiptNo, `revision ${change.revision}: a code is recorded as sent before the mail server took it`);
    }
  }
  for (const id of taken.keys()) evidence.find('mail', null, `${id} belongs to no change`);
}

function auditOutcome(evidence, change, owed, notice, got, find) {
  const { totals, slack, windows } = evidence;
  if (!notice) return find('is owed and not stored');
  if (notice.sentAt !== null) return got.length > 0 ? undefined : find('is recorded as sent, and the mail server never got it');
  if (notice.gaveUpAt === null) return evidence.mayOweMails ? undefined : find('is still owed');
  const { code, gaveUpAt } = notice;
  totals.mails.givenUp[code] = (totals.mails.givenUp[code] ?? 0) + 1;
  const later = evidence.changesOf.get(change.receiptNo).filter(({ revision, at }) => revision > change.revision && at <= gaveUpAt + slack);
  const isTrue = {
    TOO_LATE: gaveUpAt >= owed.usefulUntil,
    BOOKING_ENDED: later.some(({ status }) => status !== 'PENDING'),
    OVERTAKEN: later.some(({ until }) => until !== change.until),
    MAYBE_SENT: windows.some(({ kind, from, until }) => /mail|freeze/.test(kind) && from <= gaveUpAt && (until ?? Infinity) >= change.at),
  }[code];
  return isTrue ? undefined : find(`was given up with ${code}, which is not true`);
}
