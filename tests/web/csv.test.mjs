import assert from 'node:assert/strict';
import test from 'node:test';
import { cell, csv } from '../../web/js/csv.js';

test('a name that a spreadsheet would run as a formula is text', () => {
  for (const name of ['=1+1', '+62', '-1', '@SUM(A1)', ' =1+1', '\u200b=1', '\uff1dcmd', '|calc', '%0A']) assert.ok(cell(name).replace(/^"/, '').startsWith("'"), name);
  assert.equal(cell('\t=1'), "'\t=1");
  for (const name of ['Budi', 'Ni Luh = Ayu', 'a+b', 'x@example.com']) assert.equal(cell(name), name);
  assert.equal(cell(-5), '-5', 'a number is no formula');
});

test('commas, quotes and line breaks stay in their cell', () => {
  assert.equal(cell('Santoso, Budi'), '"Santoso, Budi"');
  assert.equal(cell('si "Bos"'), '"si ""Bos"""');
  assert.equal(cell('dua\nbaris'), '"dua\nbaris"');
  assert.equal(cell(null), '');
  assert.equal(cell(0), '0');
});

test('a file is UTF-8 with its mark, and a row a line', () => {
  assert.equal(csv([['Nama', 'Jumlah'], ['José', 350000], []]), '\ufeffNama,Jumlah\r\nJosé,350000\r\n\r\n');
});
