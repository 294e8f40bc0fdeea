"""One rank of a job that torchrun restarts: DistributedDataParallel over Gloo, a checkpoint every n steps. See ../../chaos/recovery.ts.

torchrun … recovery.py JOB, a job as JSON. Rank 0 appends a line of JSON to the job's `log` for each start and each step.
"""

import json
import os
import sys
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_

from gru import forms

job = json.loads(sys.argv[-1])
sizes = job["sizes"]
generator = torch.Generator().manual_seed(1)


def drawn(*shape):
    return torch.randn(*shape, generator=generator) * 0.05


def parameters():
    """Of the shapes that the model's forms read; every rank draws the same."""
    vocabulary, width, hidden = sizes["vocabulary"], sizes["embedding"], sizes["hidden"]
    return {
        "shared/embedding": drawn(vocabulary, width),
        "shared/encoder.0.forward.input": drawn(width, 3 * hidden),
        "shared/encoder.0.forward.recurrent": drawn(hidden, 3 * hidden),
        "shared/encoder.0.forward.bias": drawn(3 * hidden),
        "task/embedding": drawn(vocabulary, width),
        "task/bridge.weights": drawn(hidden, hidden),
        "task/bridge.bias": drawn(hidden),
        "task/attention.keys": drawn(hidden, hidden),
        "task/attention.scores": drawn(hidden, 1),
        "task/generator.input": drawn(width, 3 * hidden),
        "task/generator.context": drawn(hidden, 3 * hidden),
        "task/generator.state": drawn(hidden, 4 * hidden),
        "task/generator.bias": drawn(3 * hidden),
        "task/output.state": drawn(hidden, vocabulary),
        "task/output.context": drawn(hidden, vocabulary),
        "task/output.bias": drawn(vocabulary),
    }


def main():
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    # torchrun's store keeps the addresses of the ranks that died: each start has names of its own in it.
    store = dist.TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
    dist.init_process_group(
        "gloo",
        store=dist.PrefixStore("start-" + os.environ["TORCHELASTIC_RESTART_COUNT"], store),
        rank=int(os.environ["RANK"]),
        world_size=int(os.environ["WORLD_SIZE"]),
        timeout=timedelta(seconds=60),
    )
    rank = dist.get_rank()
    log = open(job["log"], "a", buffering=1) if rank == 0 else None

    def tell(**line):
        if log is not None:
            log.write(json.dumps({**line, "at": time.time()}) + "\n")

    # The driver finds whom to kill.
    with open(f"{job['pids']}/{rank}", "w") as file:
        file.write(str(os.getpid()))
    model = forms[job["form"]](sizes, parameters())
    parallel = DistributedDataParallel(model, gradient_as_bucket_view=True, broadcast_buffers=False, static_graph=True)
    optimizer = torch.optim.Adam(parallel.parameters(), lr=0.002, fused=True)
    begun = 0
    if os.path.exists(job["checkpoint"]):
        state = torch.load(job["checkpoint"], weights_only=True)
        begun = state["step"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    tell(resumed=begun)
    trained = list(parallel.parameters())
    batch, source_length, target_length = (job["shape"][key] for key in ("batch", "source", "target"))
    for step in range(begun + 1, job["steps"] + 1):
        # Batches by (rank, step): a step done again has the same ones.
        draws = torch.Generator().manual_seed(step * 1000 + rank)
        source = torch.randint(4, sizes["vocabulary"], (batch, source_length), generator=draws)
        wanted = torch.randint(4, sizes["vocabulary"], (batch, target_length), generator=draws)
        fed = torch.cat([torch.ones(batch, 1, dtype=torch.int64), wanted[:, :-1]], 1)
        optimizer.zero_grad(set_to_none=True)
        loss = parallel(source, fed, wanted)
        loss.backward()
        clip_grad_norm_(trained, 1.0, foreach=True)
        optimizer.step()
        tell(step=step)
        if rank == 0 and step % job["every"] == 0:
            aside = job["checkpoint"] + ".new"
            torch.save({"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, aside)
            os.replace(aside, job["checkpoint"])
    dist.barrier()
    dist.destroy_process_group()


main()
