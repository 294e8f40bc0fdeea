"""Writes torch-optimizers.fixture.json: ten steps of PyTorch's optimizers in float64, from given values.

Run with a Python that has torch and numpy: python packages/engine/src/optimizer/torch-optimizers.fixture.py
Lion is not in PyTorch: it is written out below from the paper (Chen et al. 2023, algorithm 2).
"""
import json
from pathlib import Path

import numpy as np
import torch

SIZE, MATRIX, STEPS = 23, 15, 10  # the first 15 parameters are a matrix, whose weights decay; the rest are a bias
draw = np.random.default_rng(5)
initial = draw.normal(size=SIZE).astype(np.float32)
# Gradients of very different sizes, some of them 0, as a model's are.
scale = 10.0 ** draw.integers(-5, 2, size=SIZE)
gradients = (draw.normal(size=(STEPS, SIZE)) * scale * (draw.random(size=(STEPS, SIZE)) > 0.1)).astype(np.float32)
adam = dict(lr=0.01, betas=(0.9, 0.99), eps=1e-6)


def of_torch(build, slots):
    matrix, bias = (torch.tensor(part, dtype=torch.float64) for part in np.split(initial, [MATRIX]))
    optimizer = build(matrix, bias)
    for gradient in gradients.astype(np.float64):
        matrix.grad, bias.grad = (torch.tensor(part) for part in np.split(gradient, [MATRIX]))
        optimizer.step()
    state = {name: sum((optimizer.state[part][key].tolist() for part in (matrix, bias)), []) for name, key in slots.items()}
    return {"parameters": matrix.tolist() + bias.tolist(), **state}


def lion(lr, beta1, beta2, decay):
    parameters, momentum = initial.astype(np.float64), np.zeros(SIZE)
    decays = np.where(np.arange(SIZE) < MATRIX, decay, 0.0)
    for gradient in gradients.astype(np.float64):
        update = np.sign(beta1 * momentum + (1 - beta1) * gradient)
        parameters = parameters - lr * (update + decays * parameters)
        momentum = beta2 * momentum + (1 - beta2) * gradient
    return {"parameters": parameters.tolist(), "momentum": momentum.tolist()}


moments = {"m": "exp_avg", "v": "exp_avg_sq"}
momentum = {"momentum": "momentum_buffer"}
plain = lambda kind, **options: lambda *parts: kind(parts, **options)
grouped = lambda kind, decay, **options: lambda matrix, bias: kind(
    [dict(params=[matrix], weight_decay=decay), dict(params=[bias], weight_decay=0.0)], **options
)
cases = {
    "sgd": of_torch(plain(torch.optim.SGD, lr=0.02), {}),
    "momentum": of_torch(plain(torch.optim.SGD, lr=0.02, momentum=0.9), momentum),
    "nesterov": of_torch(plain(torch.optim.SGD, lr=0.02, momentum=0.9, nesterov=True), momentum),
    "adam": of_torch(plain(torch.optim.Adam, **adam), moments),
    "adamw": of_torch(grouped(torch.optim.AdamW, 0.5, **adam), moments),
    "lion": lion(0.01, 0.9, 0.99, 0.5),
}
document = {
    "torch": torch.__version__,
    "matrix": MATRIX,
    "initial": initial.tolist(),
    "gradients": gradients.tolist(),
    "cases": cases,
}
Path(__file__).with_suffix(".json").write_text(json.dumps(document) + "\n")
