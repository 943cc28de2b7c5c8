// Tables as CSV files for spreadsheets (RFC 4180). Pure functions.

/**
 * A value as a cell. A text that a spreadsheet would run as a formula (a guest's name is what a
 * stranger typed) gets an apostrophe before it, which spreadsheets show as text.
 */
export function cell(value) {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'number' ? String(value) : withoutFormula(String(value));
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

// Spreadsheets trim spaces, take full-width signs for plain ones, and begin a formula at a tab or a
// line break too.
const formula = /^[\s\u0000-\u001f\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]/;
const withoutFormula = (text) => (formula.test(text) ? `'${text}` : text);

/** Rows as a file: with the mark by which spreadsheets know that it is UTF-8. */
export const csv = (rows) => `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
