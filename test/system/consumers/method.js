// A topology method as a file of its own, for models in workers: it imports nothing, so bundlers may copy it as it is.
export default {
  name: 'spread',
  create({ share = 0.2 } = {}) {
    return {
      name: 'spread',
      options: { share },
      growInitializer: 'zeros',
      init({ inDim, outDim, nnz }) {
        const keys = Array.from({ length: nnz }, (_, k) => Math.floor((k * inDim * outDim) / nnz));
        const indptr = new Int32Array(outDim + 1);
        for (const key of keys) indptr[Math.floor(key / inDim) + 1]++;
        for (let row = 0; row < outDim; row++) indptr[row + 1] += indptr[row];
        return {
          pattern: {
            rows: outDim,
            cols: inDim,
            indptr,
            indices: Int32Array.from(keys, (key) => key % inDim),
          },
          state: null,
        };
      },
      *evolve({ layers }, states, tools) {
        const edits = layers.map(({ pattern, nnz, inDim, outDim }, l) => {
          const prune = tools.weakest(l, Math.floor(Math.min(share * nnz, inDim * outDim - nnz)));
          const taken = new Set();
          for (let row = 0; row < outDim; row++) {
            for (let p = pattern.indptr[row]; p < pattern.indptr[row + 1]; p++) {
              taken.add(row * inDim + pattern.indices[p]);
            }
          }
          const random = tools.random(`free/${l}`);
          const grown = [];
          while (grown.length < prune.length) {
            const key = random.below(inDim * outDim);
            if (!taken.has(key)) grown.push(key);
            taken.add(key);
          }
          grown.sort((a, b) => a - b);
          const grow = {
            rows: Int32Array.from(grown, (key) => Math.floor(key / inDim)),
            cols: Int32Array.from(grown, (key) => key % inDim),
          };
          return { prune, grow, random: grow };
        });
        return { edits, states };
      },
    };
  },
};
