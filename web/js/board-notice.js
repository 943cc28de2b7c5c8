// How the board gets attention: a sound (off by default), a count in the title, and a line for
// screen readers.
import { byId, setText } from './dom.js';
import { t } from './language.js';
import { soundIcon } from './board-card.js';

const key = 'jatah.sound';
// Three short tunes: rising for a new booking, repeated for one that ends soon, falling for an end.
const tunes = { new: [660, 880], soon: [880, 880], gone: [520, 390] };

export function mountNotice() {
  const button = byId('sound');
  let on = remembered(), audio = null, unseen = 0;

  function remembered() { try { return localStorage.getItem(key) === 'on'; } catch { return false; } }

  function play(kind) {
    if (!on) return;
    try {
      audio = audio ?? new AudioContext();
      audio.resume();
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

  function update() {
    button.replaceChildren(soundIcon(on));
    button.setAttribute('aria-pressed', String(on));
    button.setAttribute('aria-label', t(on ? 'board.sound.on' : 'board.sound.off'));
    button.title = t(on ? 'board.sound.on' : 'board.sound.off');
  }

  button.addEventListener('click', () => {
    on = !on;
    try { localStorage.setItem(key, on ? 'on' : 'off'); } catch { /* then only until the page closes */ }
    update();
    play('new'); // a sample of the sound; browsers also need a tap first
  });
  // After a reload browsers block sound until the page is touched.
  addEventListener('pointerdown', () => { if (on) { audio = audio ?? new AudioContext(); audio.resume(); } }, { once: true });
  const seen = () => { if (document.visibilityState === 'visible' && document.hasFocus()) unseen = 0; };
  addEventListener('focus', seen);
  document.addEventListener('visibilitychange', seen);

  return {
    update,
    /** @param kind 'new' | 'soon' | 'gone' */
    tell(kind, booking) {
      play(kind);
      if (kind === 'new' && !document.hasFocus()) unseen += 1;
      setText(byId('spoken'), t(`board.${kind}`, { name: booking.guestName, room: booking.roomType.name }));
    },
    title(words) {
      const wanted = unseen ? `(${unseen}) ${words}` : words;
      if (document.title !== wanted) document.title = wanted;
    },
  };
}
