// Asks about an e-mail address that is probably mistyped (gmial.com). It only asks: whoever says that
// the address is right books with it.
import { byId, setText, show } from './dom.js';
import { t } from './language.js';

/** Where nearly all guests have their mailbox. */
const usual = ['gmail.com', 'yahoo.com', 'yahoo.co.id', 'ymail.com', 'rocketmail.com', 'hotmail.com', 'outlook.com', 'outlook.co.id', 'live.com', 'icloud.com'];
/** Real ones that look like a mistake in a usual one. */
const real = new Set([...usual, 'mail.com', 'email.com', 'gmx.com', 'yahoo.co.in', 'yahoo.co.jp', 'yahoo.co.uk', 'yahoo.ca', 'live.ca', 'live.co.uk', 'outlook.co', 'hotmail.co.uk', 'aol.com', 'me.com']);
/** There is no such mail, but guests write it. */
const wrong = { 'gmail.co.id': 'gmail.com', 'gmail.id': 'gmail.com', 'gmail.net': 'gmail.com', 'gmail.org': 'gmail.com', gmail: 'gmail.com', yahoo: 'yahoo.com' };

/** The address that was probably meant, or null. */
export function likelyEmail(address) {
  const [, name, domain] = /^\s*([^\s@]+)@([^\s@]+?)\.?\s*$/.exec(address.toLowerCase()) ?? [];
  if (!domain || real.has(domain)) return null;
  const meant = wrong[domain] ?? usual.find((known) => isMistyped(domain, known));
  return meant ? `${address.trim().slice(0, name.length)}@${meant}` : null;
}

/** One slip in the name and one in the rest: `gmial.con`. */
function isMistyped(domain, known) {
  if (oneSlip(domain, known)) return true;
  const dot = domain.indexOf('.'), knownDot = known.indexOf('.');
  return dot > 0 && oneSlip(domain.slice(0, dot), known.slice(0, knownDot)) && oneSlip(domain.slice(dot), known.slice(knownDot));
}

/** Whether `a` becomes `b` by at most one letter left out, added, exchanged, or two swapped. */
export function oneSlip(a, b) {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  return restA.slice(1) === restB || restA === restB.slice(1) || restA.slice(1) === restB.slice(1)
    || (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2));
}

/**
 * @param current () => the address in the form, or '' where none is needed
 * @param correct (address) => void, called when the guest takes the correction
 * @param goOn () => void, called when the guest says that the address is right
 */
export function mountEmailQuestion({ current, correct, goOn }) {
  let asked = null, confirmed = null, insisted = null; // addresses

  function update() {
    if (asked !== null && asked !== current()) asked = null;
    const meant = asked && likelyEmail(asked);
    setText(byId('email-ask-words'), meant ? t('form.email.ask', { domain: meant.split('@')[1] }) : '');
    show(byId('email-ask'), Boolean(meant));
  }

  function ask() {
    const address = current();
    if (address === confirmed || !likelyEmail(address)) return;
    asked = address;
    update();
  }

  /** Whether to wait for an answer before booking: once. Who sends the form again means it. */
  function holdsBack() {
    ask();
    const open = asked !== null && asked !== insisted;
    insisted = asked;
    return open;
  }

  byId('email').addEventListener('change', ask);
  byId('email-yes').addEventListener('click', () => {
    const meant = likelyEmail(asked ?? '');
    if (meant) correct(meant);
    update();
    byId('email').focus();
  });
  byId('email-no').addEventListener('click', () => {
    confirmed = asked;
    asked = null;
    update();
    goOn();
  });
  return { holdsBack, update };
}
