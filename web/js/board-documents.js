// The GraphQL documents of the board, in one file for an easy comparison with the schema.
import { hotelFields, sharedFields } from './documents.js';

export { AVAILABILITY, NOW } from './documents.js';

export const LATENESS = `query Lateness { hotel { clock { medianMs p99Ms worstMs deadlines } } }`;

const staffFields = `${sharedFields} contact cancelNote undelivered travel { trail { distanceKm bearing at } }`;

export const DEGRADED = `subscription Degraded { degradedChanged { part reason } }`;

export const SIGN_IN = `mutation SignIn($code: String!) {
  signInWithCode(code: $code) { token expiresAt staff { name role } }
}`;

export const SIGN_IN_TELEGRAM = `mutation SignInTelegram($initData: String!) {
  signInWithTelegram(initData: $initData) { token expiresAt staff { name role } }
}`;

export const ME = `query Me { me { name role } hotel { ${hotelFields} } }`;

export const BOOKINGS = `query Bookings($filter: BookingFilter, $first: Int!, $after: String) {
  bookings(filter: $filter, first: $first, after: $after) {
    nodes { ${staffFields} } pageInfo { hasNextPage endCursor } feedCursor
  }
}`;

export const BOOKING = `query Booking($receiptNo: String!) { booking(receiptNo: $receiptNo) { ${staffFields} } }`;

export const HISTORY = `query History($receiptNo: String!) {
  booking(receiptNo: $receiptNo) { history { at actor action detail } }
}`;

export const BOOKING_CHANGED = `subscription BookingChanged($after: String) {
  bookingChanged(after: $after) { cursor at action booking { ${staffFields} } }
}`;

export const MARK_ARRIVED = `mutation MarkArrived($receiptNo: String!) { markArrived(receiptNo: $receiptNo) { ${staffFields} } }`;

export const MARK_PAID = `mutation MarkPaid($receiptNo: String!) { markPaid(receiptNo: $receiptNo) { ${staffFields} } }`;

export const EXTEND_HOLD = `mutation ExtendHold($receiptNo: String!, $minutes: Int!) {
  extendHold(receiptNo: $receiptNo, minutes: $minutes) { ${staffFields} }
}`;

export const CANCEL_BOOKING = `mutation CancelBooking($receiptNo: String!, $note: String) {
  cancelBooking(receiptNo: $receiptNo, note: $note) { ${staffFields} }
}`;

export const REVIVE_BOOKING = `mutation ReviveBooking($receiptNo: String!, $arrived: Boolean!) {
  reviveBooking(receiptNo: $receiptNo, arrived: $arrived) { ${staffFields} }
}`;

export const AMEND_BOOKING = `mutation AmendBooking($receiptNo: String!, $input: AmendInput!) {
  amendBooking(receiptNo: $receiptNo, input: $input) { ${staffFields} }
}`;

export const ALLOTMENTS = `query Allotments($from: Date!, $through: Date!) {
  allotments(from: $from, through: $through) { date rooms taken closed roomType { code name } }
}`;

export const SET_ALLOTMENT = `mutation SetAllotment($roomType: String!, $date: Date!, $through: Date, $rooms: Int!, $closed: Boolean) {
  setAllotment(roomType: $roomType, date: $date, through: $through, rooms: $rooms, closed: $closed) { available }
}`;

export const WAITING_LIST_CHANGED = `subscription WaitingListChanged {
  waitingListChanged { guestName channel roomType { name } maxPrice nights since receiptNo }
}`;

const lineFields = 'name booked paid paidRupiah expired cancelled';

export const DAY_SUMMARY = `query DaySummary($date: Date!) {
  daySummary(date: $date) {
    date booked paid paidRupiah expired cancelled extended extendedAndCame atDesk blockedMinutes deskWaitMinutes byHour undelivered
    byChannel { ${lineFields} } byRoomType { ${lineFields} } byStaff { ${lineFields} } lateness { medianMs p99Ms worstMs deadlines }
  }
}`;

export const REOPEN_BOOKING = `mutation ReopenBooking($receiptNo: String!, $reason: String!) {
  reopenBooking(receiptNo: $receiptNo, reason: $reason) { ${staffFields} }
}`;

export const BOOK_AT_DESK = `mutation BookAtDesk($input: DeskBookingInput!) { bookAtDesk(input: $input) { ${staffFields} } }`;

export const STAFF_SESSIONS = `query StaffSessions { staffSessions { id staff { name role } since expiresAt isOwn } }`;

export const CREATE_STAFF_CODE = `mutation CreateStaffCode($role: StaffRole!, $name: String!) {
  createStaffCode(role: $role, name: $name) { url expiresAt }
}`;

export const REVOKE_STAFF_SESSION = `mutation RevokeStaffSession($id: ID!) { revokeStaffSession(id: $id) }`;

export const SIGN_OUT = `mutation SignOut { signOut }`;

export const SEND_QRIS = `mutation SendQris($receiptNo: String!) { sendQris(receiptNo: $receiptNo) { ${staffFields} } }`;

export const QRIS = `query Qris($receiptNo: String!) { qris(receiptNo: $receiptNo) { amount hasAmount svg } }`;
