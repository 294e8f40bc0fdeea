"""Writes torchjd-weights.fixture.json: the weights that TorchJD gives to the same gradients and losses, in float64.

Run with a Python that has torch and torchjd[full] (0.18):
python packages/collectives/src/combiners/torchjd-weights.fixture.py
"""
import json
from pathlib import Path

import numpy as np
import torch
import torchjd
from torchjd._linalg import QuadprogProjector
from torchjd.aggregation._aligned_mtl import AlignedMTLWeighting
from torchjd.aggregation._cagrad import CAGradWeighting
from torchjd.aggregation._gradvac import GradVacWeighting
from torchjd.aggregation._imtl_g import IMTLGWeighting
from torchjd.aggregation._mgda import MGDAWeighting
from torchjd.aggregation._nash_mtl import _NashMTLWeighting
from torchjd.aggregation._pcgrad import PCGradWeighting
from torchjd.aggregation._upgrad import UPGradWeighting
from torchjd.scalarization import DWA, FAMO, IMTLL, STCH, UW

torch.set_default_dtype(torch.float64)
DIMENSION, STEPS = 12, 10
draw = np.random.default_rng(11)
tensor = lambda values: torch.tensor(values, dtype=torch.float64)


class Orders:
    """Stands for torch.randperm: draws from numpy, and keeps what was drawn."""

    def __init__(self):
        self.drawn = []

    def __enter__(self):
        self.original = torch.randperm
        torch.randperm = self.permutation
        return self

    def permutation(self, n):
        order = draw.permutation(n).tolist()
        self.drawn.append(order)
        return torch.tensor(order)

    def __exit__(self, *_):
        torch.randperm = self.original


def gradient_case(count):
    # Gradients of different lengths that share a direction, in which some of them disagree.
    common = draw.normal(size=DIMENSION)
    jacobian = draw.normal(size=(count, DIMENSION)) + np.outer(draw.choice([-1.5, 0.0, 1.0], size=count), common)
    jacobian *= 10.0 ** draw.uniform(-1, 1, size=(count, 1))
    J = tensor(jacobian)
    G = J @ J.T
    preferred = draw.uniform(0.2, 2.0, size=count)
    preferred /= preferred.sum()
    projector = QuadprogProjector(norm_eps=1e-12, reg_eps=1e-13)
    weights = {
        "upgrad": UPGradWeighting(projector=projector)(G),
        "upgrad preferred": UPGradWeighting(tensor(preferred), projector)(G),
        "mgda": MGDAWeighting(epsilon=1e-12, max_iters=5000)(G),
        "cagrad 0.4": CAGradWeighting(0.4, norm_eps=1e-12)(G),
        "cagrad 0.9": CAGradWeighting(0.9, norm_eps=1e-12)(G),
        "imtl-g": IMTLGWeighting()(G),
        "aligned-mtl min": AlignedMTLWeighting()(G),
        "aligned-mtl median": AlignedMTLWeighting(scale_mode="median")(G),
        "aligned-mtl rmse": AlignedMTLWeighting(tensor(preferred), scale_mode="rmse")(G),
        "nash-mtl": _NashMTLWeighting(count, 0.0, 1, 200)(J),
    }
    with Orders() as orders:
        weights["pcgrad"] = PCGradWeighting()(G)
    pcgrad_orders = [[j for j in order if j != i] for i, order in enumerate(orders.drawn)]
    vaccine = GradVacWeighting(beta=0.3)
    gradvac = []
    for _ in range(4):
        noisy = J + tensor(0.3 * draw.normal(size=J.shape) * jacobian)
        with Orders() as orders:
            w = vaccine(noisy @ noisy.T)
        visited = [[[j for j in range(count) if j != i][at] for at in order] for i, order in enumerate(orders.drawn)]
        gradvac.append({"gram": (noisy @ noisy.T).flatten().tolist(), "orders": visited, "weights": w.tolist()})
    return {
        "count": count,
        "gram": G.flatten().tolist(),
        "jacobian": J.tolist(),
        "preferred": preferred.tolist(),
        "weights": {name: w.tolist() for name, w in weights.items()},
        "pcgradOrders": pcgrad_orders,
        "gradvac": gradvac,
        "gradvacTargets": vaccine._phi_t.flatten().tolist(),
    }


def loss_case(count):
    losses = [(draw.uniform(0.5, 6.0, size=count) * (0.95**step)).tolist() for step in range(STEPS)]

    def weights_of(scalarizer, after=lambda: None):
        series = []
        for step in range(STEPS):
            values = tensor(losses[step]).requires_grad_()
            if isinstance(scalarizer, FAMO) and step > 0:
                scalarizer.update(values)
            scalarizer.zero_grad()
            scalarizer(values).backward()
            series.append(values.grad.tolist())
            after()
        return series

    def learned(scalarizer, lr):
        return weights_of(scalarizer, torch.optim.Adam(scalarizer.parameters(), lr=lr).step)

    dwa = DWA(2.0)
    calls = iter(range(1, STEPS + 1))
    return {
        "count": count,
        "losses": losses,
        "weights": {
            "uncertainty": learned(UW(count), 0.05),
            "imtl-l": learned(IMTLL(count), 0.05),
            "famo": weights_of(FAMO(count)),
            "stch": weights_of(STCH(0.5)),
            "dwa": weights_of(dwa, lambda: dwa.step() if next(calls) % 3 == 0 else None),
        },
    }


document = {
    "torchjd": "0.18.0",
    "gradients": [gradient_case(count) for count in range(2, 9) for _ in range(3)],
    "losses": [loss_case(count) for count in range(2, 9)],
}
path = Path(__file__).with_name("torchjd-weights.fixture.json")
path.write_text(json.dumps(document, indent=None, separators=(",", ":")) + "\n")
