"""One PyTorch contestant: python step.py JOB, a job as JSON. See ../engine/contestant.mjs for the lines it speaks."""

import contextlib
import json
import sys
import time

import torch

from gru import forms as gru_forms
from transformer import forms as transformer_forms

forms = {"gru": gru_forms, "transformer": transformer_forms}


def read_parameters(path):
    values = torch.from_file(path + ".f32", size=file_elements(path + ".f32"), dtype=torch.float32)
    with open(path + ".json") as file:
        entries = json.load(file)
    parameters = {}
    for entry in entries:
        size = 1
        for extent in entry["shape"]:
            size *= extent
        piece = values[entry["offset"] : entry["offset"] + size]
        parameters[entry["name"]] = piece.reshape(entry["shape"]).clone()
    return parameters


def file_elements(path):
    with open(path, "rb") as file:
        return file.seek(0, 2) // 4


def report(document):
    print(json.dumps(document), flush=True)


def main():
    job = json.loads(sys.argv[-1])
    torch.set_num_threads(job["threads"])
    batch, source_length, target_length = (job["shape"][key] for key in ("batch", "source", "target"))
    source = torch.tensor(job["source"]).reshape(batch, source_length)
    rows = torch.tensor(job["target"]).reshape(batch, target_length + 1)
    fed, wanted = rows[:, :-1].contiguous(), rows[:, 1:].contiguous()
    model = forms[job["family"]][job["form"]](job["sizes"], read_parameters(job["parameters"]))
    spec = job["optimizer"]
    optimizer = torch.optim.Adam(
        model.parameters(),
        lr=spec["learningRate"],
        betas=(spec["beta1"], spec["beta2"]),
        eps=spec["epsilon"],
        fused=True,
    )
    started = time.perf_counter()
    loss_of = torch.compile(model) if job["mode"] == "compile" else model

    def precision():
        if job["precision"] == "bf16":
            return torch.autocast("cpu", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def step():
        optimizer.zero_grad(set_to_none=True)
        with precision():
            loss = loss_of(source, fed, wanted)
        loss.backward()
        optimizer.step()
        return loss.item()

    loss = step()
    report(
        {
            "version": "PyTorch " + torch.__version__,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "loss": loss,
            "first_step_s": time.perf_counter() - started,
        }
    )
    for line in sys.stdin:
        ms = []
        before = time.process_time()
        for _ in range(json.loads(line)["steps"]):
            began = time.perf_counter()
            loss = step()
            ms.append((time.perf_counter() - began) * 1000)
        report({"ms": ms, "loss": loss, "cpu_ms": (time.process_time() - before) * 1000 / len(ms)})


if __name__ == "__main__":
    main()
