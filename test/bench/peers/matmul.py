"""The best rate of a square matrix product here: python matmul.py JOB, {"threads", "sizes", "precisions", "seconds"}."""

import json
import sys
import time

import torch

job = json.loads(sys.argv[-1])
torch.set_num_threads(job["threads"])
rates = []
for precision in job["precisions"]:
    dtype = {"float32": torch.float32, "bf16": torch.bfloat16}[precision]
    for size in job["sizes"]:
        left = torch.rand(size, size).to(dtype)
        right = torch.rand(size, size).to(dtype)
        out = torch.empty(size, size, dtype=dtype)
        times = []
        until = time.perf_counter() + job["seconds"]
        while time.perf_counter() < until or len(times) < 4:
            began = time.perf_counter()
            torch.mm(left, right, out=out)
            times.append(time.perf_counter() - began)
        rates.append({"precision": precision, "size": size, "gflops": 2 * size**3 / min(times) / 1e9})
print(json.dumps({"version": "PyTorch " + torch.__version__, "rates": rates}), flush=True)
