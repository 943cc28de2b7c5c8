// The checks of the form before it sends a request. Pure functions. The server checks everything
// again. These rules only save a round trip, so they are never stricter than the server.

const control = /[\u0000-\u001f\u007f-\u009f]/;

/** The faults of a filled form as `{field: textKey}`, in the order of the page. */
export function faults(filled, hotel) {
  const found = {};
  if (filled.checkIn < hotel.today || filled.checkIn > hotel.lastCheckIn || !filled.checkIn) found.checkIn = 'form.error.checkIn.range';
  if (!(Number.isInteger(filled.nights) && filled.nights >= 1 && filled.nights <= hotel.maxNights)) found.nights = 'form.error.nights.range';
  if (!filled.roomType) found.roomType = 'form.error.roomType.empty';
  const name = nameFault(filled.guestName, filled.channel === 'WEB');
  if (name) found.guestName = name;
  const email = filled.channel === 'WEB' && emailFault(filled.email);
  if (email) found.email = email;
  return found;
}

export function nameFault(name, required) {
  const trimmed = name.trim();
  if (!trimmed) return required ? 'form.error.guestName.empty' : null;
  if (control.test(trimmed)) return 'form.error.guestName.control';
  // Counted in characters, not in UTF-16 units, as on the server.
  if ([...trimmed].length > 80) return 'form.error.guestName.long';
  return null;
}

export function emailFault(email) {
  const trimmed = email.trim();
  if (!trimmed) return 'form.error.email.empty';
  const shaped = /^[^\s@<>(),;:"\\[\]]+@[^\s@<>(),;:"\\[\]]+\.[^\s@<>(),;:"\\[\].]{2,}$/.test(trimmed);
  return shaped && trimmed.length <= 254 && !control.test(trimmed) ? null : 'form.error.email.malformed';
}

/** The input of `createBooking`. Its text is also the fingerprint for the requestId. */
export function bookingInput(filled, language) {
  return {
    guestName: filled.guestName.trim(), email: filled.email.trim(), roomType: filled.roomType,
    checkIn: filled.checkIn, nights: filled.nights, language: language.toUpperCase(),
  };
}

/** The input of `createTelegramBooking`. Without a name the account's own is used. */
export function telegramInput(filled) {
  const guestName = filled.guestName.trim();
  return { roomType: filled.roomType, checkIn: filled.checkIn, nights: filled.nights, ...(guestName && { guestName }) };
}

/** The total price: the price of the room times the nights. */
export const totalPrice = (price, nights) => price * nights;
