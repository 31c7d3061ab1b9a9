#!/usr/bin/env node
import process from 'node:process';
import { processIo } from './processIo.ts';
import { run } from './program.ts';

// As in `ctre predict … | head`: the reader of the pipe has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const code = await run(process.argv.slice(2), processIo);
// What is still on its way into a pipe would be cut off.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write('', resolve));
}
// A module of one's own may have left a timer behind, which would keep the process.
process.exit(code);
