// A thread that makes the calls of kernels that another thread recorded. It is plain JavaScript, since a
// thread starts from a file of its own. src/run/pool.ts is its other half: both know the layout of `control`
// and `program`.

/**
 * Places in `control` (i32): the number of the present batch of jobs, the jobs done of it, the calls made
 * ever, and whether the workers shall end. From LEFT on, for every thread, the jobs left of its own; then,
 * for every thread, its state. Thread t's own jobs are t, t + threads, t + 2 · threads, …: so the same thread
 * gets the same job in the next batch, and the job's memory is in its cache then.
 */
const [BATCH, DONE, CALLS, STOP, LEFT] = [0, 1, 2, 3, 16];

/**
 * States of a thread. One that works may write to the kernels' memory; the others do not. One that has ended
 * never will again.
 */
const [IDLE, WORKING, ENDED] = [0, 1, 2];

/**
 * Looks at the batch number before the thread sleeps, a millisecond or two: to wake a sleeping thread takes
 * as long as a small job.
 */
const SPINS = 300_000;

/**
 * The next job of this thread, or of another when it has none left; negative when nobody has. The numbers
 * count down: what a late thread takes after the last job is negative, whatever batch it comes from.
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
 * Makes a recorded call. Eleven arguments are written out, since spreading a list takes longer than most
 * kernels do; a kernel ignores those beyond its own. A kernel with more gets a list.
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
 * Makes the calls of all jobs that this thread gets of the present batch.
 * @param {((...args: number[]) => void)[]} kernels
 * @param {{ control: Int32Array, program: Float64Array, self: number, threads: number }} pool
 */
function runJobs(kernels, { control, program, self, threads }) {
  for (;;) {
    const job = takeJob(control, self, threads);
    if (job < 0) return;
    // program[job] to program[job + 1] is the job: kernel, number of arguments, arguments, kernel, …
    const end = program[job + 1];
    for (let at = program[job]; at < end; at += 2 + program[at + 1]) {
      if (Atomics.load(control, STOP) !== 0) return;
      call(kernels[program[at]], program, at + 2, program[at + 1]);
      Atomics.add(control, CALLS, 1);
    }
    Atomics.add(control, DONE, 1);
  }
}

/**
 * Works until it is told to end.
 * @param {{ modules: WebAssembly.Module[], memory: WebAssembly.Memory, names: string[],
 *   control: Int32Array, program: Float64Array, self: number, threads: number }} pool
 * @param {(message: string) => void} post
 */
function work(pool, post) {
  const { modules, memory, names, control, self, threads } = pool;
  const state = LEFT + threads + self;
  try {
    const instances = modules.map((module) => new WebAssembly.Instance(module, { env: { memory } }));
    const exports = Object.assign({}, ...instances.map((instance) => instance.exports));
    const kernels = names.map((name) => /** @type {(...args: number[]) => void} */ (exports[name]));
    post('ready');
    let batch = 0;
    for (;;) {
      for (let spin = 0; spin < SPINS && Atomics.load(control, BATCH) === batch; spin++);
      Atomics.wait(control, BATCH, batch);
      if (Atomics.load(control, STOP) !== 0) break;
      batch = Atomics.load(control, BATCH);
      // The state comes before the taking: so a thread that holds a job is seen to work.
      Atomics.store(control, state, WORKING);
      runJobs(kernels, pool);
      Atomics.store(control, state, IDLE);
    }
    post('ended');
  } finally {
    // After an error, too. The error is an event on the other thread; a caller that hears no events reads the
    // state.
    Atomics.store(control, state, ENDED);
  }
}

/**
 * Works, if the message is a pool's. The same file may serve a model, which gets other messages.
 * @param {any} message
 * @param {(message: string) => void} post
 */
function hear(message, post) {
  if (message?.control instanceof Int32Array && message.program instanceof Float64Array) work(message, post);
}

const port = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort;
if (port) {
  port.once('message', (message) => hear(message, (said) => port.postMessage(said)));
} else if (typeof document === 'undefined') {
  globalThis.addEventListener?.('message', ({ data }) => hear(data, (said) => globalThis.postMessage(said)));
}
