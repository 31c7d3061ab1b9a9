// A thread that makes the calls of kernels that another thread recorded. Plain JavaScript, since a thread starts from a
// file of its own; src/workers/pool.ts is its other half, and both know the layout of `control` and `program`.

/**
 * Places in `control` (i32): the number of the present batch of jobs, jobs done of it, calls made ever, and from LEFT on, for
 * every thread, the jobs left of its own. Thread t's own jobs are t, t + threads, t + 2 · threads, …: the same thread gets the
 * same job in the next batch, whose memory is in its cache then.
 */
const [BATCH, DONE, CALLS, LEFT] = [0, 1, 2, 16];

/** Looks at the batch number so often (a millisecond or two) before sleeping: to wake a sleeper takes as long as a small job. */
const SPINS = 300_000;

/**
 * The next job of this thread, or of another when it has none left; negative when nobody has. Counting down: what a late thread
 * takes after the last job is negative, whatever batch it comes from.
 * @param {Int32Array} control
 * @param {number} self
 * @param {number} threads
 */
function takeJob(control, self, threads) {
  for (let step = 0; step < threads; step++) {
    const thread = (self + step) % threads;
    const left = Atomics.sub(control, LEFT + thread, 1) - 1;
    if (left >= 0) return thread + threads * left;
  }
  return -1;
}

/**
 * Makes a recorded call. Eleven arguments are written out, since spreading a list takes longer than most kernels do; a
 * kernel ignores those beyond its own. A kernel with more gets a list.
 * @param {(...args: number[]) => void} kernel
 * @param {Float64Array} p the program
 * @param {number} a where the arguments begin in it
 * @param {number} count
 */
function call(kernel, p, a, count) {
  if (count > 11) {
    kernel(...p.subarray(a, a + count));
    return;
  }
  kernel(
    p[a],
    p[a + 1],
    p[a + 2],
    p[a + 3],
    p[a + 4],
    p[a + 5],
    p[a + 6],
    p[a + 7],
    p[a + 8],
    p[a + 9],
    p[a + 10],
  );
}

/**
 * @param {{ module: WebAssembly.Module, memory: WebAssembly.Memory, names: string[], control: Int32Array,
 *   program: Float64Array, self: number, threads: number }} site
 */
function work({ module, memory, names, control, program, self, threads }) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => /** @type {(...args: number[]) => void} */ (exports[name]));
  let batch = 0;
  for (;;) {
    for (let spin = 0; spin < SPINS && Atomics.load(control, BATCH) === batch; spin++);
    Atomics.wait(control, BATCH, batch);
    batch = Atomics.load(control, BATCH);
    for (;;) {
      const job = takeJob(control, self, threads);
      if (job < 0) break;
      // program[job] to program[job + 1] is the job: kernel, number of arguments, arguments, kernel, …
      const end = program[job + 1];
      for (let at = program[job]; at < end; at += 2 + program[at + 1]) {
        call(kernels[program[at]], program, at + 2, program[at + 1]);
        Atomics.add(control, CALLS, 1);
      }
      Atomics.add(control, DONE, 1);
    }
  }
}

const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
if (node === undefined) {
  globalThis.onmessage = ({ data }) => {
    globalThis.postMessage('ready');
    work(data);
  };
} else {
  node.parentPort.postMessage('ready');
  work(node.workerData);
}
