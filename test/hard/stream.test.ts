// Training on more than memory holds, in a process of its own, whose memory is measured by the system.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { effort } from '../support/effort.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const MIB = 1 << 20;

/** Memory that training may take besides what engine and code take. V8 lets 64 MiB of arrays wait. */
const LIMIT = 96 * MIB;
const COLS = 1024;
const ROWS = 2048;
const PIECE = ROWS * COLS;

function run(way: 'stream' | 'whole', bytes: number) {
  const pieces = Math.ceil(bytes / PIECE);
  const program = join(here, '../../dist/bundle/ctre.js');
  const args = [join(here, 'streamProgram.mjs'), program, way, pieces, ROWS, COLS].map(String);
  const said: unknown = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  return said as { readonly rise: number; readonly bytes: number; readonly loss: number };
}

it(`trains on 20 times ${LIMIT / MIB} MiB without taking more than that`, () => {
  const { rise, bytes, loss } = run('stream', effort(20, 100) * LIMIT);
  expect(bytes).toBeGreaterThanOrEqual(20 * LIMIT);
  expect(rise).toBeLessThan(LIMIT);
  expect(loss).toBeLessThan(Math.log(2));
});

it('takes more for all rows at once, which the measure notices', () => {
  const { rise, bytes } = run('whole', LIMIT);
  expect(rise).toBeGreaterThan(bytes);
});
