// Runs before every test file. The arena is put on trial; CTRE_ARENA says how, and by default all blocks
// stand between guards. CTRE_WASM names a file of kernels to test instead of the inlined ones.
import { readFileSync } from 'node:fs';
import { putOnTrial } from '../../src/engine/engine.ts';
import { initTraining } from '../../src/engine/training.ts';
import { type Trials, tryKernels } from './trialArena.ts';

/** 2 GiB and a little: as signed numbers, all addresses are negative. */
const HIGH = 2 ** 31 + 2 ** 16;

const trials = {
  plain: {},
  guards: { guards: true },
  moving: { guards: true, moving: true },
  high: { guards: true, first: HIGH },
};

const wanted = process.env.CTRE_ARENA ?? 'guards';
if (!Object.hasOwn(trials, wanted)) {
  throw new Error(`CTRE_ARENA is ${wanted}; expected one of ${Object.keys(trials).join(', ')}`);
}
/** Both engines share it. */
const shared: Trials = trials[wanted as keyof typeof trials];
putOnTrial((kernels, arena) => tryKernels(kernels, arena, shared));

const { CTRE_WASM: file } = process.env;
if (file !== undefined) await initTraining({ wasm: readFileSync(file) });
