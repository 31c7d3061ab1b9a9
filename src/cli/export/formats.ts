import { cBytes, cSource } from './cSource.ts';
import type { ExportedModel } from './exportedModel.ts';
import { OPSET, onnxBytes, onnxModel } from './onnx.ts';

/** What a model is written as. */
export interface ExportFormat {
  /** Whether it may go to a terminal. */
  readonly isText: boolean;
  /** What a file holds, for people. */
  readonly about: string;
  /** Whether a weight is stored where there is no connection. */
  readonly isDense: boolean;
  /** Bytes of the file, about. */
  readonly bytes: (model: ExportedModel) => number;
  /** The file's content in pieces. @throws CtreError `E_UNSUPPORTED` for a model that it cannot hold. */
  readonly write: (model: ExportedModel) => Iterable<string | Uint8Array>;
}

/** The formats of `ctre export`, one line each. */
export const exportFormats = {
  c: { isText: true, isDense: false, about: 'C99, sparse', bytes: cBytes, write: cSource },
  onnx: {
    ...{ isText: false, isDense: true, about: `ONNX, dense, operator set ${OPSET}` },
    ...{ bytes: onnxBytes, write: onnxModel },
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

export type ExportFormatName = keyof typeof exportFormats;
