// The GraphQL documents that a guest's page always loads. Those of the board, of the waiting list and of
// the form inside Telegram are in files of their own, so that other guests do not load them.

export const hotelFields = `name timezone radiusKm holdMinutes remindMinutes extendMinutes offerMinutes advanceDays maxNights dayStartsAt telegramBot hasQris now today`;

export const HOTEL = `query Hotel { hotel { ${hotelFields} latitude longitude address contact mapUrl checkInFrom } }`;

export const NOW = `query Now { hotel { now today } }`;

export const AVAILABILITY = `query Availability($checkIn: Date!, $nights: Int!) {
  availability(checkIn: $checkIn, nights: $nights) { available roomType { code name price rooms } }
}`;

export const CREATE_BOOKING = `mutation CreateBooking($input: CreateBookingInput!) {
  createBooking(input: $input) { statusUrl }
}`;

export const TAKE_OFFER = `mutation TakeOffer($receiptNo: String!, $accessToken: String!) {
  takeOffer(receiptNo: $receiptNo, accessToken: $accessToken) { revision }
}`;

export const PREPARE_TELEGRAM = `mutation PrepareTelegram($input: TelegramBookingInput!) {
  prepareTelegramBooking(input: $input) { link }
}`;

export const sharedFields = `receiptNo guestName channel roomType { code name } checkIn nights price status cancelReason offer
  bookedAt holdUntil extensions arrivedAt qrisSentAt qrisProgress paidAt cancelledAt revision forecast
  travel { distanceKm arrivesAt approaching withinRadius fixAt }`;

/** What only the guest's own page shows. */
const guestFields = `${sharedFields} contact cancelNote`;

export const MY_BOOKING = `query MyBooking($receiptNo: String!, $accessToken: String!) {
  myBooking(receiptNo: $receiptNo, accessToken: $accessToken) { ${guestFields} }
}`;

export const MY_BOOKING_CHANGED = `subscription MyBookingChanged($receiptNo: String!, $accessToken: String!) {
  myBookingChanged(receiptNo: $receiptNo, accessToken: $accessToken) { ${guestFields} }
}`;

export const MY_QRIS = `query MyQris($receiptNo: String!, $accessToken: String!) {
  myQris(receiptNo: $receiptNo, accessToken: $accessToken) { amount hasAmount svg }
}`;

export const REPORT_POSITION = `mutation ReportPosition($receiptNo: String!, $accessToken: String!, $position: PositionInput!) {
  reportPosition(receiptNo: $receiptNo, accessToken: $accessToken, position: $position) { ${guestFields} }
}`;

export const CANCEL_MY_BOOKING = `mutation CancelMyBooking($receiptNo: String!, $accessToken: String!) {
  cancelMyBooking(receiptNo: $receiptNo, accessToken: $accessToken) { ${guestFields} }
}`;
