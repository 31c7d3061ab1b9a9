// The published scheme (SparseProp, Nikdan et al. 2023): activations are one wide row-major matrix
// [neurons][batch] and W is CSR alone. Forward reads and writes the output's row for every connection;
// backward is a single pass that scatters dx while dW accumulates. The batch's size is known at run time
// only, as in any library of this layout, so a row cannot stay in registers; vectors are 256 bits wide, four
// a turn, and the batch is a multiple of them.
#include "serve.h"

enum { WIDTH = 8 };

typedef float vector __attribute__((vector_size(4 * WIDTH)));
typedef int32_t mask __attribute__((vector_size(4 * WIDTH)));

static inline vector splat(float a) { return a - (vector){0}; }

// a where b > 0, else 0.
static inline vector where(vector a, vector b) { return (vector)((mask)a & (b > (vector){0})); }

static inline float sum(vector a) {
  return ((a[0] + a[4]) + (a[1] + a[5])) + ((a[2] + a[6]) + (a[3] + a[7]));
}

// y[i][:] = max(bias[i] + sum over p of values[p] * x[indices[p]][:], 0).
// x [inDim][batch]; y [outDim][batch], overwritten; it holds the sums while they grow, and overlaps nothing.
static void forward(const Layer *l) {
  const int parts = l->batch / WIDTH;
  const vector *rows = (const vector *)l->x;
  for (int32_t i = 0; i < l->outDim; i++) {
    vector *y = (vector *)l->y + (size_t)i * parts;
    for (int k = 0; k < parts; k++) y[k] = splat(l->bias[i]);
    for (int32_t p = l->indptr[i]; p < l->indptr[i + 1]; p++) {
      const vector *x = rows + (size_t)l->indices[p] * parts;
      const vector w = splat(l->values[p]);
      for (int k = 0; k < parts; k += 4) {
        y[k] += w * x[k];
        y[k + 1] += w * x[k + 1];
        y[k + 2] += w * x[k + 2];
        y[k + 3] += w * x[k + 3];
      }
    }
    for (int k = 0; k < parts; k++) y[k] = where(y[k], y[k]);
  }
}

// dx[j][:] = sum of values[p] * dy[i][:] over j's connections p = (i, j), 0 where x[j][:] <= 0;
// dW[p] = sum over b of dy[i][b] * x[j][b]; db[i] = sum over b of dy[i][b].
// x, dx [inDim][batch]; dy [outDim][batch]; dx, dW, db are overwritten and overlap nothing.
static void backward(const Layer *l) {
  const int parts = l->batch / WIDTH;
  memset(l->dx, 0, 4 * (size_t)l->inDim * l->batch);
  for (int32_t i = 0; i < l->outDim; i++) {
    const vector *dy = (const vector *)l->dy + (size_t)i * parts;
    for (int32_t p = l->indptr[i]; p < l->indptr[i + 1]; p++) {
      const size_t row = (size_t)l->indices[p] * parts;
      const vector *x = (const vector *)l->x + row;
      vector *dx = (vector *)l->dx + row;
      const vector w = splat(l->values[p]);
      vector a = {0}, b = {0}, c = {0}, d = {0};
      for (int k = 0; k < parts; k += 4) {
        dx[k] += w * dy[k];
        a += dy[k] * x[k];
        dx[k + 1] += w * dy[k + 1];
        b += dy[k + 1] * x[k + 1];
        dx[k + 2] += w * dy[k + 2];
        c += dy[k + 2] * x[k + 2];
        dx[k + 3] += w * dy[k + 3];
        d += dy[k + 3] * x[k + 3];
      }
      l->dW[p] = sum((a + b) + (c + d));
    }
    vector a = {0};
    for (int k = 0; k < parts; k++) a += dy[k];
    l->db[i] = sum(a);
  }
  const size_t all = (size_t)l->inDim * parts;
  const vector *x = (const vector *)l->x;
  vector *dx = (vector *)l->dx;
  for (size_t k = 0; k < all; k++) dx[k] = where(dx[k], x[k]);
}

static void asItIs(float *rows, int32_t neurons) {
  (void)rows;
  (void)neurons;
}

int main(void) {
  // Under the name of spmmT a check sees backward's dx.
  const Kernel kernels[] = {{"spmm", forward}, {"backward", backward}, {"spmmT", backward}, {0}};
  return serve(kernels, asItIs, asItIs);
}
