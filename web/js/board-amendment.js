// What an amendment changes, and what the booking costs then. Pure functions.
import { totalPrice } from './rules.js';

/** The input of `amendBooking`: only what differs. A room type that is not chosen stays as it is. */
export function amendment(booking, { guestName, roomType, nights }) {
  const found = {}, trimmed = guestName.trim();
  if (trimmed !== booking.guestName) found.guestName = trimmed;
  if (roomType !== null && roomType !== booking.roomType.code) found.roomType = roomType;
  if (nights !== booking.nights) found.nights = nights;
  return found;
}

/**
 * The price after it. Another room type or number of nights has today's price, which is not known
 * before the room types are: null. A name changes no price.
 */
export function amendedPrice(booking, input, roomType) {
  if (input.roomType === undefined && input.nights === undefined) return booking.price;
  return roomType ? totalPrice(roomType.price, input.nights ?? booking.nights) : null;
}
