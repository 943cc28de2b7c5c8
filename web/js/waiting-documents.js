// The GraphQL documents of the waiting list on the form.

const ticketFields = `ticket position nextRelease offer { statusUrl booking { offer status roomType { name } checkIn nights price holdUntil } }`;

export const JOIN_WAITING_LIST = `mutation JoinWaitingList($input: WaitingInput!) { joinWaitingList(input: $input) { ${ticketFields} } }`;

export const LEAVE_WAITING_LIST = `mutation LeaveWaitingList($ticket: String!) { leaveWaitingList(ticket: $ticket) }`;

export const WAITING_CHANGED = `subscription WaitingChanged($ticket: String!) { waitingChanged(ticket: $ticket) { ${ticketFields} } }`;
