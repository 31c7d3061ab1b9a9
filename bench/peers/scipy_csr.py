"""A sparse layer's forward and backward product in SciPy: CSR times dense, and dW by gather and einsum.

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

    def spmm(self):
        return self.w @ self.x

    def spmmT(self):
        return self.w.T @ self.dy

    def sddmm(self):
        return np.einsum("pb,pb->p", self.dy[self.rows], self.x[self.cols])

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
