"""Writes torch_optim.csv beside it: six methods of torch.optim, 500 steps in float64, every tenth kept.

Run with torch 2.13.0 and NumPy 2.4.6 in an environment of its own: ``python tests/unit/golden/torch_optim.py``.
f(x) = sum(a x^2 / 2 + x^4 / 4), a = (1, 3, 10), from (1, -2, 0.5). The constants are such that each matters: eps is
large, so that its place shows, and so is the weight decay.
"""

from pathlib import Path

import numpy as np
import torch

A, START, STEPS, EVERY = (1.0, 3.0, 10.0), (1.0, -2.0, 0.5), 500, 10
METHODS = {
    "HeavyBall": lambda x: torch.optim.SGD(x, lr=1e-3, momentum=0.99),
    "Nesterov": lambda x: torch.optim.SGD(x, lr=1e-3, momentum=0.99, nesterov=True),
    "AdaGrad": lambda x: torch.optim.Adagrad(x, lr=0.05, eps=1e-2),
    "RMSProp": lambda x: torch.optim.RMSprop(x, lr=2e-3, alpha=0.9, eps=1e-2),
    "Adam": lambda x: torch.optim.Adam(x, lr=5e-3, betas=(0.8, 0.99), eps=1e-2),
    "AdamW": lambda x: torch.optim.AdamW(x, lr=5e-3, betas=(0.8, 0.99), eps=1e-2, weight_decay=0.1),
}


def trajectory(make) -> np.ndarray:
    a = torch.tensor(A, dtype=torch.float64)
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([x])
    path = [x.detach().numpy().copy()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        (a * x**2 / 2 + x**4 / 4).sum().backward()
        optimizer.step()
        path.append(x.detach().numpy().copy())
    return np.array(path)[::EVERY]


if __name__ == "__main__":
    header = f"torch {torch.__version__}; step, then x1 x2 x3 of " + ", ".join(METHODS)
    table = np.column_stack([np.arange(0, STEPS + 1, EVERY), *map(trajectory, METHODS.values())])
    np.savetxt(Path(__file__).with_suffix(".csv"), table, fmt=["%d"] + ["%.17g"] * 18, delimiter=",", header=header)
