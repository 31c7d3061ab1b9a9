"""A·x and Aᵀ·x in SciPy: `load` names a layer's file and a number of columns, as in bench/served/public.mjs.

The other commands are those of bench/native/serve.h.
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


class Matrix:
    def __init__(self, path, columns):
        with open(path, "rb") as file:
            in_dim, out_dim, nnz = np.fromfile(file, np.int32, 3)
            indptr = np.fromfile(file, np.int32, out_dim + 1)
            indices = np.fromfile(file, np.int32, nnz)
            np.fromfile(file, np.int32, in_dim + 1 + 2 * nnz)
            values = np.fromfile(file, np.float32, nnz)
            np.fromfile(file, np.float32, out_dim)
            x = np.fromfile(file, np.float32, in_dim * BATCH)
            dy = np.fromfile(file, np.float32, out_dim * BATCH)

        def operand(rows, numbers):
            cut = numbers[: rows * columns].copy()
            return cut if columns == 1 else cut.reshape(rows, columns)

        self.a = sparse.csr_matrix((values, indices, indptr), shape=(out_dim, in_dim))
        self.transposed = self.a.T
        self.x = operand(in_dim, x)
        self.y = operand(out_dim, dy)

    def multiply(self):
        return self.a @ self.x

    def multiplyTransposed(self):
        return self.transposed @ self.y


matrix = None
for line in sys.stdin:
    command, *words = line.split()
    answer = "ok"
    if command == "load":
        matrix = Matrix(words[0], int(words[1]))
    elif command == "check":
        getattr(matrix, words[0])().astype(np.float32).tofile(words[1])
    else:
        run, times = getattr(matrix, words[0]), int(words[1])
        answer = nanoseconds(run, times)
    print(json.dumps(answer), flush=True)
