import type { Kernels } from '../engine/abi.ts';
import type { Job } from './executor.ts';

/** Elements of the recorded program: 4 MiB. Jobs that need more run on the calling thread alone. */
export const PROGRAM_LENGTH = 1 << 19;

/** Elements of the program before a call's arguments: the kernel, and the number of arguments. */
const CALL_HEAD = 2;

/** Notes the calls of kernels instead of making them. */
export class Recorder {
  readonly #program: Float64Array;
  readonly #kernels: Kernels;
  #end = 0;

  constructor(names: readonly string[], program: Float64Array) {
    this.#program = program;
    const note =
      (kernel: number) =>
      (...args: (number | boolean)[]): void => {
        program[this.#end] = kernel;
        program[this.#end + 1] = args.length;
        for (let a = 0; a < args.length; a++) program[this.#end + CALL_HEAD + a] = Number(args[a]);
        this.#end += CALL_HEAD + args.length;
      };
    this.#kernels = Object.fromEntries(names.map((name, kernel) => [name, note(kernel)])) as Kernels;
  }

  /** Writes the jobs' calls to the program. Answers false when they do not fit. */
  record(count: number, job: Job): boolean {
    this.#end = count + 1;
    for (let index = 0; index < count; index++) {
      this.#program[index] = this.#end;
      job(this.#kernels, index);
      if (this.#end > PROGRAM_LENGTH) return false;
    }
    this.#program[count] = this.#end;
    return true;
  }
}
