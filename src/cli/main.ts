#!/usr/bin/env node
import process from 'node:process';
import { processIo } from './processIo.ts';
import { run } from './program.ts';

// As in `ctre predict … | head`: the reader of the pipe has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// Not process.exit, which would cut off what is still on its way into a pipe.
process.exitCode = await run(process.argv.slice(2), processIo);
