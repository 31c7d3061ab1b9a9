"""The rows of largest cosine of dense rows in NumPy: a dense product of a block of rows with all, and argpartition.

`dense PATH` reads rows (format: writeDense in bench/problems.mjs); `run K TIMES` and `check K PATH` are those of
bench/native/neighbours.c. Rows whose cosine is not positive are no neighbours, but are not looked for: random rows have
enough others.
"""
import json
import os
import sys

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np

from turns import nanoseconds

BLOCK = 256


def search(data, k):
    length = np.linalg.norm(data, axis=1, keepdims=True)
    unit = data / np.where(length > 0, length, 1)
    rows = len(unit)
    indices, cosines = np.empty((rows, k), np.int32), np.empty((rows, k), np.float32)
    for begin in range(0, rows, BLOCK):
        of = np.arange(begin, min(begin + BLOCK, rows))[:, None]
        products = unit[begin : begin + BLOCK] @ unit.T
        np.put_along_axis(products, of, -np.inf, axis=1)
        some = np.argpartition(products, rows - k, axis=1)[:, rows - k :]
        best = np.take_along_axis(products, some, axis=1)
        order = np.lexsort((some, -best), axis=1)
        indices[of] = np.take_along_axis(some, order, axis=1)[:, None]
        cosines[of] = np.take_along_axis(best, order, axis=1)[:, None]
    return indices, np.minimum(cosines, 1)


data = None
for line in sys.stdin:
    command, *words = line.split()
    answer = "ok"
    if command == "dense":
        with open(words[0], "rb") as file:
            rows, cols = np.fromfile(file, np.int32, 2)
            data = np.fromfile(file, np.float32).reshape(rows, cols)
    elif command == "check":
        with open(words[1], "wb") as file:
            for array in search(data, int(words[0])):
                array.tofile(file)
    else:
        answer = nanoseconds(lambda: search(data, int(words[0])), int(words[1]))
    print(json.dumps(answer), flush=True)
