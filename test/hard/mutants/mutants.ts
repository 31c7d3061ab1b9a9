/** One mistake in a kernel's source: `from`, which occurs once, becomes `to`. */
export interface Mutant {
  readonly file: string;
  readonly mistake: string;
  readonly from: string;
  readonly to: string;
}

/** Mistakes as people make them; the kernels' tests have to catch every one. */
export const mutants: readonly Mutant[] = [
  {
    file: 'spmm.ts',
    mistake: 'the last eight samples are dropped',
    from: `    v128.store(y, y6, 96);
    v128.store(y, y7, 112);
    bias += 4;`,
    to: `    bias += 4;`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the bias of a narrow tile is missing',
    from: `      let y0 = v128.load_splat<f32>(bias);
      let y1 = y0;
      for (let p = begin`,
    to: `      let y0 = zero;
      let y1 = y0;
      for (let p = begin`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the bias does not go on to the next neuron',
    from: `    v128.store(y, y7, 112);
    bias += 4;`,
    to: `    v128.store(y, y7, 112);`,
  },
  {
    file: 'spmm.ts',
    mistake: 'ReLU of a lane is max, which may swap its operands',
    from: `      y5 = f32x4.pmax(y5, zero);`,
    to: `      y5 = f32x4.pmax(zero, y5);`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the narrow kernel writes all lanes',
    from: `    for (let part: usize = 0; part < bytes; part += 32) {
      let y0 = v128.load_splat<f32>(bias);`,
    to: `    for (let part: usize = 0; part < ROW; part += 32) {
      let y0 = v128.load_splat<f32>(bias);`,
  },
  {
    file: 'spmm.ts',
    mistake: 'ReLU is undone where x ≥ 0',
    from: `      y3 = v128.and(y3, f32x4.gt(v128.load(x, 48), zero));`,
    to: `      y3 = v128.and(y3, f32x4.ge(v128.load(x, 48), zero));`,
  },
  {
    file: 'spmm.ts',
    mistake: 'values are taken in CSC order',
    from: `      const w = v128.load_splat<f32>(values + ((<usize>load<u32>(perm + q)) << 2));
      const s = dy + ((<usize>load<u32>(rowIdx + q)) << ROW_SHIFT);`,
    to: `      const w = v128.load_splat<f32>(values + q);
      const s = dy + ((<usize>load<u32>(rowIdx + q)) << ROW_SHIFT);`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the mask of a narrow tile is that of its first samples',
    from: `f32x4.gt(v128.load(x + part), zero)`,
    to: `f32x4.gt(v128.load(x), zero)`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'the last connections of a row are dropped',
    from: `    for (; p < end; p += 4) {
      const s = innerProduct(dy,`,
    to: `    for (; p + 4 < end; p += 4) {
      const s = innerProduct(dy,`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'four connections are taken where there are three',
    from: `    for (; p + 16 <= end; p += 16) {`,
    to: `    for (; p + 12 <= end; p += 16) {`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'accumulate is swapped',
    from: `      v128.store(dW + p, accumulate ? f32x4.add(v128.load(dW + p), s) : s);`,
    to: `      v128.store(dW + p, accumulate ? s : f32x4.add(v128.load(dW + p), s));`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'all lanes count',
    from: `  const bytes = (<usize>lanes) << 2;
  let begin`,
    to: `  const bytes = ROW;
  let begin`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'dy does not go on to the next neuron',
    from: `    dy += ROW;
    begin = end;`,
    to: `    begin = end;`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'the first samples count twice',
    from: `    for (let k: usize = 16; k < bytes; k += 16) sums`,
    to: `    for (let k: usize = 0; k < bytes; k += 16) sums`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'one block too many is added',
    from: `  for (; to + 16 <= end; to += 16) {`,
    to: `  for (; to < end; to += 16) {`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the last neuron of an odd number is dropped',
    from: `  if (i < outDim) {
    for (let half`,
    to: `  if (i + 1 < outDim) {
    for (let half`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the second neuron gets the bias of the first',
    from: `    const b = v128.load_splat<f32>(bias, 4);`,
    to: `    const b = v128.load_splat<f32>(bias);`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the stride is that of the outputs',
    from: `export function gemmT(w: usize, dy: usize, x: usize, dx: usize, outDim: i32, inDim: i32): void {
  const stride = (<usize>inDim) << 2;`,
    to: `export function gemmT(w: usize, dy: usize, x: usize, dx: usize, outDim: i32, inDim: i32): void {
  const stride = (<usize>outDim) << 2;`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the mask is that of the samples before',
    from: `  v128.store(dx, v128.and(a1, f32x4.gt(v128.load(x, 16), zero)), 16);`,
    to: `  v128.store(dx, v128.and(a1, f32x4.gt(v128.load(x), zero)), 16);`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the second row of inner products overwrites',
    from: `      v128.store(t + stride, accumulate ? f32x4.add(v128.load(t + stride), sb) : sb);`,
    to: `      v128.store(t + stride, sb);`,
  },
  {
    file: 'gemm.ts',
    mistake: 'tails of inner products run over all lanes',
    from: `      storeSum(t + stride, innerProduct(a + ROW, s, bytes), accumulate);`,
    to: `      storeSum(t + stride, innerProduct(a + ROW, s, ROW), accumulate);`,
  },
  {
    file: 'math.ts',
    mistake: 'one lane is summed twice',
    from: `    (f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 3))`,
    to: `    (f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 1))`,
  },
  {
    file: 'math.ts',
    mistake: 'two sums change places',
    from: `v128.shuffle<f64>(ab, cd, 1, 3)`,
    to: `v128.shuffle<f64>(cd, ab, 1, 3)`,
  },
  {
    file: 'math.ts',
    mistake: 'the exponential ends one power too early',
    from: `  let y = f32x4.splat(1.0 / 5040.0);`,
    to: `  let y = f32x4.splat(0.0);`,
  },
  {
    file: 'math.ts',
    mistake: 'a coefficient of the logarithm is off',
    from: `  series = series * z + 1.0 / 9.0;`,
    to: `  series = series * z + 1.0 / 9.1;`,
  },
  {
    file: 'loss.ts',
    mistake: 'the largest logit is sought from the second class only',
    from: `    let top = v128.load(z + lane);`,
    to: `    let top = v128.load(z + lane + (bytes > ROW ? ROW : 0));`,
  },
  {
    file: 'loss.ts',
    mistake: 'of equal logits the last class wins',
    from: `      if (load<f32>(s) > top) {`,
    to: `      if (load<f32>(s) >= top) {`,
  },
  {
    file: 'loss.ts',
    mistake: 'a logit of NaN can be right',
    from: `best === label && logSum <= Infinity`,
    to: `best === label`,
  },
  {
    file: 'loss.ts',
    mistake: 'unused lanes are not cleared',
    from: `    memory.fill(d + c + used, 0, ROW - used);`,
    to: `    if (used === 0) memory.fill(d + c, 0, ROW);`,
  },
  {
    file: 'loss.ts',
    mistake: 'labels are those of the samples in order',
    from: `  for (let b: usize = 0; b < <usize>count; b++) {
    const label = <usize>load<u32>(labels + ((<usize>load<u32>(rows + (b << 2))) << 2));
    const t =`,
    to: `  for (let b: usize = 0; b < <usize>count; b++) {
    const label = <usize>load<u32>(labels + (b << 2));
    const t =`,
  },
  {
    file: 'optimizer.ts',
    mistake: 'weight decay is missing in the tail',
    from: `    const g = load<f32>(grad) + l2 * ws;
    const vs = momentum`,
    to: `    const g = load<f32>(grad);
    const vs = momentum`,
  },
  {
    file: 'optimizer.ts',
    mistake: 'Nesterov looks ahead with the old velocity',
    from: `    v128.store(v, vs);
    const step = nesterov ? f32x4.add(g, f32x4.mul(momenta, vs)) : vs;`,
    to: `    const step = nesterov ? f32x4.add(g, f32x4.mul(momenta, v128.load(v))) : vs;
    v128.store(v, vs);`,
  },
  {
    file: 'optimizer.ts',
    mistake: 'epsilon is inside the root',
    from: `    const root = f32x4.add(f32x4.mul(f32x4.sqrt(vs), f32x4.splat(scale)), f32x4.splat(epsilon));`,
    to: `    const root = f32x4.mul(f32x4.sqrt(f32x4.add(vs, f32x4.splat(epsilon))), f32x4.splat(scale));`,
  },
  {
    file: 'optimizer.ts',
    mistake: 'the second moment is not kept in the tail',
    from: `    store<f32>(v, vs);
    store<f32>(w, ws - (rate * ms)`,
    to: `    store<f32>(w, ws - (rate * ms)`,
  },
  {
    file: 'tile.ts',
    mistake: 'unused lanes are not cleared',
    from: `  if (count < TILE) memory.fill(tile, 0, (<usize>cols) << ROW_SHIFT);`,
    to: ``,
  },
  {
    file: 'tile.ts',
    mistake: 'two samples change places in a block of four',
    from: `      const hi23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);`,
    to: `      const hi23 = v128.shuffle<f32>(a3, a2, 2, 6, 3, 7);`,
  },
  {
    file: 'tile.ts',
    mistake: 'one byte too many is cleared',
    from: `    memory.fill(tile + begin, 0, ROW - begin);`,
    to: `    memory.fill(tile + begin, 0, ROW - begin + 1);`,
  },
  {
    file: 'tile.ts',
    mistake: 'unpacked columns go to the beginning',
    from: `  let t = data + ((<usize>begin) << 2);
  for (let r = 0; r < n; r++) {
    memory.copy(t, s, (<usize>count) << 2);`,
    to: `  let t = data;
  for (let r = 0; r < n; r++) {
    memory.copy(t, s, (<usize>count) << 2);`,
  },
  {
    file: 'tile.ts',
    mistake: 'the last entry of a row is dropped',
    from: `p < end; p++) {
      const j`,
    to: `p + 1 < end; p++) {
      const j`,
  },
  {
    file: 'cosine.ts',
    mistake: 'a neuron that fires in the last lanes only is passed over',
    from: `    for (let k: usize = 16; k < ROW; k += 16) any`,
    to: `    for (let k: usize = 16; k < ROW - 16; k += 16) any`,
  },
  {
    file: 'cosine.ts',
    mistake: 'the squares are summed in one half only',
    from: `f64x2.add(f64x2.mul(lo, lo), f64x2.mul(hi, hi))`,
    to: `f64x2.add(f64x2.mul(lo, lo), f64x2.mul(lo, lo))`,
  },
  {
    file: 'cosine.ts',
    mistake: 'a cosine can be more than 1',
    from: `max<f64>(min<f64>(<f64>dot / (sqrt<f64>(a) * sqrt<f64>(b)), 1), -1)`,
    to: `max<f64>(<f64>dot / (sqrt<f64>(a) * sqrt<f64>(b)), -1)`,
  },
  {
    file: 'cosine.ts',
    mistake: 'the norm is that of the pair, not of its neuron',
    from: `load<f64>(inSums + ((<usize>load<u32>(indices + p)) << 3));`,
    to: `load<f64>(inSums + (p << 1));`,
  },
  {
    file: 'topk.ts',
    mistake: 'ties go to the higher index',
    from: `  for (let i = 0; i < n; i++) {
    const key = keyOf(scores, i, smallest, absolute);
    if (key < prefix) continue;`,
    to: `  for (let i = n - 1; i >= 0; i--) {
    const key = keyOf(scores, i, smallest, absolute);
    if (key < prefix) continue;`,
  },
  {
    file: 'topk.ts',
    mistake: 'NaN is the largest',
    from: `  if ((bits & 0x7fffffff) > 0x7f800000) return 0; // NaN`,
    to: ``,
  },
  {
    file: 'topk.ts',
    mistake: '−0 is smaller than 0',
    from: `  if (bits === 0x80000000) bits = 0; // −0 ties with 0`,
    to: ``,
  },
  {
    file: 'topk.ts',
    mistake: 'the histogram is not cleared',
    from: `    memory.fill(scratch, 0, <usize>(bins << 2));`,
    to: `    if (shift === 21) memory.fill(scratch, 0, <usize>(bins << 2));`,
  },
];
