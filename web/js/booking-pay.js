// The payment code on the guest's own page, and the code as a picture that payment apps read from the
// gallery. Whether the guest may have the code is the server's decision, and paying changes nothing
// here: only the desk marks a booking as paid.
import { byId, setText, show } from './dom.js';
import { rupiah } from './format.js';
import { Unreachable } from './graphql.js';
import { t } from './language.js';

/** Whether the server gives the code to this guest. */
export const hasCode = (booking, hotel) =>
  booking.status === 'PENDING' && hotel.hasQris && Boolean(booking.arrivedAt || booking.qrisSentAt);

/**
 * @param load () => Promise of {amount, hasAmount, svg}
 * @param onChange () => void, called when the code is there: `update` then shows it
 */
export function mountPay({ load, onChange }) {
  const code = byId('pay-code'), save = byId('pay-save');
  let booking = null, hotel = null, qris = null, drawn = null, wanted = null;

  /** Loads the code once for each price. */
  async function want() {
    const price = booking.price;
    if (wanted === price) return;
    wanted = price;
    qris = null;
    try {
      const answer = await load();
      if (wanted === price) qris = answer;
    } catch (error) {
      // A refusal stays one. What may be well again is asked once more.
      const again = () => { if (wanted === price) { wanted = null; onChange(); } };
      if (error instanceof Unreachable || error.code === 'UNAVAILABLE') setTimeout(again, 5_000);
    }
    onChange();
  }

  function update(newBooking, newHotel) {
    [booking, hotel] = [newBooking, newHotel];
    const allowed = hasCode(booking, hotel);
    if (allowed) want();
    else wanted = qris = drawn = null;
    show(byId('pay'), Boolean(qris));
    if (!qris) return;
    const price = rupiah(qris.amount);
    setText(byId('pay-sum'), price);
    setText(byId('pay-exactly'), qris.hasAmount ? t('pay.exactly') : t('pay.type', { price }));
    setText(byId('pay-check'), t('pay.check', { price }));
    code.alt = t('pay.label', { receipt: booking.receiptNo, price });
    if (drawn !== qris) draw(qris);
  }

  /** The code as a PNG: what can be saved by the button or by a long press. */
  async function draw(mine) {
    drawn = mine;
    // As an image the SVG is a separate document and cannot access this page.
    code.src = `data:image/svg+xml,${encodeURIComponent(mine.svg.replace('<svg ', '<svg width="960" height="960" '))}`; // some browsers draw no SVG without a size
    const name = `QRIS ${booking.receiptNo}`;
    save.setAttribute('download', `${name}.svg`);
    save.href = code.src;
    try {
      const picture = await pictureOf(code.src, [hotel.name, rupiah(mine.amount), booking.receiptNo]);
      if (drawn !== mine) return;
      code.src = save.href = picture;
      save.setAttribute('download', `${name}.png`);
    } catch { /* the browser cannot draw it: the SVG stays */ }
  }

  return { update, shown: () => Boolean(qris) };
}

/** A white picture with the code and the lines below it, as a data URL. */
async function pictureOf(source, lines) {
  const size = 960, line = 56, margin = 40;
  const image = new Image(size, size);
  await new Promise((done, failed) => {
    image.onload = done;
    image.onerror = failed;
    image.src = source;
  });
  const canvas = document.createElement('canvas');
  canvas.width = size;
  canvas.height = size + lines.length * line + margin;
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(image, margin, margin, size - 2 * margin, size - 2 * margin);
  pen.fillStyle = '#000';
  pen.textAlign = 'center';
  lines.forEach((text, index) => {
    pen.font = `${index === 1 ? 'bold ' : ''}40px sans-serif`;
    pen.fillText(text, size / 2, size + index * line + 30, size - 2 * margin);
  });
  return canvas.toDataURL('image/png');
}
