// The button that lets this page ring and vibrate at the reminder: an e-mail does not reach a driver.
// Browsers allow a sound only after a tap, so it is off after each load. It does not decide when the
// reminder is.
import { byId, setText, show } from './dom.js';
import { t } from './language.js';
import { keepScreenOn } from './screen-lock.js';

const times = [0, 0.35, 0.7, 1.4, 1.75, 2.1]; // seconds
const shaking = [300, 150, 300, 150, 300, 500, 300, 150, 300, 150, 300]; // milliseconds, on and off

export function mountRing() {
  const button = byId('ring-switch');
  const Sound = globalThis.AudioContext ?? globalThis.webkitAudioContext;
  const offered = Boolean(Sound || navigator.vibrate);
  let on = false, sound = null, wasSoon = null;

  function turn(wanted) {
    on = wanted;
    update();
    keepScreenOn('ring', on);
    if (!on) return;
    if (Sound && !sound) sound = new Sound();
    ring(1); // so that the guest knows how it sounds, and whether the phone is mute
  }

  function ring(count = times.length) {
    navigator.vibrate?.(shaking.slice(0, count * 2 - 1));
    if (!sound) return;
    sound.resume?.();
    for (const after of times.slice(0, count)) beep(sound.currentTime + after);
  }

  /** A tone that swells and fades within a quarter of a second: a hard edge would crack. */
  function beep(at) {
    const tone = sound.createOscillator(), volume = sound.createGain();
    tone.frequency.value = 880;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.5, at + 0.02);
    volume.gain.linearRampToValueAtTime(0, at + 0.25);
    tone.connect(volume);
    volume.connect(sound.destination);
    tone.start(at);
    tone.stop(at + 0.25);
  }

  const update = () => setText(byId('ring-words'), t(on ? 'ring.off' : 'ring.on'));

  button.addEventListener('click', () => turn(!on));

  return {
    update,
    /** Called each second: `soon` is null unless the hold runs. It rings when `soon` becomes true. */
    tick(soon) {
      if (on && soon && wasSoon === false) ring();
      wasSoon = soon;
      if (soon === null && on) turn(false);
      show(byId('ring'), offered && soon !== null && (on || !soon));
    },
  };
}
