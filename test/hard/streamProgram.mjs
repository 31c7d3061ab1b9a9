// Trains on rows that are made as they are wanted, and says how far the memory of the process rose.
// node streamProgram.mjs <ctre.js> <stream or whole> <pieces> <rows of a piece> <inputs>
import { pathToFileURL } from 'node:url';

const [program, way, ...sizes] = process.argv.slice(2);
const [pieces, rows, cols] = sizes.map(Number);
const { SparseMLP, topology } = await import(pathToFileURL(program).href);

/** Bytes without a pattern, of which every piece has a part. */
const block = Uint8Array.from({ length: 2 * rows * cols }, (_, at) => Math.imul(at + 1, 2654435761) >>> 24);

/** So many pieces in one, whose rows' classes are in their first bytes. */
function makeRows(count, seed) {
  const size = rows * cols;
  const data = new Uint8Array(count * size);
  for (let piece = 0; piece < count; piece++) {
    const begin = ((seed + piece) * 7919) % size;
    data.set(block.subarray(begin, begin + size), piece * size);
  }
  const y = Int32Array.from({ length: count * rows }, (_, r) =>
    data[r * cols] + data[r * cols + 1] > 255 ? 1 : 0,
  );
  return { x: { rows: count * rows, cols, data, scale: 255 }, y };
}

async function* stream(count) {
  for (let piece = 1; piece <= count; piece++) yield makeRows(1, piece);
}

const model = await SparseMLP.create({
  layers: [cols, 16, 2],
  epsilon: 1,
  topology: topology.set({ every: 500 }),
});
// What the engine and compiled code take is there after this.
await model.fit(stream(3));
/** The most memory that the process had so far, in bytes. */
const peak = () => process.resourceUsage().maxRSS * 1024;
const before = peak();
let bytes = 0;
if (way === 'whole') {
  const { x, y } = makeRows(pieces, 1);
  bytes = x.data.byteLength;
  await model.fit(x, y, { epochs: 1 });
} else {
  async function* counted() {
    for await (const piece of stream(pieces)) {
      bytes += piece.x.data.byteLength;
      yield piece;
    }
  }
  await model.fit(counted(), { stepsPerEpoch: 1000 });
}
const { length } = model.history;
console.log(JSON.stringify({ rise: peak() - before, bytes, loss: model.history[length - 1].loss }));
