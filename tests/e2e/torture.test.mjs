// A short torture run on each store: guests and staff act while the server and what it needs fail, and an
// audit that is independent of the server looks for anything that broke a rule. `make torture` has the
// long runs, with more kinds of faults and more servers; what the audit finds at all is tested in
// tests/torture/audit.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BINARY } from '../torture/hotel.mjs';
import { printRun } from '../torture/report.mjs';
import { torture } from '../torture/torture.mjs';

const SECONDS = 6;
const GROUPS = ['kill', 'freeze', 'mail', 'database'];

for (const store of ['sqlite', 'mongodb']) {
  test(`nothing is lost, doubled or early on ${store} while it is killed and frozen`, async () => {
    const run = await torture({ store, seed: 1, seconds: SECONDS, binary: BINARY, groups: GROUPS, waitsForMail: false });
    const { findings, windows, totals } = run;
    if (findings.length > 0) printRun(run);
    assert.deepEqual(findings.map(({ rule, receiptNo, what }) => `${rule}: ${receiptNo ?? ''} ${what}`), []);
    assert.ok(windows.length > 0, 'something failed');
    assert.ok(totals.bookings > 0 && totals.changes > totals.bookings, 'people did something');
  });
}
