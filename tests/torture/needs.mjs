// The kinds of faults, and what a machine must have for them. It looks and installs nothing.
import { readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const FAULTS = ['kill', 'freeze', 'mail', 'database', 'disk', 'clock'];

/** The library of Debian's faketime for programs with threads, or null. */
export function faketime() {
  const under = (folder) => { try { return readdirSync(folder); } catch { return []; } };
  const found = under('/usr/lib').map((name) => join('/usr/lib', name, 'faketime')).find((folder) => under(folder).includes('libfaketimeMT.so.1'));
  return found ? join(found, 'libfaketimeMT.so.1') : null;
}

/** Why faults of this kind cannot be made here, or null. */
export function missingFor(group) {
  if (group === 'disk' && process.getuid?.() !== 0) return 'a small disk can only be mounted by root';
  if (group === 'disk' && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'jatah-torture', '/mnt']).status !== 0) return 'a small disk cannot be mounted here';
  if (group === 'clock' && !faketime()) return 'the package faketime is missing';
  return null;
}
