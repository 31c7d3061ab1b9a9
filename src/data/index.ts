/**
 * Readers of data sets, scalers, splits, and generated problems.
 * @module ctre/data
 */

export { type Dataset, encodeLabels, type LabelValues, type ReadOptions, relabel } from './dataset.ts';
export { type DataFiles, readDataset } from './read.ts';
export {
  applyScaler,
  fitScaler,
  type Scaler,
  type ScalerKind,
  scalerFromJson,
  scalerToJson,
} from './scaler.ts';
export { parseRowRange, parseSplit, remainingRows, type Split, splitRows, takeRows } from './split.ts';
export { type SyntheticDataset, type SyntheticOptions, syntheticDataset } from './synthetic.ts';
