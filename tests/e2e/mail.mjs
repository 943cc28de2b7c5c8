// Parses the parts of an .eml file that the tests need: recipient, subject, date and text.

/** Parses one message into `{ to, subject, date, text }`. */
export function parseMail(raw) {
  const { headers, body } = split(raw.replaceAll('\r\n', '\n'));
  return { to: headers.to ?? '', subject: words(headers.subject ?? ''), date: headers.date ?? '', text: text(headers, body) };
}

function split(raw) {
  const end = raw.indexOf('\n\n');
  const head = (end < 0 ? raw : raw.slice(0, end)).replaceAll(/\n[ \t]+/g, ' ');
  const headers = {};
  for (const line of head.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, body: end < 0 ? '' : raw.slice(end + 2) };
}

function text(headers, body) {
  const boundary = /boundary="?([^";]+)"?/i.exec(headers['content-type'] ?? '')?.[1];
  if (boundary) {
    const parts = body.split(`--${boundary}`).slice(1).filter((part) => !part.startsWith('--'));
    return parts.map((part) => split(part.replace(/^\n/, ''))).map((part) => text(part.headers, part.body)).join('\n');
  }
  const encoding = (headers['content-transfer-encoding'] ?? '').toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  return encoding === 'quoted-printable' ? quoted(body.replaceAll(/=\n/g, '')) : body;
}

const quoted = (value) =>
  value.replaceAll(/(?:=[0-9A-F]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'));

const words = (value) =>
  value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind, word) =>
      kind.toLowerCase() === 'b' ? Buffer.from(word, 'base64').toString('utf8') : quoted(word.replaceAll('_', ' ')));
