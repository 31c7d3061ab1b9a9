// What a page feels of a training in a worker, and what becomes of its arrays. Run on a page by test/system/page.test.ts.

import { syntheticDataset } from '../../../dist/data/index.js';
import { SparseMLP, WorkerModel } from '../../../dist/index.js';

/** Training as large as MNIST's network, of some seconds. */
const options = { layers: [784, 1000, 1000, 1000, 10], epsilon: 1, seed: 1 };

function problem(rows = 4000) {
  return syntheticDataset({ rows, informative: 10, redundant: 10, noise: 764, classes: 10, seed: 'page' });
}

/**
 * Milliseconds: the long tasks as the browser counts them (from 50 on), the longest time that a message of the page's to itself
 * took, and the longest between two frames.
 */
async function watch(work) {
  const tasks = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) tasks.push(duration);
  });
  observer.observe({ type: 'longtask' });
  let [turn, frame, going] = [0, 0, true];
  let [lastTurn, lastFrame] = [performance.now(), undefined];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = performance.now();
    [turn, lastTurn] = [Math.max(turn, now - lastTurn), now];
    if (going) port2.postMessage(null);
  };
  const onFrame = (now) => {
    if (lastFrame !== undefined) frame = Math.max(frame, now - lastFrame);
    lastFrame = now;
    if (going) requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);
  port2.postMessage(null);
  performance.mark('begin');
  await work();
  performance.mark('end');
  going = false;
  // Entries are handed out after the task.
  await new Promise((resolve) => setTimeout(resolve, 100));
  observer.disconnect();
  return { tasks, turn, frame };
}

/** @param place whether the model is `here` or in a `worker`. */
export async function feel(place, threads, transfer) {
  const Model = place === 'here' ? SparseMLP : WorkerModel;
  const { x, labels } = problem();
  await new Promise((resolve) => setTimeout(resolve, 500));
  let epochs;
  const felt = await watch(async () => {
    const model = await Model.create({ ...options, threads });
    const more = place === 'here' ? {} : { transfer };
    for await (const epoch of model.train(x, labels, { epochs: 4, edits: true, ...more }))
      epochs = epoch.epoch;
    await model.save();
    await model.checkpoint();
    model.dispose();
  });
  return { ...felt, epochs, left: x.data.length };
}

/** What a model in a worker does when its page changes its mind. */
export async function changeMind(threads) {
  const { x, labels } = problem(1000);
  const model = await WorkerModel.create({ ...options, threads });
  const codeOf = (promise) =>
    promise.then(
      () => 'none',
      ({ code }) => code,
    );
  const controller = new AbortController();
  const fitting = codeOf(model.fit(x, labels, { epochs: 1e6, signal: controller.signal }));
  setTimeout(() => controller.abort(), 300);
  const begin = performance.now();
  const aborted = await fitting;
  const seconds = (performance.now() - begin) / 1000;
  for await (const _ of model.train(x, labels, { epochs: 1e6 })) break;
  const { loss } = await model.evaluate(x, labels);
  const tooWide = await codeOf(model.predict({ ...x, cols: 785 }));
  const taken = await model.predict(x, { transfer: true });
  const waiting = codeOf(model.fit(problem(10).x, [0], { epochs: 1e6 }));
  model.dispose();
  return {
    ...{ aborted, finite: Number.isFinite(loss), tooWide, warning: model.warning, threads: model.threads },
    ...{ probabilities: taken.length, left: x.data.length, waiting: await waiting, seconds },
    after: await codeOf(model.predict(x)),
  };
}

/** Whether samples in shared memory stay where they are, and give the same. */
export async function share() {
  const { x, labels } = problem(200);
  const data = new Float32Array(new SharedArrayBuffer(4 * x.data.length));
  data.set(x.data);
  const model = await WorkerModel.create(options);
  await model.fit({ ...x, data }, labels, { epochs: 1, transfer: true });
  const [shared, copied] = [await model.predict({ ...x, data }), await model.predict(x)];
  model.dispose();
  return { left: data.length, same: shared.every((value, p) => value === copied[p]) };
}

/** One after another: starts, and ends. */
export async function comeAndGo(count) {
  for (let at = 0; at < count; at++) {
    const model = await WorkerModel.create({ layers: [4, 8, 2], threads: 1 + (at % 2) });
    model.dispose();
  }
  return count;
}
