// Says for a moment what was done, and reads it to screen readers. It asks nothing and never lies
// over a control: taps go through it.
import { byId, setText, show } from './dom.js';

const visible = 6_000;

export function mountToast() {
  let timer;
  return {
    say(words) {
      setText(byId('toast'), words);
      byId('toast').classList.add('shown');
      show(byId('toast'), true);
      clearTimeout(timer);
      timer = setTimeout(() => { byId('toast').classList.remove('shown'); setText(byId('toast'), ''); }, visible);
    },
  };
}
