// Small models as files, written here by the formats' descriptions (safetensors; src/files/modelFile.ts).
import { joined, type Seed } from './mutate.ts';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

interface Layer {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: readonly number[];
  readonly indices: readonly number[];
}

export interface ModelParts {
  readonly layers: readonly Layer[];
  readonly settings?: object;
  readonly metadata?: unknown;
}

const SETTINGS = {
  topology: { name: 'set', options: {} },
  initializer: { name: 'glorot', options: {} },
  growInitializer: { name: 'uniform', options: {} },
  seed: 7,
  epochs: 3,
};

/** The contents of a model's file: three texts of JSON and the tensors' bytes. */
export function modelParts({
  layers,
  settings = {},
  metadata = {},
}: ModelParts): Readonly<Record<string, Uint8Array>> {
  const tensors: Record<string, object> = {};
  const contents: Uint8Array[] = [];
  let offset = 0;
  const put = (name: string, dtype: string, data: Int32Array | Float32Array): void => {
    const end = offset + data.byteLength;
    tensors[name] = { dtype, shape: [data.length], data_offsets: [offset, end] };
    contents.push(new Uint8Array(data.buffer));
    offset = end;
  };
  layers.forEach(({ rows, indptr, indices }, l) => {
    put(`layers.${l}.indptr`, 'I32', Int32Array.from(indptr));
    put(`layers.${l}.indices`, 'I32', Int32Array.from(indices));
    put(
      `layers.${l}.values`,
      'F32',
      Float32Array.from(indices, (col) => col / 8 - 0.25),
    );
    put(`layers.${l}.bias`, 'F32', new Float32Array(rows).fill(0.5));
  });
  const shapes = layers.map(({ rows, cols }) => [rows, cols]);
  return {
    settings: text(JSON.stringify({ version: 1, shapes, ...SETTINGS, ...settings })),
    metadata: text(JSON.stringify(metadata)),
    tensors: text(JSON.stringify(tensors)),
    data: joined(...contents),
  };
}

/** The file with these contents: the header's length, the padded header, the tensors' bytes. */
export function packModel(inside: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const [settings, metadata, tensors] = ['settings', 'metadata', 'tensors'].map((name) =>
    Buffer.from(inside[name]).toString(),
  );
  const strings = JSON.stringify({ ctre: settings, metadata });
  const header = `{"__metadata__":${strings},${tensors.slice(1)}`;
  return withHeader(header, inside.data);
}

/** A safetensors file of a header and what follows it. */
export function withHeader(header: string, data: Uint8Array): Uint8Array {
  const bytes = text(header);
  const padded = new Uint8Array(8 * Math.ceil(bytes.length / 8)).fill(32);
  padded.set(bytes);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return joined(length, padded, data);
}

const LAYERS: readonly Layer[] = [
  { rows: 3, cols: 4, indptr: [0, 2, 3, 5], indices: [0, 3, 1, 0, 2] },
  { rows: 2, cols: 3, indptr: [0, 3, 6], indices: [0, 1, 2, 0, 1, 2] },
];

/** Models that can be loaded: plain ones, and some with scaler and labels, as the command line saves them. */
export const modelSeeds: readonly Seed<Uint8Array>[] = [
  { name: 'a model', inside: modelParts({ layers: LAYERS }), pack: packModel },
  {
    name: 'a model with notes',
    inside: modelParts({
      layers: LAYERS,
      settings: {
        topology: { name: 'ctre-seq', options: { pruneFraction: 0.3, annealing: 'constant', patience: 4 } },
        initializer: { name: 'sparse-he', options: { firstGain: 0.1, gain: 1.5 } },
        seed: 'words',
      },
      metadata: {
        labelNames: ['oak', 'elm'],
        scaler: '{"kind":"minmax","offset":[0,0,1,2],"scale":[1,2,3,4]}',
        featureNames: ['a', 'b', 'c', 'd'],
        dataset: 'trees.csv',
      },
    }),
    pack: packModel,
  },
];

/** The contents of a checkpoint: a model's parts and the training, as texts of JSON. */
export function unpackCheckpoint(bytes: Uint8Array): Readonly<Record<string, Uint8Array>> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const { __metadata__: strings, ...tensors } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + length)),
  );
  return {
    settings: text(strings.ctre),
    metadata: text(strings.metadata),
    training: text(strings.training),
    tensors: text(JSON.stringify(tensors)),
    data: bytes.slice(8 + length),
  };
}

/** The checkpoint with these contents and a right check sum, so that a reader gets to what is wrong. */
export function packCheckpoint(inside: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const [ctre, metadata, training, tensors] = ['settings', 'metadata', 'training', 'tensors'].map((name) =>
    Buffer.from(inside[name]).toString(),
  );
  const strings = JSON.stringify({ checksum: '00000000', ctre, metadata, training });
  const bytes = withHeader(`{"__metadata__":${strings},${tensors.slice(1)}`, inside.data);
  const at = 8 + '{"__metadata__":{"checksum":"'.length;
  bytes.set(text(crc32(bytes).toString(16).padStart(8, '0')), at);
  return bytes;
}

/** Bit by bit, by the definition (RFC 1952, section 8). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
