import { CtreError } from '../base/errors.ts';
import { KERNEL_PARAMETERS, type Kernels } from './abi.generated.ts';

export * from './abi.generated.ts';

/**
 * The exports of a module as the kernels.
 * @throws CtreError `E_ENGINE` unless every kernel is there, with as many parameters as it has in assembly/.
 */
export function checkKernels(exports: Readonly<Record<string, unknown>>): Kernels {
  const expected = 'expected the ctre.wasm of this version of ctre';
  for (const [name, parameters] of Object.entries(KERNEL_PARAMETERS)) {
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
  return exports as Kernels;
}
