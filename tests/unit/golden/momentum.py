"""Writes momentum.csv beside it: torch.optim.SGD with momentum, 500 steps in float64, every tenth kept.

Run with torch 2.13.0 and NumPy 2.4.6 in an environment of its own: ``python tests/unit/golden/momentum.py``.
f(x) = sum(a x^2 / 2 + x^4 / 4), a = (1, 3, 10), from (1, -2, 0.5), lr = 1e-3, momentum = 0.99, no dampening.
"""

from pathlib import Path

import numpy as np
import torch

A, START, LR, BETA, STEPS, EVERY = (1.0, 3.0, 10.0), (1.0, -2.0, 0.5), 1e-3, 0.99, 500, 10


def trajectory(nesterov: bool) -> np.ndarray:
    a = torch.tensor(A, dtype=torch.float64)
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=LR, momentum=BETA, nesterov=nesterov)
    path = [x.detach().numpy().copy()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        (a * x**2 / 2 + x**4 / 4).sum().backward()
        optimizer.step()
        path.append(x.detach().numpy().copy())
    return np.array(path)[::EVERY]


if __name__ == "__main__":
    header = f"torch {torch.__version__}; step, heavy ball x1 x2 x3, Nesterov x1 x2 x3"
    table = np.column_stack([np.arange(0, STEPS + 1, EVERY), trajectory(False), trajectory(True)])
    np.savetxt(Path(__file__).with_suffix(".csv"), table, fmt=["%d"] + ["%.17g"] * 6, delimiter=",", header=header)
