// The GraphQL documents of the form inside Telegram, which other guests do not load.

export const CREATE_TELEGRAM_BOOKING = `mutation CreateTelegramBooking($initData: String!, $input: MiniAppBookingInput!) {
  createTelegramBooking(initData: $initData, input: $input) {
    accessToken booking { receiptNo holdUntil price checkIn nights roomType { name } }
  }
}`;

export const SEND_POSITION = `mutation SendPosition($receiptNo: String!, $accessToken: String!, $position: PositionInput!) {
  reportPosition(receiptNo: $receiptNo, accessToken: $accessToken, position: $position) { revision }
}`;
