// How the board calls: a sound (off by default) that repeats until somebody touches the page, a
// notification of the browser, the title of the tab with what is due next, and a line for screen
// readers. It does not decide what is worth a call.
import { byId, el, icon, setText } from './dom.js';
import { countdown } from './format.js';
import { t } from './language.js';
import { deviceStorage } from './storage.js';

const key = 'jatah.sound';
// Three short tunes: rising for a new booking, repeated for one that ends soon, falling for an end.
const tunes = { new: [660, 880], soon: [880, 880], gone: [520, 390] };
const again = 12_000;

export function mountNotice() {
  const button = byId('sound');
  let on = deviceStorage.getItem(key) === 'on', audio = null, unseen = 0, repeating = null;

  const soundOf = () => { const Sound = globalThis.AudioContext ?? globalThis.webkitAudioContext; return audio ?? (audio = new Sound()); };

  function play(kind) {
    if (!on) return;
    try {
      soundOf().resume();
      tunes[kind].forEach((pitch, step) => beep(pitch, audio.currentTime + step * 0.18));
    } catch { /* no sound here; the visible signs still work */ }
  }

  function beep(pitch, at) {
    const tone = audio.createOscillator(), volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.2, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.17);
  }

  function ring(kind) {
    play(kind);
    clearInterval(repeating);
    repeating = on ? setInterval(() => play(kind), again) : null;
  }

  function notify(words, receiptNo) {
    if (!on || document.hasFocus() || globalThis.Notification?.permission !== 'granted') return;
    try { new Notification(words, { tag: receiptNo }); } catch { /* some phones allow it only to workers */ }
  }

  function update() {
    const words = t(on ? 'board.sound.on' : 'board.sound.off');
    // The words are for those who wonder why nothing rings; a phone has no room for them.
    button.replaceChildren(icon(on ? 'sound' : 'mute'), ...(on ? [] : [el('span', {}, t('board.sound.hint'))]));
    button.classList.toggle('off', !on);
    button.setAttribute('aria-pressed', String(on));
    button.setAttribute('aria-label', words);
    button.title = words;
  }

  button.addEventListener('click', () => {
    on = !on;
    deviceStorage.setItem(key, on ? 'on' : 'off');
    update();
    play('new'); // a sample of the sound; browsers also need a tap first
    try { if (on && globalThis.Notification?.permission === 'default') Notification.requestPermission(); } catch { /* not offered */ }
  });

  /** Somebody is there: the call was heard. After a reload browsers also need a touch before a sound. */
  function touched() {
    clearInterval(repeating);
    repeating = null;
    unseen = 0;
    if (on) try { soundOf().resume(); } catch { /* no sound here */ }
  }
  for (const sign of ['pointerdown', 'keydown']) addEventListener(sign, touched);
  addEventListener('focus', () => { unseen = 0; });

  return {
    update,
    /** @param kind 'new' | 'soon' | 'gone' */
    tell(kind, booking) {
      const words = t(`board.${kind}`, { name: booking.guestName, room: booking.roomType.name });
      ring(kind);
      notify(words, booking.receiptNo);
      if (kind === 'new' && !document.hasFocus()) unseen += 1;
      setText(byId('spoken'), words);
    },
    /** @param due the pending booking whose time ends next, or undefined */
    title(due, now) {
      const page = t('board.page'), left = due ? Date.parse(due.holdUntil) - now : 0;
      // By the minute, except near the end: a title that runs is restless.
      const shownLeft = left > 120_000 ? Math.ceil(left / 60_000) * 60_000 : left;
      const words = left > 0 ? t('board.due', { left: countdown(shownLeft), name: due.guestName, page }) : page;
      const wanted = unseen ? `(${unseen}) ${words}` : words;
      if (document.title !== wanted) document.title = wanted;
    },
  };
}
