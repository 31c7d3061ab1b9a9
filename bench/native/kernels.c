// ctre's sparse kernels in C, to measure them against: the same algorithm on the same layout. Activations are
// tiles of 32 samples, neuron-major, tile[neuron][32]; a batch of 128 is four tiles, each gone through on its
// own. Vectors are 256 bits wide where the compiler may use them (-march=native), else 128.
#include "serve.h"

enum { TILE = 32, TILES = BATCH / TILE };

#ifdef __AVX__
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif
enum { PARTS = TILE / WIDTH };  // vectors in a neuron's row of a tile

typedef float vector __attribute__((vector_size(4 * WIDTH)));
typedef int32_t mask __attribute__((vector_size(4 * WIDTH)));
typedef float quad __attribute__((vector_size(16)));

static inline vector splat(float a) { return a - (vector){0}; }

// max(a, 0), lane by lane.
static inline vector positive(vector a) { return (vector)((mask)a & (a > (vector){0})); }

// The sums of four vectors, one a lane.
static inline quad sums(vector a, vector b, vector c, vector d) {
#if defined(__AVX__)
#define FOLD(v) (__builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7))
#else
#define FOLD(v) (v)
#endif
  quad p = FOLD(a), q = FOLD(b), r = FOLD(c), s = FOLD(d);
  quad pq = __builtin_shufflevector(p, q, 0, 4, 1, 5) + __builtin_shufflevector(p, q, 2, 6, 3, 7);
  quad rs = __builtin_shufflevector(r, s, 0, 4, 1, 5) + __builtin_shufflevector(r, s, 2, 6, 3, 7);
  return __builtin_shufflevector(pq, rs, 0, 1, 4, 5) + __builtin_shufflevector(pq, rs, 2, 3, 6, 7);
}

static inline const vector *row(const float *tile, int32_t neuron) {
  return (const vector *)(tile + (size_t)neuron * TILE);
}

// y[i][:] = max(bias[i] + sum over p of values[p] * x[indices[p]][:], 0) for one tile.
// x [inDim][32]; y [outDim][32], overwritten; y overlaps nothing.
static void spmmTile(const Layer *l, const float *x, float *restrict y) {
  const int32_t *indices = l->indices;
  const float *values = l->values;
  for (int32_t i = 0; i < l->outDim; i++) {
    vector sum[PARTS];
    for (int k = 0; k < PARTS; k++) sum[k] = splat(l->bias[i]);
    int32_t p = l->indptr[i];
    const int32_t end = l->indptr[i + 1];
#if defined(__AVX__)
    // Four accumulators alone would wait for each other's additions: even and odd connections have four each.
    vector odd[PARTS] = {0};
    for (; p + 2 <= end; p += 2) {
      const vector *s = row(x, indices[p]), *t = row(x, indices[p + 1]);
      const vector w = splat(values[p]), v = splat(values[p + 1]);
      for (int k = 0; k < PARTS; k++) sum[k] += w * s[k];
      for (int k = 0; k < PARTS; k++) odd[k] += v * t[k];
    }
    for (int k = 0; k < PARTS; k++) sum[k] += odd[k];
#endif
    for (; p < end; p++) {
      const vector *s = row(x, indices[p]);
      const vector w = splat(values[p]);
      for (int k = 0; k < PARTS; k++) sum[k] += w * s[k];
    }
    vector *t = (vector *)(y + (size_t)i * TILE);
    for (int k = 0; k < PARTS; k++) t[k] = positive(sum[k]);
  }
}

// dx[j][:] = sum over q of values[perm[q]] * dy[rowIdx[q]][:], 0 where x[j][:] <= 0, for one tile.
// dy [outDim][32]; x [inDim][32]; dx [inDim][32], overwritten; dx overlaps nothing.
static void spmmTTile(const Layer *l, const float *dy, const float *x, float *restrict dx) {
  const int32_t *rowIdx = l->rowIdx, *perm = l->perm;
  const float *values = l->values;
  for (int32_t j = 0; j < l->inDim; j++) {
    vector sum[PARTS] = {0};
    int32_t q = l->colPtr[j];
    const int32_t end = l->colPtr[j + 1];
#if defined(__AVX__)
    vector odd[PARTS] = {0};
    for (; q + 2 <= end; q += 2) {
      const vector *s = row(dy, rowIdx[q]), *t = row(dy, rowIdx[q + 1]);
      const vector w = splat(values[perm[q]]), v = splat(values[perm[q + 1]]);
      for (int k = 0; k < PARTS; k++) sum[k] += w * s[k];
      for (int k = 0; k < PARTS; k++) odd[k] += v * t[k];
    }
    for (int k = 0; k < PARTS; k++) sum[k] += odd[k];
#endif
    for (; q < end; q++) {
      const vector *s = row(dy, rowIdx[q]);
      const vector w = splat(values[perm[q]]);
      for (int k = 0; k < PARTS; k++) sum[k] += w * s[k];
    }
    const vector *m = row(x, j);
    vector *t = (vector *)(dx + (size_t)j * TILE);
    for (int k = 0; k < PARTS; k++) t[k] = (vector)((mask)sum[k] & (m[k] > (vector){0}));
  }
}

// dW[p] (+)= sum over b of dy[i][b] * x[indices[p]][b] for every connection p of row i, for one tile.
// dy [outDim][32]; x [inDim][32]; dW [nnz], added to if accumulate, else overwritten; dW overlaps nothing.
static void sddmmTile(const Layer *l, const float *dy, const float *x, float *restrict dW, int accumulate) {
  const int32_t *indices = l->indices;
  for (int32_t i = 0; i < l->outDim; i++) {
    const vector *d = row(dy, i);
    int32_t p = l->indptr[i];
    const int32_t end = l->indptr[i + 1];
    // Four connections share the loads of dy.
    for (; p + 4 <= end; p += 4) {
      const vector *s0 = row(x, indices[p]), *s1 = row(x, indices[p + 1]);
      const vector *s2 = row(x, indices[p + 2]), *s3 = row(x, indices[p + 3]);
      vector a = {0}, b = {0}, c = {0}, e = {0};
      for (int k = 0; k < PARTS; k++) {
        a += d[k] * s0[k];
        b += d[k] * s1[k];
        c += d[k] * s2[k];
        e += d[k] * s3[k];
      }
      quad sum = sums(a, b, c, e), before;
      memcpy(&before, dW + p, sizeof before);
      if (accumulate) sum += before;
      memcpy(dW + p, &sum, sizeof sum);
    }
    for (; p < end; p++) {
      const vector *s = row(x, indices[p]);
      vector a = {0};
      for (int k = 0; k < PARTS; k++) a += d[k] * s[k];
      const float sum = sums(a, a, a, a)[0];
      dW[p] = accumulate ? dW[p] + sum : sum;
    }
  }
}

// db[i] (+)= sum over b of dy[i][b], for one tile.
static void biasTile(const Layer *l, const float *dy, float *restrict db, int accumulate) {
  for (int32_t i = 0; i < l->outDim; i++) {
    const vector *d = row(dy, i);
    vector a = {0};
    for (int k = 0; k < PARTS; k++) a += d[k];
    const float sum = sums(a, a, a, a)[0];
    db[i] = accumulate ? db[i] + sum : sum;
  }
}

static float *tile(float *tiles, int t, int32_t neurons) { return tiles + (size_t)t * neurons * TILE; }

static void spmm(const Layer *l) {
  for (int t = 0; t < TILES; t++) spmmTile(l, tile(l->x, t, l->inDim), tile(l->y, t, l->outDim));
}

static void spmmT(const Layer *l) {
  for (int t = 0; t < TILES; t++)
    spmmTTile(l, tile(l->dy, t, l->outDim), tile(l->x, t, l->inDim), tile(l->dx, t, l->inDim));
}

static void sddmm(const Layer *l) {
  for (int t = 0; t < TILES; t++)
    sddmmTile(l, tile(l->dy, t, l->outDim), tile(l->x, t, l->inDim), l->dW, t > 0);
}

// Everything a layer does on the way back, a tile at a time.
static void backward(const Layer *l) {
  for (int t = 0; t < TILES; t++) {
    const float *dy = tile(l->dy, t, l->outDim), *x = tile(l->x, t, l->inDim);
    spmmTTile(l, dy, x, tile(l->dx, t, l->inDim));
    sddmmTile(l, dy, x, l->dW, t > 0);
    biasTile(l, dy, l->db, t > 0);
  }
}

// [neurons][BATCH] to tiles and back, in place.
static void toTiles(float *rows, int32_t neurons) {
  const size_t bytes = 4 * (size_t)neurons * BATCH;
  float *copy = allocate(bytes);
  memcpy(copy, rows, bytes);
  for (int t = 0; t < TILES; t++)
    for (int32_t i = 0; i < neurons; i++)
      memcpy(tile(rows, t, neurons) + (size_t)i * TILE, copy + (size_t)i * BATCH + t * TILE, 4 * TILE);
  free(copy);
}

static void fromTiles(float *tiles, int32_t neurons) {
  const size_t bytes = 4 * (size_t)neurons * BATCH;
  float *copy = allocate(bytes);
  memcpy(copy, tiles, bytes);
  for (int t = 0; t < TILES; t++)
    for (int32_t i = 0; i < neurons; i++)
      memcpy(tiles + (size_t)i * BATCH + t * TILE, tile(copy, t, neurons) + (size_t)i * TILE, 4 * TILE);
  free(copy);
}

int main(void) {
  const Kernel kernels[] = {{"spmm", spmm}, {"spmmT", spmmT}, {"sddmm", sddmm}, {"backward", backward}, {0}};
  return serve(kernels, toTiles, fromTiles);
}
