"""Epochs of sparse training as it is usually simulated: dense matrices under masks, in PyTorch, one thread.

usage: masked_epoch.py rows.f32 labels.i32 rows epsilon
For every line of input it trains one epoch and answers its seconds: 784-1000-1000-1000-10, batch 100, SGD with
Nesterov momentum and L2, masks applied to weights and gradients at every step.
"""
import sys
import time

import numpy as np
import torch

torch.set_num_threads(1)
torch.manual_seed(0)
rows, epsilon = int(sys.argv[3]), float(sys.argv[4])
x = torch.from_numpy(np.fromfile(sys.argv[1], np.float32).reshape(rows, -1))
y = torch.from_numpy(np.fromfile(sys.argv[2], np.int32).astype(np.int64))
dims = [x.shape[1], 1000, 1000, 1000, 10]
layers = [torch.nn.Linear(a, b) for a, b in zip(dims, dims[1:])]
masks = [(torch.rand(b, a) < min(1, epsilon * (a + b) / (a * b))).float() for a, b in zip(dims, dims[1:])]
for layer, mask in zip(layers, masks):
    layer.weight.data *= mask
optimizer = torch.optim.SGD(
    [p for layer in layers for p in layer.parameters()],
    lr=0.01,
    momentum=0.9,
    nesterov=True,
    weight_decay=1e-4,
)
for _ in sys.stdin:
    begin = time.perf_counter()
    for batch in torch.randperm(rows).split(100):
        a = x[batch]
        for i, layer in enumerate(layers):
            a = layer(a)
            if i < len(layers) - 1:
                a = torch.relu(a)
        loss = torch.nn.functional.cross_entropy(a, y[batch])
        optimizer.zero_grad()
        loss.backward()
        for layer, mask in zip(layers, masks):
            layer.weight.grad *= mask
        optimizer.step()
        for layer, mask in zip(layers, masks):
            layer.weight.data *= mask
    print(time.perf_counter() - begin, flush=True)
