// The signed-in person's own sheet: signing out, which asks once more, and for managers the running
// sessions and one-time codes for another device or person. It keeps no session itself.
import { CREATE_STAFF_CODE, REVOKE_STAFF_SESSION, STAFF_SESSIONS } from './board-documents.js';
import { byId, closeByBackdrop, closeDialog, el, openDialog, setText, show } from './dom.js';
import { shortMoment } from './format.js';
import { language, sentenceOf, t } from './language.js';

/**
 * @param staff () => {name, role} of who is signed in
 * @param onSignOut () => void
 */
export function mountAccount({ api, staff, hotel, now, onSignOut }) {
  const dialog = byId('account-sheet');
  let sessions = [], made = null, problem = null, sure = false, ending = null;

  const isManager = () => staff()?.role === 'MANAGER';
  const when = (instant) => shortMoment(instant, now(), hotel().timezone, language());

  function open() {
    [sessions, made, problem, sure, ending] = [[], null, null, false, null];
    byId('team-name').value = '';
    update();
    openDialog(dialog);
    byId('account-close').focus();
    if (isManager()) load();
  }

  async function attempt(task) {
    problem = null;
    try { await task(); } catch (error) { problem = sentenceOf(error); }
    update();
  }

  const load = () => attempt(async () => { sessions = (await api(STAFF_SESSIONS)).staffSessions; });

  const makeCode = () => attempt(async () => {
    made = null;
    const name = byId('team-name').value.trim();
    made = { name, ...(await api(CREATE_STAFF_CODE, { name, role: byId('team-role').value })).createStaffCode };
  });

  /** The first tap asks, the second one ends the session. */
  function end(id) {
    if (ending !== id) { ending = id; update(); return; }
    ending = null;
    attempt(async () => {
      await api(REVOKE_STAFF_SESSION, { id });
      sessions = (await api(STAFF_SESSIONS)).staffSessions;
    });
  }

  function update() {
    if (!staff() || !hotel()) return;
    setText(byId('account-title'), `${staff().name} · ${t(`board.role.${staff().role}`)}`);
    show(byId('team'), isManager());
    byId('team-sessions').replaceChildren(...sessions.map(({ id, staff: person, since, isOwn }) => el('li', { 'data-session': id },
      el('span', {}, el('strong', {}, person.name), ` · ${t(`board.role.${person.role}`)} · ${t('team.since', { when: when(since) })}`),
      isOwn ? el('small', {}, t('team.own'))
        : el('button', { type: 'button', class: 'quiet danger', onclick: () => end(id), 'aria-label': t('team.end.named', { name: person.name }) }, t(ending === id ? 'team.end.sure' : 'team.end')))));
    show(byId('team-code'), Boolean(made));
    setText(byId('team-code-words'), made ? t('team.code', { name: made.name, when: when(made.expiresAt) }) : '');
    setText(byId('team-code-text'), made ? made.url : '');
    setText(byId('team-problem'), problem ?? '');
    show(byId('team-problem'), Boolean(problem));
    setText(byId('sign-out'), t(sure ? 'board.signout.yes' : 'board.signout'));
    setText(byId('sign-out-sure'), sure ? t('board.signout.sure') : '');
    show(byId('sign-out-sure'), sure);
  }

  byId('account').addEventListener('click', open);
  byId('account-close').addEventListener('click', () => closeDialog(dialog));
  byId('team-form').addEventListener('submit', (event) => { event.preventDefault(); makeCode(); });
  byId('sign-out').addEventListener('click', () => {
    if (!sure) { sure = true; update(); return; }
    closeDialog(dialog);
    onSignOut();
  });
  closeByBackdrop(dialog);
  return { update, close: () => closeDialog(dialog) };
}
