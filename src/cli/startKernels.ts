import { init } from '../index.ts';
import type { Options, Values } from './args.ts';
import { flag } from './options.ts';

/** The option of commands that compute much. */
export const KERNEL_OPTIONS = {
  revectorize: flag(
    'compile the kernels with vectors of 256 bits, by an experimental flag\n' +
      'of V8 (Node 24, x64); tested first, the result is the same',
  ),
} as const satisfies Options;

/** How the kernels run, where the option was given; without it nothing is said. */
export interface StartedKernels {
  readonly revectorized?: boolean;
  /** Why they are not revectorised. */
  readonly warning?: string | undefined;
}

/** Starts the kernels as the option says. */
export async function startKernels({ revectorize }: Values<typeof KERNEL_OPTIONS>): Promise<StartedKernels> {
  if (revectorize === undefined) return {};
  const { revectorized, warning } = await init({ revectorize });
  return { revectorized, warning: warning && `not revectorised: ${warning}` };
}

/** What there is to say of the kernels before work, as lines of name and value. */
export function kernelLines({ revectorized }: StartedKernels): readonly (readonly [string, string])[] {
  return revectorized === undefined ? [] : [['revectorised', revectorized ? 'yes' : 'no']];
}
