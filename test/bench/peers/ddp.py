"""One rank of PyTorch's DistributedDataParallel over Gloo: python ddp.py JOB, a job as JSON. See ../engine/contestant.mjs."""

import json
import sys
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_

from gru import forms
from step import read_parameters, report


def main():
    job = json.loads(sys.argv[-1])
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    dist.init_process_group(
        "gloo",
        init_method="file://" + job["store"],
        rank=job["member"],
        world_size=job["size"],
        timeout=timedelta(seconds=600),
    )
    batch, source_length, target_length = (job["shape"][key] for key in ("batch", "source", "target"))
    generator = torch.Generator().manual_seed(1 + job["member"])

    def symbols(columns):
        return torch.randint(4, job["sizes"]["vocabulary"], (batch, columns), generator=generator)

    source, wanted = symbols(source_length), symbols(target_length)
    wanted[:, -1] = 2
    fed = torch.cat([torch.ones(batch, 1, dtype=torch.int64), wanted[:, :-1]], 1)
    model = forms[job["form"]](job["sizes"], read_parameters(job["parameters"]))
    # What is known to help: gradients that lie in the buckets, no buffers to broadcast, a graph that never changes.
    parallel = DistributedDataParallel(model, gradient_as_bucket_view=True, broadcast_buffers=False, static_graph=True)
    spec = job["optimizer"]
    optimizer = torch.optim.Adam(
        parallel.parameters(),
        lr=spec["learningRate"],
        betas=(spec["beta1"], spec["beta2"]),
        eps=spec["epsilon"],
        fused=True,
    )
    loss_of = torch.compile(parallel) if job["mode"] == "compile" else parallel
    parameters = list(parallel.parameters())

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(source, fed, wanted)
        loss.backward()
        clip_grad_norm_(parameters, job["clip"], foreach=True)
        optimizer.step()
        return loss.item()

    started = time.perf_counter()
    loss = step()
    report(
        {
            "version": "PyTorch " + torch.__version__,
            "parameters": sum(parameter.numel() for parameter in parameters),
            "loss": loss,
            "first_step_s": time.perf_counter() - started,
        }
    )
    for line in sys.stdin:
        ms = []
        dist.barrier()
        before = time.process_time()
        for _ in range(json.loads(line)["steps"]):
            began = time.perf_counter()
            loss = step()
            ms.append((time.perf_counter() - began) * 1000)
        report({"ms": ms, "loss": loss, "cpu_ms": (time.process_time() - before) * 1000 / len(ms)})


main()
