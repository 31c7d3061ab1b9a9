"""The Python half of python.mjs: reads a model's file with SciPy, predicts, and writes it back with half of the connections.

It answers whatever the model learnt: classes, several labels a row, or numbers in units of their own.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import sparse

TYPES = {"F32": "<f4", "I32": "<i4"}


def read(path):
    """The tensors and the strings of a safetensors file: eight bytes of length, a JSON header, the tensors' bytes."""
    data = bytearray(path.read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    metadata = header.pop("__metadata__")
    return {
        name: np.frombuffer(data[begin:][slice(*entry["data_offsets"])], TYPES[entry["dtype"]])
        for name, entry in header.items()
    }, metadata


def write(path, tensors, metadata):
    header, at = {"__metadata__": metadata}, 0
    for name, array in tensors.items():
        dtype = "F32" if array.dtype.kind == "f" else "I32"
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in tensors.values()))


def softmax(sums):
    powers = np.exp(sums - sums.max(axis=0))
    return powers / powers.sum(axis=0)


def answers(sums, header):
    """What the model says, from the sums of its last layer [outputs, rows]: a file without a loss is a classifier's."""
    loss = header.get("loss", {"name": "cross-entropy"})["name"]
    if loss == "cross-entropy":
        return softmax(sums)
    if loss == "binary-cross-entropy":
        return 1 / (1 + np.exp(-sums))
    if loss not in ("mean-squared", "huber"):
        sys.exit(f"the model's loss is {loss}, which this program does not know")
    units = header.get("units") or {"center": [0] * len(sums), "scale": 1}
    return sums * units["scale"] + np.array(units["center"])[:, None]


def activate(sums, layer, header):
    """A hidden layer's activation, the first layer being 0: a file that names none has ReLU."""
    activation = header.get("activation", {"name": "relu", "options": {}})
    name, slope = activation["name"], activation["options"].get("slope")
    # all-relu has the minus in the first hidden layer, the third, and so on.
    factors = {"relu": 0, "linear": 1, "leaky-relu": slope, "all-relu": slope if layer % 2 else -(slope or 0)}
    if name not in factors:
        sys.exit(f"the model's activation is {name}, which this program does not know")
    return np.where(sums > 0, sums, np.float32(factors[name]) * sums)


folder = Path(sys.argv[1])
tensors, metadata = read(folder / "model.safetensors")
activations = np.fromfile(folder / "samples.f32", "<f4")
cut = {}
header = json.loads(metadata["ctre"])
if header["version"] != 1:
    sys.exit(f"the file has version {header['version']}; this program reads 1")
shapes = header["shapes"]
activations = activations.reshape(-1, shapes[0][1]).T
for layer, shape in enumerate(shapes):
    part = {name: tensors[f"layers.{layer}.{name}"] for name in ("indptr", "indices", "values", "bias")}
    weights = sparse.csr_matrix((part["values"], part["indices"], part["indptr"]), shape=shape)
    activations = weights @ activations + part["bias"][:, None]
    if layer + 1 < len(shapes):
        activations = activate(activations, layer, header)
    print(f"layer {layer}: {weights.shape[1]} -> {weights.shape[0]}, {weights.nnz} connections")
    weights.data[np.abs(weights.data) < np.median(np.abs(weights.data))] = 0
    weights.eliminate_zeros()
    kept = {"indptr": weights.indptr, "indices": weights.indices, "values": weights.data, "bias": part["bias"]}
    cut.update({f"layers.{layer}.{name}": array for name, array in kept.items()})
answers(activations, header).T.astype("<f4").tofile(folder / "answers.f32")
write(folder / "cut.safetensors", cut, metadata)
