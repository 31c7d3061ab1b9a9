/**
 * Readers of data sets, scalers, splits, and generated problems.
 * @module ctre/data
 */

export type { BlobObject } from '../base/hostTypes.ts';
export type { ByteMatrix } from '../matrix/byteMatrix.ts';
export type { RowIndices } from '../matrix/rowIndices.ts';
export type { ListMatrix, RowArrays, SampleMatrix, Samples } from '../matrix/samples.ts';
export { takeRows } from '../matrix/takeRows.ts';
export type { AwaitedFiles, DataFiles, FileContent } from './dataFiles.ts';
export type { Dataset, Taken } from './dataset.ts';
export { type DivideOptions, type Fold, kFold, splitRows } from './divideRows.ts';
export { type LabelledTable, type LearnOptions, learnColumns } from './labelledTable.ts';
export { encodeLabels, type LabelValues } from './labels.ts';
export { type MatrixMarketOptions, readMatrixMarket, writeMatrixMarket } from './matrixMarket.ts';
export type { DeclaredColumn, LeftOutColumn, RawColumn, RawTable } from './rawTable.ts';
export { loadDataset, loadTable, readDataset, readTable } from './read.ts';
export type { ByteReadOptions, ReadOptions } from './readOptions.ts';
export { relabel } from './relabel.ts';
export { parseRowRange, remainingRows } from './rowLists.ts';
export {
  applyScaler,
  fitScaler,
  type Scaler,
  type ScalerKind,
  scalerFromJson,
  scalerToJson,
} from './scaler.ts';
export { parseSplit, type Split } from './split.ts';
export { type SyntheticDataset, type SyntheticOptions, syntheticDataset } from './synthetic.ts';
export type { Column, FieldValue } from './table/column.ts';
export type { Encoding, NumberScale } from './table/encoding.ts';
export type { ColumnOptions, FittedPipeline } from './table/fitPipeline.ts';
export type { Pipeline, PipelineParts, TableLabel, TableRow } from './table/pipeline.ts';
export type { EncodedColumn, EncodedRows } from './table/tableEncoder.ts';
export type { TargetReading } from './targets.ts';
