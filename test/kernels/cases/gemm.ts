import type { Case } from '../bench.ts';
import { numbers, Sum, single, sizeCases, stream, sums, TILE, tile } from '../inputs.ts';

export const gemm: Case[] = sizeCases((bench, outDim, inDim) => {
  const random = stream(`gemm ${outDim} ${inDim}`);
  const [weights, biases] = [numbers(random, outDim * inDim), numbers(random, outDim)];
  const activations = tile(random, inDim, 29);
  const [w, bias, x] = [bench.input(weights), bench.input(biases), bench.input(activations)];
  const { want, bound } = sums(outDim * TILE, (at) => {
    const [i, b] = [Math.floor(at / TILE), at % TILE];
    const sum = new Sum();
    sum.add(biases[i]);
    for (let j = 0; j < inDim; j++) sum.add(weights[i * inDim + j] * activations[j * TILE + b]);
    return sum;
  });
  for (const relu of [false, true]) {
    const y = bench.f32(outDim * TILE);
    bench.kernels.gemm(w.pointer, bias.pointer, x.pointer, y.pointer, outDim, inDim, relu);
    bench.expectClose(y, relu ? want.map((sum) => Math.max(sum, 0)) : want, bound);
  }
});

export const gemmT: Case[] = sizeCases((bench, outDim, inDim) => {
  const random = stream(`gemmT ${outDim} ${inDim}`);
  const weights = numbers(random, outDim * inDim);
  const deltas = tile(random, outDim, 29);
  const mask = tile(random, inDim, 30).map((value, at) => (at % 5 === 0 ? 0 : value));
  const dx = bench.f32(inDim * TILE);
  const [w, dy, x] = [bench.input(weights), bench.input(deltas), bench.input(mask)];
  bench.kernels.gemmT(w.pointer, dy.pointer, x.pointer, dx.pointer, outDim, inDim);
  const { want, bound } = sums(inDim * TILE, (at) => {
    const [j, b] = [Math.floor(at / TILE), at % TILE];
    const sum = new Sum();
    if (mask[at] > 0) {
      for (let i = 0; i < outDim; i++) sum.add(weights[i * inDim + j] * deltas[i * TILE + b]);
    }
    return sum;
  });
  bench.expectClose(dx, want, bound);
});

function productCases(accumulate: boolean): Case[] {
  return sizeCases((bench, outDim, inDim) => {
    const random = stream(`products ${outDim} ${inDim}`);
    const before = numbers(random, outDim * inDim);
    const [left, right] = [tile(random, outDim, TILE), tile(random, inDim, TILE)];
    const g = accumulate ? bench.inout(before) : bench.f32(outDim * inDim);
    const [a, x] = [bench.input(left), bench.input(right)];
    bench.kernels.products(a.pointer, x.pointer, g.pointer, outDim, inDim, accumulate, TILE);
    const { want, bound } = sums(outDim * inDim, (at) => {
      const [i, j] = [Math.floor(at / inDim), at % inDim];
      const sum = new Sum();
      if (accumulate) sum.add(before[at]);
      for (let b = 0; b < TILE; b++) sum.add(left[i * TILE + b] * right[j * TILE + b]);
      return sum;
    });
    bench.expectClose(g, want, bound);
  }).map(({ name, runs }) => ({ name: accumulate ? `accumulate_${name}` : name, runs }));
}

export const products: Case[] = [
  ...productCases(false),
  ...productCases(true),
  single('same_bits_in_block_and_tail', (bench) => {
    const a = bench.input(tile(stream('a'), 3, TILE)).pointer;
    const x = bench.input(tile(stream('x'), 7, TILE)).pointer;
    const all = bench.f32(3 * 7);
    bench.kernels.products(a, x, all.pointer, 3, 7, false, TILE);
    const alone = Float32Array.from({ length: 3 * 7 }, (_, at) => {
      const one = bench.f32(1);
      bench.kernels.products(
        a + 128 * Math.floor(at / 7),
        x + 128 * (at % 7),
        one.pointer,
        1,
        1,
        false,
        TILE,
      );
      return one.read()[0];
    });
    bench.expectSame(all, alone);
  }),
];
