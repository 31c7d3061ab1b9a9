import { describe, expect, it } from 'vitest';
import type { Epoch } from '../../../src/train/epoch.ts';
import { unfinishedTraining } from '../../../src/train/unfinished.ts';

/** Epochs of these losses. */
const epochs = (losses: readonly number[], valLosses?: readonly number[]): Epoch[] =>
  losses.map((loss, at) => ({
    ...{ epoch: at + 1, loss, accuracy: 0.5, best: false, seconds: 0, trainSeconds: 0 },
    ...(valLosses && { valLoss: valLosses[at], valAccuracy: 0.5 }),
  }));

const halving = Array.from({ length: 20 }, (_, at) => 2 ** -at);
const falling = Array.from({ length: 20 }, (_, at) => 1 - at * 0.04);
const flat = Array.from({ length: 20 }, (_, at) => (at < 5 ? 1 - at * 0.1 : 0.5));
const rising = Array.from({ length: 20 }, (_, at) => Math.abs(at - 8) + 1);

describe('a training that ended too early', () => {
  it('says from where to where its loss fell', () => {
    // Epochs 11 to 15: 0.6 … 0.44, mean 0.52. Epochs 16 to 20: 0.4 … 0.24, mean 0.32.
    expect(unfinishedTraining(epochs(falling))).toMatch(
      /on average from 0\.52 to 0\.32 in the last 5 epochs/,
    );
    expect(unfinishedTraining(epochs(falling, falling))).toMatch(/0\.52 to 0\.32/);
    expect(unfinishedTraining(epochs([1, 0.9, 0.8]))).toMatch(/from 0\.9 to 0\.8 in the last epoch\)/);
  });

  it('is not one whose loss stayed, or that of validation', () => {
    expect(unfinishedTraining(epochs(flat))).toBeUndefined();
    expect(unfinishedTraining(epochs(falling, flat))).toBeUndefined();
    expect(unfinishedTraining(epochs(falling, rising))).toBeUndefined();
    expect(unfinishedTraining(epochs(flat, falling))).toBeUndefined();
  });

  it('is not one whose loss is next to nothing, however it falls', () => {
    expect(unfinishedTraining(epochs(halving))).toBeUndefined();
  });

  it('cannot be told of two epochs', () => {
    expect(unfinishedTraining(epochs([1, 0.5]))).toBeUndefined();
    expect(unfinishedTraining([])).toBeUndefined();
  });
});
