"""One process of an all-reduce over Gloo: python gloo.py JOB, a job as JSON. See ../engine/contestant.mjs for the lines it speaks.

`steps` times torch.distributed.all_reduce of a tensor of the same values each time: `avg` gives the mean, as
DistributedDataParallel wants it, `sum` leaves the division out.
"""

import json
import sys
import time
from datetime import timedelta

import torch
import torch.distributed as dist


def report(document):
    print(json.dumps(document), flush=True)


def written():
    with open("/proc/self/io") as file:
        for line in file:
            if line.startswith("wchar:"):
                return int(line.split()[1])
    return 0


def main():
    job = json.loads(sys.argv[-1])
    rank, size, elements = job["member"], job["size"], job["elements"]
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method="file://" + job["store"],
        rank=rank,
        world_size=size,
        timeout=timedelta(seconds=120),
    )
    # Counted as integers: float32 has no odd numbers above 2^24.
    gradient = (torch.arange(elements) % 1000).to(torch.float32) * (rank + 1) / 1000
    values = torch.empty_like(gradient)
    report({"version": "PyTorch " + torch.__version__})
    for line in sys.stdin:
        request = json.loads(line)
        mean = request["operation"] == "avg"
        operation = dist.ReduceOp.AVG if mean else dist.ReduceOp.SUM
        ms = []
        cpu = time.process_time()
        before = written()
        for _ in range(request["count"]):
            values.copy_(gradient)
            dist.barrier()
            began = time.perf_counter()
            dist.all_reduce(values, op=operation)
            ms.append((time.perf_counter() - began) * 1000)
        bytes_written = (written() - before) / len(ms)
        cpu = (time.process_time() - cpu) / len(ms)
        share = (size + 1) / 2 if mean else size * (size + 1) / 2
        for index in {0, elements // 2 - 1, elements - 1}:
            expected = (index % 1000) / 1000 * share
            if abs(values[index].item() - expected) > 1e-4:
                raise SystemExit(f"element {index} is {values[index].item()}, and should be {expected}")
        report({"ms": ms, "bytes": bytes_written, "cpu_s": cpu})
    dist.destroy_process_group()


main()
