// The command of the torture runs (torture.mjs): reads what is wanted, leaves out what this machine cannot
// do, runs one after another, and prints a report.
//
//   node tests/torture/run.mjs --seconds 60 --seed 1 [--repeat K] [--store sqlite|mongodb] [--binary PATH]
//     [--faults kill,freeze,mail,database,disk,clock|all] [--members 1|3] [--nodes N] [--guests N]
//
// `disk` (a full disk; SQLite only) needs root for a small tmpfs, and `clock` needs Debian's faketime; both
// are off by default. Exits with 1 if anything was found.
import { parseArgs } from 'node:util';
import { BINARY } from './hotel.mjs';
import { FAULTS, missingFor } from './needs.mjs';
import { printRun, printSummary } from './report.mjs';
import { torture } from './torture.mjs';

const { values: options } = parseArgs({ options: {
  seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' }, repeat: { type: 'string', default: '1' },
  store: { type: 'string' }, binary: { type: 'string', default: BINARY },
  faults: { type: 'string', default: 'kill,freeze,mail,database' }, members: { type: 'string', default: '1' },
  nodes: { type: 'string', default: '1' }, guests: { type: 'string', default: '5' },
} });

const fail = (why) => {
  console.error(`torture: ${why}`);
  process.exit(2);
};
const [seconds, first, repeat, members, nodes, guests] = ['seconds', 'seed', 'repeat', 'members', 'nodes', 'guests'].map((name) => {
  const number = Number(options[name]);
  return Number.isInteger(number) && number >= (name === 'seed' ? 0 : 1) ? number : fail(`--${name} must be a whole number`);
});
const wanted = options.faults === 'all' ? FAULTS : options.faults.split(',');
for (const group of wanted) if (!FAULTS.includes(group)) fail(`no such faults: ${group}; there are ${FAULTS.join(', ')}`);
const stores = options.store ? [options.store] : ['sqlite', 'mongodb'];
for (const store of stores) if (!['sqlite', 'mongodb'].includes(store)) fail(`no such store: ${store}`);
const groups = wanted.filter((group) => {
  const missing = missingFor(group);
  if (missing) console.log(`torture: ${group} faults are left out: ${missing}`);
  return !missing;
});

const runs = [];
for (let seed = first; seed < first + repeat; seed += 1) {
  for (const store of stores) {
    console.log(`torture: ${store}, seed ${seed}, ${seconds} s, faults ${groups.join(', ')}`);
    const run = await torture({ store, seed, seconds, binary: options.binary, groups, members, nodes, guests, tell: (line) => console.log(`  … ${line}`) });
    printRun(run);
    runs.push(run);
  }
}
printSummary(runs);
process.exit(runs.some(({ findings }) => findings.length > 0) ? 1 : 0);
