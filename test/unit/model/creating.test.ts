// The making of a model ends by a signal, and leaves no thread behind.
import { getEventListeners } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, it, vi } from 'vitest';
import { SparseMLP, WorkerModel } from '../../../src/index.ts';

const options = { layers: [6, 30, 4], epsilon: 3, seed: 2 };
const aborted = expect.objectContaining({
  code: 'E_ABORTED',
  message: 'making the model was aborted by its signal',
});
const live = new Set<Worker>();
process.on('worker', (worker) => {
  live.add(worker);
  worker.on('exit', () => live.delete(worker));
});

it.each<[string, (signal: AbortSignal, saved: Uint8Array) => Promise<{ dispose(): void }>]>([
  ['SparseMLP.create', (signal) => SparseMLP.create({ ...options, threads: 2, signal })],
  ['SparseMLP.load', (signal, saved) => SparseMLP.load(saved, { threads: 2, signal })],
  ['WorkerModel.create', (signal) => WorkerModel.create({ ...options, signal })],
  ['WorkerModel.load', (signal, saved) => WorkerModel.load(saved, { signal })],
])('%s', async (_, make) => {
  const model = await SparseMLP.create(options);
  const saved = model.save();
  model.dispose();
  await expect(make(AbortSignal.abort(), saved)).rejects.toEqual(aborted);
  const controller = new AbortController();
  const { signal } = controller;
  const made = expect(make(signal, saved)).rejects.toEqual(aborted);
  setImmediate(() => controller.abort());
  await made;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  const kept = new AbortController();
  const whole = await make(kept.signal, saved);
  expect(getEventListeners(kept.signal, 'abort')).toHaveLength(0);
  kept.abort();
  whole.dispose();
  await vi.waitFor(() => expect(live.size).toBe(0), 10_000);
  await expect(make({} as AbortSignal, saved)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
});
