"""A sparse layer's forward and backward product in SciPy: CSR times dense, and dW by gathers and NumPy's products.

dW is made in chunks of connections, whose rows then are in the cache. How long a chunk is best, and by which of NumPy's
functions, differs between machines, so every layer is first tried with each; the fastest is timed.
The commands are those of bench/native/serve.h. ctre's kernels contain the bias, the ReLU and its mask. They are not
timed here; checks apply them.
"""
import json
import os
import sys

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np
from scipy import sparse

from turns import nanoseconds

BATCH = 128
CHUNKS = (256, 512, 1024, 2048, 4096, 8192, 1 << 30)
# The sums of products of two matrices' rows: einsum, and vecdot, which NumPy has since 2.0.
SUMS = [lambda a, b, out: np.einsum("pb,pb->p", a, b, out=out)]
if hasattr(np, "vecdot"):
    SUMS.append(lambda a, b, out: np.vecdot(a, b, out=out))


class Layer:
    def __init__(self, path):
        with open(path, "rb") as file:
            in_dim, out_dim, nnz = np.fromfile(file, np.int32, 3)
            indptr = np.fromfile(file, np.int32, out_dim + 1)
            self.cols = np.fromfile(file, np.int32, nnz)
            np.fromfile(file, np.int32, in_dim + 1 + 2 * nnz)  # SciPy's own transpose needs no CSC
            values = np.fromfile(file, np.float32, nnz)
            self.bias = np.fromfile(file, np.float32, out_dim)[:, None]
            self.x = np.fromfile(file, np.float32, in_dim * BATCH).reshape(in_dim, BATCH)
            self.dy = np.fromfile(file, np.float32, out_dim * BATCH).reshape(out_dim, BATCH)
        self.w = sparse.csr_matrix((values, self.cols, indptr), shape=(out_dim, in_dim))
        self.rows = np.repeat(np.arange(out_dim, dtype=np.int32), np.diff(indptr))
        self.dW = np.empty(nnz, np.float32)
        self.choose()

    def choose(self):
        """Keeps the way to make dW that takes the least time, of several rounds in which all take turns."""
        nnz = len(self.cols)
        ways = []
        for chunk in (min(chunk, nnz) for chunk in CHUNKS if chunk < nnz or chunk == CHUNKS[-1]):
            rows = np.empty((chunk, BATCH), np.float32), np.empty((chunk, BATCH), np.float32)
            ways += [(chunk, sums, *rows) for sums in SUMS]
        least = [float("inf")] * len(ways)
        for _ in range(7):
            for at, self.way in enumerate(ways):
                least[at] = min(least[at], *nanoseconds(self.sddmm, 2))
        self.way = ways[least.index(min(least))]

    def spmm(self):
        return self.w @ self.x

    def spmmT(self):
        return self.w.T @ self.dy

    def sddmm(self):
        length, sums, dy, x = self.way
        for begin in range(0, len(self.cols), length):
            end = min(begin + length, len(self.cols))
            d, s = dy[: end - begin], x[: end - begin]
            # Without the mode, take would check and copy once more.
            np.take(self.dy, self.rows[begin:end], axis=0, out=d, mode="clip")
            np.take(self.x, self.cols[begin:end], axis=0, out=s, mode="clip")
            sums(d, s, self.dW[begin:end])
        return self.dW

    def backward(self):
        self.spmmT()
        return self.sddmm()

    def checked(self, kernel):
        result = getattr(self, kernel)()
        if kernel == "spmm":
            return np.maximum(result + self.bias, 0)
        return np.where(self.x > 0, result, 0) if kernel == "spmmT" else result


layer = None
for line in sys.stdin:
    command, *words = line.split()
    answer = "ok"
    if command == "load":
        layer = Layer(words[0])
    elif command == "check":
        layer.checked(words[0]).astype(np.float32).tofile(words[1])
    else:
        run, times = getattr(layer, words[0]), int(words[1])
        answer = nanoseconds(run, times)
    print(json.dumps(answer), flush=True)
