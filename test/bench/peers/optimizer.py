"""PyTorch's fused optimizers on one flat vector, one thread: milliseconds of processor time of each update as JSON. See ../optimizer.mjs."""
import argparse
import json
import time

import torch

arguments = argparse.ArgumentParser()
arguments.add_argument("--optimizers", required=True)
arguments.add_argument("--elements", type=int, required=True)
arguments.add_argument("--updates", type=int, required=True)
options = arguments.parse_args()

torch.set_num_threads(1)
parameters = torch.rand(options.elements) - 0.5
parameters.grad = (torch.rand(options.elements) - 0.5) / 100
adam = dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, fused=True)
optimizer = {
    "adam": lambda: torch.optim.Adam([parameters], **adam),
    "adamw": lambda: torch.optim.AdamW([parameters], weight_decay=0.01, **adam),
    "momentum": lambda: torch.optim.SGD([parameters], lr=1e-3, momentum=0.9, fused=True),
}[options.optimizers]()
times = []
for _ in range(options.updates + 3):
    began = time.process_time()
    optimizer.step()
    times.append((time.process_time() - began) * 1000)
print(json.dumps(times[3:]))
