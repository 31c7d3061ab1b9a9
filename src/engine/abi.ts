import { CtreError } from '../base/errors.ts';

export * from './abi.generated.ts';

/** How many parameters each kernel has. */
export type KernelTable = Readonly<Record<string, number>>;

/**
 * Checks that a module has the kernels of a table.
 * @throws CtreError `E_ENGINE` unless every kernel is there, with as many parameters as it has in assembly/.
 */
export function checkKernels(exports: Readonly<Record<string, unknown>>, table: KernelTable): void {
  const expected = 'expected the ctre.wasm of this version of ctre';
  for (const [name, parameters] of Object.entries(table)) {
    const kernel = exports[name];
    if (typeof kernel !== 'function') {
      throw new CtreError('E_ENGINE', `the module has no kernel ${name}; ${expected}`);
    }
    if (kernel.length !== parameters) {
      throw new CtreError(
        'E_ENGINE',
        `the module's kernel ${name} has ${kernel.length} parameters instead of ${parameters}; ${expected}`,
      );
    }
  }
}
