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
    file: 'loss.ts',
    mistake: 'the weights of samples are not used',
    from: `weights === 0 ? sampleLoss : sampleLoss * weightOf(weights, rows, b)`,
    to: `sampleLoss`,
  },
  {
    file: 'weights.ts',
    mistake: 'a weight is that of the place in the tile',
    from: `weights + row * ELEMENT_BYTES`,
    to: `weights + b * ELEMENT_BYTES`,
  },
  {
    file: 'weights.ts',
    mistake: 'a sample without a weight does not count',
    from: `  if (weights === 0) return 1;`,
    to: `  if (weights === 0) return 0;`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'the logistic function of negative numbers is mirrored',
    from: `f32x4.lt(a, f32x4.splat(0))`,
    to: `f32x4.gt(a, f32x4.splat(0))`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'the exponential of the logistic function may overflow',
    from: `    const e = exp4(f32x4.neg(f32x4.abs(a)));
    const top`,
    to: `    const e = exp4(f32x4.neg(a));
    const top`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'the gradient has no lower limit',
    from: `f32x4.min(f32x4.max(e, below), limits)`,
    to: `f32x4.min(e, limits)`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'the gradient has its sign turned',
    from: `f32x4.sub(v128.load(y + lane), v128.load(t + lane))`,
    to: `f32x4.sub(v128.load(t + lane), v128.load(y + lane))`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'unused lanes keep a gradient',
    from: `    memory.fill(d + c + used, 0, ROW_BYTES - used);
`,
    to: ``,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'all neurons but the first are weighed',
    from: `for (let c = b << ELEMENT_SHIFT; c < bytes`,
    to: `for (let c = ROW_BYTES + (b << ELEMENT_SHIFT); c < bytes`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'a sample is weighed by the first one’s weight',
    from: `    const w = weightOf(weights, rows, b);`,
    to: `    const w = weightOf(weights, rows, 0);`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'the squared error is not halved',
    from: `: 0.5 * square);`,
    to: `: square);`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'the line of Huber’s loss begins too high',
    from: `limit * (e - 0.5 * limit)`,
    to: `limit * e`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'the squares of targets are those of errors',
    from: `      totalSquares += target * target;`,
    to: `      totalSquares += square;`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'a label is predicted at 0, too',
    from: `i32x4.bitmask(f32x4.gt(a, zero)) << lane`,
    to: `i32x4.bitmask(f32x4.ge(a, zero)) << lane`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'a sample with a NaN may be right',
    from: `      wrong |= i32x4.bitmask(f32x4.ne(a, a)) << lane;
`,
    to: ``,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'false positives and false negatives are swapped',
    from: `popcnt(yes & ~positive)`,
    to: `popcnt(positive & ~yes)`,
  },
  {
    file: 'targetLoss.ts',
    mistake: 'lanes without a sample have a loss',
    from: `  if (lane >= <u32>count) return 0;
`,
    to: ``,
  },
  {
    file: 'spmm.ts',
    mistake: 'the last four samples are dropped',
    from: `        v128.store(t, y7, 7 * VECTOR_BYTES);
`,
    to: ``,
  },
  {
    file: 'spmm.ts',
    mistake: 'the bias of a narrow tile is missing',
    from: `isBoolean<Transposed>() ? zero : v128.load_splat<f32>(bias)`,
    to: `isBoolean<Transposed>() || !isBoolean<Wide>() ? zero : v128.load_splat<f32>(bias)`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the bias does not go on to the next neuron',
    from: `    if (!isBoolean<Transposed>()) bias += ELEMENT_BYTES;
`,
    to: ``,
  },
  {
    file: 'spmm.ts',
    mistake: 'ReLU of a lane is max, which may swap its operands',
    from: `        y5 = f32x4.pmax(y5, zero);`,
    to: `        y5 = f32x4.pmax(zero, y5);`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the narrow kernel writes all lanes',
    from: `      if (part >= bytes) break;`,
    to: `      if (part >= ROW_BYTES) break;`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the narrow kernel stops after its first part',
    from: `      if (part >= bytes) break;`,
    to: `      break;`,
  },
  {
    file: 'spmm.ts',
    mistake: 'ReLU is undone where x ≥ 0',
    from: `y3 = v128.and(y3, f32x4.gt(`,
    to: `y3 = v128.and(y3, f32x4.ge(`,
  },
  {
    file: 'spmm.ts',
    mistake: 'ReLU is undone where nothing asks for it',
    from: `      if (relu && isBoolean<Transposed>()) {`,
    to: `      if (isBoolean<Transposed>()) {`,
  },
  {
    file: 'spmm.ts',
    mistake: 'a slope below 0 is ReLU',
    from: `multiply<Yes, No>(indptr, indices, 0, values, bias, x, 0, y, n, slope === 0, ROW_BYTES)`,
    to: `multiply<Yes, No>(indptr, indices, 0, values, bias, x, 0, y, n, slope <= 0, ROW_BYTES)`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the bits of each block are those of the first',
    from: `    fires += (<usize>n) << ELEMENT_SHIFT;
    y +=`,
    to: `    y +=`,
  },
  {
    file: 'spmm.ts',
    mistake: 'each block has the biases of the first',
    from: `    bias += (<usize>n) << ELEMENT_SHIFT;
`,
    to: ``,
  },
  {
    file: 'spmm.ts',
    mistake: 'the activation is applied to all lanes of a narrow tile',
    from: `activateRows(y, n, bytes, slope, fires);`,
    to: `activateRows(y, n, ROW_BYTES, slope, fires);`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the backward product applies the activation again',
    from: `differentiateRows(dx, n, bytes, slope, fires);`,
    to: `activateRows(dx, n, bytes, slope, fires);`,
  },
  {
    file: 'spmm.ts',
    mistake: 'each block of the backward product has the bits of the first',
    from: `    fires += (<usize>n) << ELEMENT_SHIFT;
    x +=`,
    to: `    x +=`,
  },
  {
    file: 'slope.ts',
    mistake: 'a slope below 0 is left out',
    from: `return slope !== 0 && slope !== 1;`,
    to: `return slope > 0 && slope !== 1;`,
  },
  {
    file: 'slope.ts',
    mistake: 'the slope is that of sums above 0',
    from: `v128.bitselect(b, f32x4.mul(b, factor), isAboveB), VECTOR_BYTES);
      bits =`,
    to: `v128.bitselect(f32x4.mul(b, factor), b, isAboveB), VECTOR_BYTES);
      bits =`,
  },
  {
    file: 'slope.ts',
    mistake: 'a sum of 0 fires',
    from: `const isAboveA = f32x4.gt(a, zero);`,
    to: `const isAboveA = f32x4.ge(a, zero);`,
  },
  {
    file: 'slope.ts',
    mistake: 'the bits of the first lanes are lost',
    from: `bits = (((bits << 4) | i32x4.bitmask(isAboveB)) << 4) | i32x4.bitmask(isAboveA);`,
    to: `bits = ((bits << 4) | i32x4.bitmask(isAboveB)) << 4;`,
  },
  {
    file: 'slope.ts',
    mistake: 'the bits of two vectors are swapped',
    from: `bits = (((bits << 4) | i32x4.bitmask(isAboveB)) << 4) | i32x4.bitmask(isAboveA);`,
    to: `bits = (((bits << 4) | i32x4.bitmask(isAboveA)) << 4) | i32x4.bitmask(isAboveB);`,
  },
  {
    file: 'slope.ts',
    mistake: 'the bits of the first vectors count for all',
    from: `      bit = i32x4.shl(next, 4);
`,
    to: ``,
  },
  {
    file: 'slope.ts',
    mistake: 'the gradient of neurons that fire gets the slope',
    from: `      v128.store(t, v128.bitselect(a, f32x4.mul(a, factor), isAboveA));
      v128.store(t, v128.bitselect(b, f32x4.mul(b, factor), isAboveB), VECTOR_BYTES);
      bit =`,
    to: `      v128.store(t, v128.bitselect(f32x4.mul(a, factor), a, isAboveA));
      v128.store(t, v128.bitselect(b, f32x4.mul(b, factor), isAboveB), VECTOR_BYTES);
      bit =`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the last neuron has no activation',
    from: `activateRows(rows, outDim, ROW_BYTES, slope, fires)`,
    to: `activateRows(rows, outDim - 1, ROW_BYTES, slope, fires)`,
  },
  {
    file: 'gemm.ts',
    mistake: 'only outputs of a dense layer keep the gradient before the activation',
    from: `differentiateRows(rows, inDim, ROW_BYTES, slope, fires)`,
    to: `differentiateRows(rows, outDim, ROW_BYTES, slope, fires)`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the mask goes on by one column of four',
    from: `    mask += 4 * maskBytes;`,
    to: `    mask += maskBytes;`,
  },
  {
    file: 'gemm.ts',
    mistake: 'ReLU is undone where nothing asks for it',
    from: `let mask = slope === 0 ? x : 0;`,
    to: `let mask = x;`,
  },
  {
    file: 'backward.ts',
    mistake: 'a neuron of 0 has no gradient, whatever the slope',
    from: `q >= end || (relu && isZero(x, bytes))`,
    to: `q >= end || isZero(x, bytes)`,
  },
  {
    file: 'backward.ts',
    mistake: 'each block has the bits of the first',
    from: `    fires += (<usize>n) << ELEMENT_SHIFT;
`,
    to: ``,
  },
  {
    file: 'backward.ts',
    mistake: 'ReLU is undone where another slope is asked for',
    from: `        if (relu) {
          dx0`,
    to: `        if (true) {
          dx0`,
  },
  {
    file: 'spmm.ts',
    mistake: 'values are taken in CSC order',
    from: `isBoolean<Transposed>() ? (<usize>load<u32>(perm + p)) << ELEMENT_SHIFT : p`,
    to: `p`,
  },
  {
    file: 'spmm.ts',
    mistake: 'the mask of a narrow tile is that of its first samples',
    from: `        const m = mask + part;`,
    to: `        const m = mask;`,
  },
  {
    file: 'spmm.ts',
    mistake: 'a line begins where the one before began',
    from: `    begin = end;
`,
    to: ``,
  },
  {
    file: 'backward.ts',
    mistake: 'a neuron that fires in later samples only counts as silent',
    from: `  for (let k = PART_BYTES; k < bytes; k += PART_BYTES) {
    any =`,
    to: `  for (let k = bytes; k < bytes; k += PART_BYTES) {
    any =`,
  },
  {
    file: 'backward.ts',
    mistake: 'what lies beyond the lanes makes a neuron fire',
    from: `  for (let k = PART_BYTES; k < bytes; k += PART_BYTES) {
    any =`,
    to: `  for (let k = PART_BYTES; k < ROW_BYTES; k += PART_BYTES) {
    any =`,
  },
  {
    file: 'backward.ts',
    mistake: 'a silent neuron keeps the gradient of the tile before',
    from: `      if (!accumulate) {`,
    to: `      if (accumulate && !accumulate) {`,
  },
  {
    file: 'backward.ts',
    mistake: 'a silent neuron loses the gradient of the tiles before',
    from: `      if (!accumulate) {`,
    to: `      if (true) {`,
  },
  {
    file: 'backward.ts',
    mistake: 'dx of a silent neuron stays as it was',
    from: `      if (isBoolean<WithInputs>()) clearRow(dx);
`,
    to: ``,
  },
  {
    file: 'backward.ts',
    mistake: 'the second connection of a pair gets the weight of the first',
    from: `v128.load_splat<f32>(values + bOffset)`,
    to: `v128.load_splat<f32>(values + aOffset)`,
  },
  {
    file: 'backward.ts',
    mistake: 'the last connection of an odd number is dropped',
    from: `      if (q < end) {`,
    to: `      if (q + ELEMENT_BYTES < end) {`,
  },
  {
    file: 'backward.ts',
    mistake: 'ReLU is undone where x ≥ 0',
    from: `dx3 = v128.and(dx3, f32x4.gt(`,
    to: `dx3 = v128.and(dx3, f32x4.ge(`,
  },
  {
    file: 'backward.ts',
    mistake: 'accumulate is swapped',
    from: `accumulate ? load<f32>(to) + sum : sum`,
    to: `accumulate ? sum : load<f32>(to) + sum`,
  },
  {
    file: 'backward.ts',
    mistake: 'x does not go on to the next neuron',
    from: `    x += ROW_BYTES;
`,
    to: ``,
  },
  {
    file: 'math.ts',
    mistake: 'two of the second sum are left out',
    from: `  return f32x4.add(ab, v128.shuffle<f64>(ab, ab, 1, 1));`,
    to: `  return f32x4.add(ab, v128.shuffle<f64>(ab, ab, 0, 1));`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'the last connections of a row are dropped',
    from: `    for (; p < end; p += ELEMENT_BYTES) {`,
    to: `    for (; p + ELEMENT_BYTES < end; p += ELEMENT_BYTES) {`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'four connections are taken where there are three',
    from: `p + 4 * ELEMENT_BYTES <= end`,
    to: `p + 3 * ELEMENT_BYTES <= end`,
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
    from: `  const bytes = (<usize>lanes) << ELEMENT_SHIFT;
  let begin`,
    to: `  const bytes = ROW_BYTES;
  let begin`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'dy does not go on to the next neuron',
    from: `    dy += ROW_BYTES;
    begin = end;`,
    to: `    begin = end;`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'the first samples count twice',
    from: `    for (let k = VECTOR_BYTES; k < bytes; k += VECTOR_BYTES) sums`,
    to: `    for (let k: usize = 0; k < bytes; k += VECTOR_BYTES) sums`,
  },
  {
    file: 'sddmm.ts',
    mistake: 'one block too many is added',
    from: `  for (; to + VECTOR_BYTES <= end; to += VECTOR_BYTES) {`,
    to: `  for (; to < end; to += VECTOR_BYTES) {`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the last neuron of an odd number is dropped',
    from: `  if (i < outDim) gemmRows<No>`,
    to: `  if (i + 1 < outDim) gemmRows<No>`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the second neuron gets the bias of the first',
    from: `v128.load_splat<f32>(bias, ELEMENT_BYTES)`,
    to: `v128.load_splat<f32>(bias)`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the stride is that of the outputs',
    from: `  const stride = (<usize>inDim) << ELEMENT_SHIFT;
  const rows = dx;`,
    to: `  const stride = (<usize>outDim) << ELEMENT_SHIFT;
  const rows = dx;`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the mask is that of the samples before',
    from: `v128.and(a1, f32x4.gt(v128.load(x, VECTOR_BYTES), zero))`,
    to: `v128.and(a1, f32x4.gt(v128.load(x), zero))`,
  },
  {
    file: 'gemm.ts',
    mistake: 'the second row of inner products overwrites',
    from: `storeSums(g + stride, sum4x4(b0, b1, b2, b3), accumulate)`,
    to: `storeSums(g + stride, sum4x4(b0, b1, b2, b3), false)`,
  },
  {
    file: 'gemm.ts',
    mistake: 'tails of inner products run over all lanes',
    from: `innerProduct(a + ROW_BYTES, x, bytes)`,
    to: `innerProduct(a + ROW_BYTES, x, ROW_BYTES)`,
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
    to: `    let top = v128.load(z + lane + (bytes > ROW_BYTES ? ROW_BYTES : 0));`,
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
    from: `    memory.fill(d + c + used, 0, ROW_BYTES - used);`,
    to: `    if (used === 0) memory.fill(d + c, 0, ROW_BYTES);`,
  },
  {
    file: 'loss.ts',
    mistake: 'labels are those of the samples in order',
    from: `  const row = <usize>load<u32>(rows + b * ELEMENT_BYTES);`,
    to: `  const row = b;`,
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
    const step = (rate * ms)`,
    to: `    const step = (rate * ms)`,
  },
  {
    file: 'optimizer.ts',
    mistake: 'a weight does not decay in the tail',
    from: `    store<f32>(w, ws - (decoupled ? step + lost : step));`,
    to: `    store<f32>(w, ws - step);`,
  },
  {
    file: 'optimizer.ts',
    mistake: 'the decay is a penalty in the gradient',
    from: `scale, epsilon, decay, true);`,
    to: `scale, epsilon, decay, false);`,
  },
  {
    file: 'clip.ts',
    mistake: 'the second half of a block is not squared',
    from: `    high = f64x2.add(high, f64x2.mul(h, h));`,
    to: `    high = f64x2.add(high, f64x2.mul(l, h));`,
  },
  {
    file: 'clip.ts',
    mistake: 'squares are float32, and overflow',
    from: `    const value = <f64>load<f32>(x);
    total += value * value;`,
    to: `    const value = load<f32>(x);
    total += <f64>(value * value);`,
  },
  {
    file: 'clip.ts',
    mistake: 'the tail is not scaled',
    from: `  for (; x < end; x += ELEMENT_BYTES) store<f32>(x, load<f32>(x) * factor);
`,
    to: ``,
  },
  {
    file: 'tile.ts',
    mistake: 'unused lanes are not cleared',
    from: `  if (count < TILE) memory.fill(tile, 0, (<usize>cols) << ROW_SHIFT);
  const stride = (<usize>cols) << ELEMENT_SHIFT;`,
    to: `  const stride = (<usize>cols) << ELEMENT_SHIFT;`,
  },
  {
    file: 'tile.ts',
    mistake: 'two samples change places in a block of four',
    from: `      const hi23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);`,
    to: `      const hi23 = v128.shuffle<f32>(a3, a2, 2, 6, 3, 7);`,
  },
  {
    file: 'tile.ts',
    mistake: 'two samples of bytes change places in a block of four',
    from: `v128.load8_lane(s3 + j, bytes, 12)`,
    to: `v128.load8_lane(s2 + j, bytes, 12)`,
  },
  {
    file: 'tile.ts',
    mistake: 'the last sample of bytes is in the unused lanes, too',
    from: `v128.store(t, v128.and(scaled, isUsed))`,
    to: `v128.store(t, scaled)`,
  },
  {
    file: 'tile.ts',
    mistake: 'bytes are scaled in single precision',
    from: `f32x4.demote_f64x2_zero(f64x2.div(f64x2.sub(low, offset), scale))`,
    to: `f32x4.div(
          f32x4.demote_f64x2_zero(f64x2.sub(low, offset)),
          v128.shuffle<f64>(f32x4.demote_f64x2_zero(scale), i32x4.splat(0x3f800000), 0, 2),
        )`,
  },
  {
    file: 'tile.ts',
    mistake: 'bytes of all columns have the offset of the first one',
    from: `      o += DOUBLE_BYTES;
      c += DOUBLE_BYTES;`,
    to: `      c += DOUBLE_BYTES;`,
  },
  {
    file: 'tile.ts',
    mistake: 'one byte too many is cleared',
    from: `    memory.fill(tile + begin, 0, ROW_BYTES - begin);`,
    to: `    memory.fill(tile + begin, 0, ROW_BYTES - begin + 1);`,
  },
  {
    file: 'tile.ts',
    mistake: 'unpacked columns go to the beginning',
    from: `  let t = data + ((<usize>begin) << ELEMENT_SHIFT);`,
    to: `  let t = data;`,
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
    from: `    for (let k = VECTOR_BYTES; k < ROW_BYTES; k += VECTOR_BYTES) any`,
    to: `    for (let k = VECTOR_BYTES; k < ROW_BYTES - VECTOR_BYTES; k += VECTOR_BYTES) any`,
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
    from: `max<f64>(min<f64>(<f64>dot / norms, 1), -1)`,
    to: `max<f64>(<f64>dot / norms, -1)`,
  },
  {
    file: 'cosine.ts',
    mistake: 'in a block of four, a cosine can be less than −1',
    from: `f64x2.pmax(f64x2.pmin(quotients, f64x2.splat(1)), f64x2.splat(-1))`,
    to: `f64x2.pmin(quotients, f64x2.splat(1))`,
  },
  {
    file: 'cosine.ts',
    mistake: 'in a block of four, a norm of 0 gives a cosine of 1',
    from: `v128.and(f64x2.gt(norms, f64x2.splat(0)), f64x2.eq(quotients, quotients))`,
    to: `f64x2.eq(quotients, quotients)`,
  },
  {
    file: 'cosine.ts',
    mistake: 'the third and fourth of a block have the norms of the first and second',
    from: `f64x2.mul(norms, v128.load(other, VECTOR_BYTES))`,
    to: `f64x2.mul(norms, v128.load(other))`,
  },
  {
    file: 'cosine.ts',
    mistake: 'the norms do not go on to the next row',
    from: `    outNorms += DOUBLE_BYTES;
`,
    to: ``,
  },
  {
    file: 'cosine.ts',
    mistake: 'the norm is that of the pair, not of its neuron',
    from: `load<f64>(inSums + ((<usize>load<u32>(indices + p)) << DOUBLE_SHIFT));`,
    to: `load<f64>(inSums + (p << 1));`,
  },
  {
    file: 'topk.ts',
    mistake: 'of equal scores the last ones are passed over only where all are taken',
    from: `        if (rank === 0) continue;
        rank--;`,
    to: `        if (rank === 1) continue;
        rank--;`,
  },
  {
    file: 'topk.ts',
    mistake: 'scores that tie with the last are passed over',
    from: `areBelow<No>(scores, i, last, lost, turned)`,
    to: `areBelow<Yes>(scores, i, last, lost, turned)`,
  },
  {
    file: 'topk.ts',
    mistake: 'four of eight scores are not looked at',
    from: `v128.and(f32x4.le(low, limit), f32x4.le(high, limit))`,
    to: `f32x4.le(low, limit)`,
  },
  {
    file: 'topk.ts',
    mistake: 'the least of the heap is remembered from before',
    from: `      if (key > least) least = replaceLeast<u32>(heap, k, key);`,
    to: `      if (key > least) replaceLeast<u32>(heap, k, key);`,
  },
  {
    file: 'topk.ts',
    mistake: 'NaN is the largest',
    from: `  if ((bits & MAGNITUDE) > INFINITY_BITS) return 0; // NaN`,
    to: ``,
  },
  {
    file: 'topk.ts',
    mistake: '−0 is smaller than 0',
    from: `  if (bits === SIGN) bits = 0; // −0 ties with 0`,
    to: ``,
  },
  {
    file: 'topk.ts',
    mistake: 'the histogram is not cleared',
    from: `    memory.fill(scratch, 0, (<usize>bins) << ELEMENT_SHIFT);`,
    to: `    if (shift === HIGH) memory.fill(scratch, 0, (<usize>bins) << ELEMENT_SHIFT);`,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'a rest is narrower than a register',
    from: `  return rest < BLOCK_BYTES + VECTOR_BYTES ? rest - VECTOR_BYTES : BLOCK_BYTES;`,
    to: `  return BLOCK_BYTES;`,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'wide blocks leave a rest that is narrower than a register',
    from: `  return rest > 0 && rest < VECTOR_BYTES && all > 0 ? all - ROW_BYTES : all;`,
    to: `  return all;`,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'the third register goes beyond a narrow block',
    from: `min<usize>(2 * VECTOR_BYTES, last);
  const at3: usize = isBoolean<Eight>() ? 3 * VECTOR_BYTES : last;
  let y0`,
    to: `2 * VECTOR_BYTES;
  const at3: usize = isBoolean<Eight>() ? 3 * VECTOR_BYTES : last;
  let y0`,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'a row begins where the one before began',
    from: `    y += stride;
    begin = end;`,
    to: `    y += stride;`,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'four products are added up before they join the sum',
    from: `        sum0 = sum0 + a + b + c + d;`,
    to: `        sum0 += a + b + (c + d);`,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'four entries are taken where there are three',
    from: `p + 4 * ELEMENT_BYTES <= end`,
    to: `p + 3 * ELEMENT_BYTES <= end`,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'what the result held before is added to',
    from: `  memory.fill(y, 0, <usize>cols * stride);
`,
    to: ``,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'lanes that two registers share count twice',
    from: `    const y1 = f32x4.add(v128.load(t + at1), f32x4.mul(w, x1));`,
    to: `    v128.store(t, y0);
    const y1 = f32x4.add(v128.load(t + at1), f32x4.mul(w, x1));`,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'four columns of 32 get nothing',
    from: `      v128.store(t, y7, 7 * VECTOR_BYTES);
`,
    to: ``,
  },
  {
    file: 'rowMajor.ts',
    mistake: 'the third column is multiplied by the second',
    from: `isBoolean<Three>() ? load<f32>(x, 2 * ELEMENT_BYTES) : x0;`,
    to: `isBoolean<Three>() ? load<f32>(x, ELEMENT_BYTES) : x0;`,
  },
  {
    file: 'check.ts',
    mistake: 'an index can be the number of columns',
    from: `largest < <u32>cols`,
    to: `largest <= <u32>cols`,
  },
  {
    file: 'check.ts',
    mistake: 'an index can come twice',
    from: `i32x4.le_s(v128.load(s, ELEMENT_BYTES), a)`,
    to: `i32x4.lt_s(v128.load(s, ELEMENT_BYTES), a)`,
  },
  {
    file: 'check.ts',
    mistake: 'offsets can fall',
    from: `    if (end < begin || end > nnz) return -1;`,
    to: `    if (end > nnz) return -1;`,
  },
  {
    file: 'check.ts',
    mistake: 'a row without entries counts the fall of the next one again',
    from: `    if (end > begin && begin > 0) {`,
    to: `    if (begin > 0 && begin < nnz) {`,
  },
  {
    file: 'check.ts',
    mistake: 'an index can be negative',
    from: `most = v128.max<u32>(most, a);`,
    to: `most = v128.max<i32>(most, a);`,
  },
  {
    file: 'heap.ts',
    mistake: 'the larger child goes up',
    from: `if (other < next) {`,
    to: `if (other > next) {`,
  },
  {
    file: 'heap.ts',
    mistake: 'the last child is not looked at',
    from: `if (child + sizeof<T>() < end) {`,
    to: `if (child + 2 * sizeof<T>() < end) {`,
  },
  {
    file: 'heap.ts',
    mistake: 'the last two numbers stay as they are',
    from: `for (let last = length - 1; last > 0; last--) {`,
    to: `for (let last = length - 1; last > 1; last--) {`,
  },
  {
    file: 'neighbours.ts',
    mistake: 'a row whose products cancel is offered twice',
    from: `    store<f32>(dots + offset, NaN); // so that it is not offered again
`,
    to: ``,
  },
  {
    file: 'neighbours.ts',
    mistake: 'a row is its own neighbour',
    from: `    if (self >= 0) store<f32>(dots + ((<usize>self) << ELEMENT_SHIFT), 0);
`,
    to: ``,
  },
  {
    file: 'neighbours.ts',
    mistake: 'a row of cosine 0 is its own neighbour',
    from: ` !== 0 || j === self) continue;`,
    to: ` !== 0) continue;`,
  },
  {
    file: 'neighbours.ts',
    mistake: 'the last products of a column are dropped',
    from: `  for (; p < to; p += ELEMENT_BYTES) {`,
    to: `  for (; p + ELEMENT_BYTES < to; p += ELEMENT_BYTES) {`,
  },
  {
    file: 'neighbours.ts',
    mistake: 'four of eight inner products are not looked at',
    from: `v128.any_true(v128.or(low, high))`,
    to: `v128.any_true(low)`,
  },
  {
    file: 'neighbours.ts',
    mistake: 'the sign of a cosine is lost',
    from: ` | ((<u32>entry) << 31);`,
    to: `;`,
  },
  {
    file: 'neighbours.ts',
    mistake: 'the threshold itself counts',
    from: `  if (<f64>rank > limit) {`,
    to: `  if (<f64>rank >= limit) {`,
  },
  {
    file: 'neighbours.ts',
    mistake: 'negative cosines do not heed the threshold',
    from: `    if (!(<f64>similarity > threshold)) continue;
`,
    to: ``,
  },
  {
    file: 'neighbours.ts',
    mistake: 'the listed inner products are not cleared',
    from: `    else clearListed(dots, list, listEnd);
`,
    to: ``,
  },
  {
    file: 'neighbours.ts',
    mistake: 'the norm is that of the first row',
    from: `    outNorms += DOUBLE_BYTES;
`,
    to: ``,
  },
  {
    file: 'noise.ts',
    mistake: 'the bound has a sign',
    from: `i32x4.lt_u(hash, bounds)`,
    to: `i32x4.lt_s(hash, bounds)`,
  },
  {
    file: 'noise.ts',
    mistake: 'unused lanes get noise',
    from: `v128.bitselect(noisy, x, isUsed)`,
    to: `noisy`,
  },
  {
    file: 'noise.ts',
    mistake: 'the next column repeats the noise of the next row',
    from: `mix4(i32x4.add(i32x4.splat(key), numbers))`,
    to: `i32x4.add(i32x4.splat(key), numbers)`,
  },
  {
    file: 'topk.ts',
    mistake: 'scores of a digit are passed over with those beside them',
    from: `    v128.or(f32x4.lt(high, least), f32x4.gt(high, largest)),`,
    to: `    v128.or(f32x4.le(high, least), f32x4.gt(high, largest)),`,
  },
];
