// What every native contestant shares: the layer it works on, read from a file, and the loop that answers the
// benchmark's commands. Not a library: each contestant is one translation unit that includes this once.
//
//   load PATH          reads a layer (format: writeLayer in bench/problems.mjs); answers "ok"
//   run KERNEL TIMES   one call untimed where TIMES > 1, then TIMES timed ones; answers [nanoseconds, ...]
//   check KERNEL PATH  one call; writes its result as float32; answers "ok"
//
// Answers are one line of JSON each. A contestant that cannot go on says why on stderr and exits.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 128 };

// W [outDim, inDim], CSR and CSC as ctre keeps them, and one batch. x, dy and what kernels make of them are
// in the contestant's own layout.
typedef struct {
  int32_t inDim, outDim, nnz;
  int32_t batch;     // BATCH, as a number that the compiler does not know
  int32_t *indptr;   // [outDim + 1]
  int32_t *indices;  // [nnz], the input neuron of every connection
  int32_t *colPtr;   // [inDim + 1]
  int32_t *rowIdx;   // [nnz] in CSC order, the output neuron
  int32_t *perm;     // [nnz] in CSC order, the connection's position in CSR order
  float *values;     // [nnz] in CSR order
  float *bias;       // [outDim]
  float *x, *dy;     // [inDim] and [outDim] rows of the batch
  float *y, *dx;     // likewise, results
  float *dW, *db;    // [nnz], [outDim], results
} Layer;

typedef struct {
  const char *name;
  void (*run)(const Layer *layer);
} Kernel;

static void stop(const char *what, const char *name) {
  fprintf(stderr, "%s %s\n", what, name);
  exit(1);
}

// Cache lines, and whole ones: kernels may use aligned vectors of any width up to 64 bytes.
static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
  if (memory == NULL) stop("no memory for", "the layer");
  memset(memory, 0, bytes);
  return memory;
}

static void *readArray(FILE *file, size_t count) {
  void *array = allocate(4 * count);
  if (fread(array, 4, count, file) != count) stop("the layer's file", "ends early");
  return array;
}

// The file holds x and dy as [neurons][BATCH]; `arrange` moves such an array into the contestant's layout.
static Layer loadLayer(const char *path, void (*arrange)(float *rows, int32_t neurons)) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) stop("cannot read", path);
  Layer l;
  if (fread(&l, 4, 3, file) != 3) stop("the layer's file", "ends early");
  l.batch = BATCH;
  l.indptr = readArray(file, l.outDim + 1);
  l.indices = readArray(file, l.nnz);
  l.colPtr = readArray(file, l.inDim + 1);
  l.rowIdx = readArray(file, l.nnz);
  l.perm = readArray(file, l.nnz);
  l.values = readArray(file, l.nnz);
  l.bias = readArray(file, l.outDim);
  l.x = readArray(file, (size_t)l.inDim * BATCH);
  l.dy = readArray(file, (size_t)l.outDim * BATCH);
  fclose(file);
  arrange(l.x, l.inDim);
  arrange(l.dy, l.outDim);
  l.y = allocate(4 * (size_t)l.outDim * BATCH);
  l.dx = allocate(4 * (size_t)l.inDim * BATCH);
  l.dW = allocate(4 * (size_t)l.nnz);
  l.db = allocate(4 * (size_t)l.outDim);
  return l;
}

static void freeLayer(Layer *l) {
  void *arrays[] = {l->indptr, l->indices, l->colPtr, l->rowIdx, l->perm, l->values, l->bias,
                    l->x,      l->dy,      l->y,      l->dx,     l->dW,   l->db};
  for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) free(arrays[a]);
}

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void timeKernel(const Kernel *kernel, const Layer *layer, int times) {
  if (times > 1) kernel->run(layer);
  printf("[");
  for (int t = 0; t < times; t++) {
    double begin = nanoseconds();
    kernel->run(layer);
    printf(t > 0 ? ",%.0f" : "%.0f", nanoseconds() - begin);
  }
  printf("]\n");
}

// What a kernel is checked by: spmm by y, spmmT by dx, sddmm and backward by dW; `restore` undoes `arrange`.
static void check(const Kernel *kernel, const Layer *l, const char *path,
                  void (*restore)(float *rows, int32_t neurons)) {
  kernel->run(l);
  int isForward = strcmp(kernel->name, "spmm") == 0;
  int isDx = strcmp(kernel->name, "spmmT") == 0;
  size_t neurons = isForward ? l->outDim : l->inDim;
  float *result = isForward ? l->y : isDx ? l->dx : l->dW;
  size_t count = isForward || isDx ? neurons * BATCH : (size_t)l->nnz;
  if (isForward || isDx) restore(result, (int32_t)neurons);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(result, 4, count, file) != count) stop("cannot write", path);
  fclose(file);
  printf("\"ok\"\n");
}

static int serve(const Kernel *kernels, void (*arrange)(float *, int32_t),
                 void (*restore)(float *, int32_t)) {
  Layer layer = {0};
  char line[4096], word[3][4000];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int words = sscanf(line, "%3999s %3999s %3999s", word[0], word[1], word[2]);
    if (words == 2 && strcmp(word[0], "load") == 0) {
      freeLayer(&layer);
      layer = loadLayer(word[1], arrange);
      printf("\"ok\"\n");
    } else {
      const Kernel *kernel = kernels;
      while (words == 3 && kernel->name != NULL && strcmp(kernel->name, word[1]) != 0) kernel++;
      if (words != 3 || kernel->name == NULL) stop("no such command:", line);
      if (strcmp(word[0], "run") == 0) timeKernel(kernel, &layer, atoi(word[2]));
      else if (strcmp(word[0], "check") == 0) check(kernel, &layer, word[2], restore);
      else stop("no such command:", line);
    }
    fflush(stdout);
  }
  return 0;
}
