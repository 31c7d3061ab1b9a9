// The rows of largest cosine of a sparse matrix as the known algorithm finds them: Gustavson's row-wise
// product of A and its transpose, with a dense accumulator, a list of what it touched, and a bounded heap for
// each row. It answers the benchmark's commands line by line:
//
//   load PATH      reads a matrix (format: writeMatrix in bench/problems.mjs); answers "ok"
//   run K TIMES    TIMES timed searches for K neighbours; answers [nanoseconds, ...]
//   check K PATH   one search; writes the indices as int32, then the cosines as float32; answers "ok"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// CSR, as it was read.
typedef struct {
  int32_t rows, cols, nnz;
  int32_t *indptr, *indices;
  float *values;
} Matrix;

typedef struct {
  float cosine;
  int32_t row;
} Neighbour;

static void stop(const char *what, const char *name) {
  fprintf(stderr, "%s %s\n", what, name);
  exit(1);
}

static void *allocate(size_t bytes) {
  void *memory = calloc(1, bytes + 64);
  if (memory == NULL) stop("no memory for", "the matrix");
  return memory;
}

static void *readArray(FILE *file, size_t count) {
  void *array = allocate(4 * count);
  if (fread(array, 4, count, file) != count) stop("the matrix's file", "ends early");
  return array;
}

static Matrix loadMatrix(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) stop("cannot read", path);
  Matrix m;
  if (fread(&m, 4, 3, file) != 3) stop("the matrix's file", "ends early");
  m.indptr = readArray(file, (size_t)m.rows + 1);
  m.indices = readArray(file, m.nnz);
  m.values = readArray(file, m.nnz);
  fclose(file);
  return m;
}

// Rows of length 1.
static float *unitValues(const Matrix *m) {
  float *unit = allocate(4 * (size_t)m->nnz);
  for (int32_t r = 0; r < m->rows; r++) {
    double sum = 0;
    for (int32_t p = m->indptr[r]; p < m->indptr[r + 1]; p++) sum += (double)m->values[p] * m->values[p];
    const double length = sqrt(sum);
    for (int32_t p = m->indptr[r]; p < m->indptr[r + 1]; p++)
      unit[p] = length > 0 ? (float)(m->values[p] / length) : 0;
  }
  return unit;
}

static int isWorse(Neighbour a, Neighbour b) {
  return a.cosine < b.cosine || (a.cosine == b.cosine && a.row > b.row);
}

// Puts a neighbour in the place of the worst of a heap.
static void replaceWorst(Neighbour *heap, int32_t length, Neighbour n) {
  int32_t at = 0;
  for (;;) {
    int32_t child = 2 * at + 1;
    if (child >= length) break;
    if (child + 1 < length && isWorse(heap[child + 1], heap[child])) child++;
    if (!isWorse(heap[child], n)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = n;
}

// The k rows of largest positive cosine for every row; -1 where there are fewer.
static void search(const Matrix *m, int32_t k, int32_t *found, float *cosines) {
  float *unit = unitValues(m);
  int32_t *colPtr = allocate(4 * ((size_t)m->cols + 2));
  int32_t *rowIdx = allocate(4 * (size_t)m->nnz);
  float *entries = allocate(4 * (size_t)m->nnz);
  for (int32_t p = 0; p < m->nnz; p++) colPtr[m->indices[p] + 2]++;
  for (int32_t c = 0; c < m->cols; c++) colPtr[c + 2] += colPtr[c + 1];
  for (int32_t r = 0; r < m->rows; r++) {
    for (int32_t p = m->indptr[r]; p < m->indptr[r + 1]; p++) {
      const int32_t q = colPtr[m->indices[p] + 1]++;
      rowIdx[q] = r;
      entries[q] = unit[p];
    }
  }
  float *dots = allocate(4 * (size_t)m->rows);
  int32_t *touched = allocate(4 * (size_t)m->nnz + 4 * (size_t)m->rows);
  Neighbour *heap = allocate(sizeof(Neighbour) * (size_t)k);
  for (int32_t i = 0; i < m->rows; i++) {
    int32_t count = 0;
    for (int32_t p = m->indptr[i]; p < m->indptr[i + 1]; p++) {
      const float value = unit[p];
      const int32_t end = colPtr[m->indices[p] + 1];
      for (int32_t q = colPtr[m->indices[p]]; q < end; q++) {
        const int32_t j = rowIdx[q];
        touched[count] = j; // without a branch, which would be guessed wrong too often
        count += dots[j] == 0;
        dots[j] += value * entries[q];
      }
    }
    dots[i] = 0;
    for (int32_t e = 0; e < k; e++) heap[e] = (Neighbour){0, INT32_MAX};
    for (int32_t t = 0; t < count; t++) {
      const Neighbour n = {dots[touched[t]], touched[t]};
      dots[touched[t]] = 0;
      if (n.cosine > 0 && isWorse(heap[0], n)) replaceWorst(heap, k, n);
    }
    for (int32_t last = k - 1; last > 0; last--) {
      const Neighbour worst = heap[0];
      replaceWorst(heap, last, heap[last]);
      heap[last] = worst;
    }
    for (int32_t e = 0; e < k; e++) {
      const size_t at = (size_t)i * k + e;
      found[at] = heap[e].cosine > 0 ? heap[e].row : -1;
      cosines[at] = heap[e].cosine > 1 ? 1 : heap[e].cosine;
    }
  }
  free(unit);
  free(colPtr);
  free(rowIdx);
  free(entries);
  free(dots);
  free(touched);
  free(heap);
}

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void timeSearches(const Matrix *m, int32_t k, int32_t times, int32_t *found, float *cosines) {
  printf("[");
  for (int32_t t = 0; t < times; t++) {
    const double begin = nanoseconds();
    search(m, k, found, cosines);
    printf(t > 0 ? ",%.0f" : "%.0f", nanoseconds() - begin);
  }
  printf("]\n");
}

static void writeResult(const char *path, size_t length, const int32_t *found, const float *cosines) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) stop("cannot write", path);
  const size_t written = fwrite(found, 4, length, file) + fwrite(cosines, 4, length, file);
  if (written != 2 * length) stop("cannot write", path);
  fclose(file);
  printf("\"ok\"\n");
}

int main(void) {
  char line[4096], path[4096];
  Matrix m = {0};
  while (fgets(line, sizeof line, stdin) != NULL) {
    int32_t k, times = 0;
    const int isCheck = sscanf(line, "check %d %4095[^\n]", &k, path) == 2;
    if (sscanf(line, "load %4095[^\n]", path) == 1) {
      free(m.indptr);
      free(m.indices);
      free(m.values);
      m = loadMatrix(path);
      printf("\"ok\"\n");
    } else if (isCheck || sscanf(line, "run %d %d", &k, &times) == 2) {
      const size_t length = (size_t)m.rows * k;
      int32_t *found = allocate(4 * length);
      float *cosines = allocate(4 * length);
      if (isCheck) search(&m, k, found, cosines);
      if (isCheck) writeResult(path, length, found, cosines);
      else timeSearches(&m, k, times, found, cosines);
      free(found);
      free(cosines);
    } else {
      stop("unknown command:", line);
    }
    fflush(stdout);
  }
  return 0;
}
