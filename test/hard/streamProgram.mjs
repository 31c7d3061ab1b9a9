// Trains on rows that are made as they are wanted, and says how far the memory of the process rose.
// node streamProgram.mjs <ctre.js> <stream or whole> <pieces> <rows of a piece> <inputs>
import { pathToFileURL } from 'node:url';

const [program, way, ...sizes] = process.argv.slice(2);
const [pieces, rows, cols] = sizes.map(Number);
const { SparseMLP, topology } = await import(pathToFileURL(program).href);

/** So many rows whose class is in their first bytes. */
function makeRows(count, seed) {
  const data = new Uint8Array(count * cols);
  for (let at = 0; at < data.length; at++) data[at] = Math.imul(at + seed, 2654435761) >>> 24;
  const y = Int32Array.from({ length: count }, (_, r) => (data[r * cols] + data[r * cols + 1] > 255 ? 1 : 0));
  return { x: { rows: count, cols, data, scale: 255 }, y };
}

async function* stream(count) {
  for (let piece = 1; piece <= count; piece++) yield makeRows(rows, piece);
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
  const { x, y } = makeRows(pieces * rows, 1);
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
