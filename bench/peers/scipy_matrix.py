"""What is done to whole matrices, in SciPy: transposes, matrices from coordinates, sparse products, as canonical CSR.

The commands are those of bench/native/serve.h.
"""
import json
import sys

import numpy as np
from scipy import sparse

from turns import nanoseconds


class Works:
    def __init__(self, path):
        with open(path, "rb") as file:
            n, nnz = np.fromfile(file, np.int32, 2)
            self.row = np.fromfile(file, np.int32, nnz)
            self.col = np.fromfile(file, np.int32, nnz)
            self.values = np.fromfile(file, np.float32, nnz)
        self.shape = (int(n), int(n))
        self.matrix = self.fromCoo()

    def fromCoo(self):
        return sparse.coo_matrix((self.values, (self.row, self.col)), shape=self.shape).tocsr()

    def transpose(self):
        return self.matrix.T.tocsr()

    def product(self):
        result = self.matrix @ self.matrix
        result.sort_indices()
        return result


works = None
for line in sys.stdin:
    command, *words = line.split()
    answer = "ok"
    if command == "load":
        works = Works(words[0])
    elif command == "check":
        result = getattr(works, words[0])()
        with open(words[1], "wb") as file:
            for array, kind in ((result.indptr, np.int32), (result.indices, np.int32), (result.data, np.float32)):
                array.astype(kind).tofile(file)
    else:
        run, times = getattr(works, words[0]), int(words[1])
        answer = nanoseconds(run, times)
    print(json.dumps(answer), flush=True)
