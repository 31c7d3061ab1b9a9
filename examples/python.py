"""The Python half of python.mjs: reads a model's file with SciPy, predicts, and writes it back with half of the connections."""

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


folder = Path(sys.argv[1])
tensors, metadata = read(folder / "model.safetensors")
activations = np.fromfile(folder / "samples.f32", "<f4")
cut = {}
header = json.loads(metadata["ctre"])
shapes = header["shapes"]
activation = header.get("activation", {"name": "relu", "options": {}})
slope = {"relu": 0.0, "linear": 1.0}.get(activation["name"], activation["options"].get("slope"))
activations = activations.reshape(-1, shapes[0][1]).T
for layer, shape in enumerate(shapes):
    part = {name: tensors[f"layers.{layer}.{name}"] for name in ("indptr", "indices", "values", "bias")}
    weights = sparse.csr_matrix((part["values"], part["indices"], part["indptr"]), shape=shape)
    activations = weights @ activations + part["bias"][:, None]
    if layer + 1 < len(shapes):
        # all-relu has the minus in the first hidden layer, the third, and so on.
        sign = -1 if activation["name"] == "all-relu" and layer % 2 == 0 else 1
        activations = np.where(activations > 0, activations, np.float32(sign * slope) * activations)
    print(f"layer {layer}: {weights.shape[1]} -> {weights.shape[0]}, {weights.nnz} connections")
    weights.data[np.abs(weights.data) < np.median(np.abs(weights.data))] = 0
    weights.eliminate_zeros()
    kept = {"indptr": weights.indptr, "indices": weights.indices, "values": weights.data, "bias": part["bias"]}
    cut.update({f"layers.{layer}.{name}": array for name, array in kept.items()})
powers = np.exp(activations - activations.max(axis=0))
(powers / powers.sum(axis=0)).T.astype("<f4").tofile(folder / "probabilities.f32")
write(folder / "cut.safetensors", cut, metadata)
