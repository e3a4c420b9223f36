"""What one step costs: operations counted, time and memory measured (chapter `comparison`).

The objective is a quadratic with a diagonal Hessian, so cheap that the step is the method's own work. Newton is handed
this Hessian as a dense matrix, made anew at each step; ADMM factorises it once.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np

import optlib as ol

STEP = 1e-3


class FreeL1(ol.penalties.L1):
    """The 1-norm; what its value costs is the objective's affair, like that of f."""

    def __call__(self, x: np.ndarray) -> float:
        return super().__call__(np.asarray(x))


L1 = FreeL1(1e-3)
METHODS = {
    "GD": ol.GradientDescent(STEP),
    "SGD": ol.SGD(STEP),
    "Momentum": ol.HeavyBall(STEP),
    "NAG": ol.Nesterov(STEP),
    "AdaGrad": ol.AdaGrad(STEP),
    "RMSProp": ol.RMSProp(STEP),
    "Adam": ol.Adam(STEP),
    "AdamW": ol.AdamW(STEP),
    "Newton": ol.Newton(),
    "L-BFGS": ol.LBFGS(step=STEP),  # no search: one evaluation a step, as for all
    "Prox": ol.ProximalGradient(L1, STEP),
    "ADMM": ol.ADMM(L1),
}
DENSE = ("Newton", "ADMM")  # their work grows faster than d


def start(name: str, d: int) -> tuple[ol.Problem, np.ndarray]:
    diagonal = np.geomspace(1e-4, 1, d)
    return ol.Quadratic(np.diag(diagonal) if name == "ADMM" else diagonal), np.ones(d)


def steps(name: str, d: int, warm: int) -> Iterator[ol.Iterate]:
    """The method's iterates on that quadratic, the first `warm` of them made already."""
    problem, x0 = start(name, d)
    with problem.run():
        running = METHODS[name].iterate(problem, x0)
        for _ in islice(running, warm):
            pass
        yield from running


def seconds(name: str, d: int, repeat: int = 5) -> float:
    """The shortest of some steps, in seconds; the first ones, which set up and fill the memory, do not count."""
    running, times = steps(name, d, warm=2 if name in DENSE else 12), []
    for _ in range(repeat):
        begin = perf_counter()
        next(running)
        times.append(perf_counter() - begin)
    return min(times)


def peak(name: str, d: int) -> float:
    """The most numbers of 8 bytes held at once during a run, beside the problem's own."""
    problem, x0 = start(name, d)
    tracemalloc.start()
    with problem.run():
        for _ in islice(METHODS[name].iterate(problem, x0), 14):
            pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 8


# --- operations, counted ----------------------------------------------------------------------------

WEIGHT = {"clip": 2, "matmul": 0, "negative": 1}  # operations an entry; a product's depend on its shapes


class Counting(np.ndarray):
    """An array that adds up the operations which NumPy makes with it."""

    operations = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        plain = [x.view(np.ndarray) if isinstance(x, Counting) else x for x in inputs]
        if "out" in keywords:
            keywords["out"] = tuple(x.view(np.ndarray) for x in keywords["out"])
        result = getattr(ufunc, method)(*plain, **keywords)
        Counting.operations += WEIGHT.get(ufunc.__name__, 1) * np.size(result)
        if ufunc.__name__ == "matmul":
            Counting.operations += 2 * max(np.size(x) for x in plain)  # a matrix and a vector
        return result.view(Counting) if isinstance(result, np.ndarray) else result


class Oracle:
    """The same quadratic, whose own operations are not counted."""

    def __init__(self, d: int) -> None:
        self.diagonal = np.geomspace(1e-4, 1, d)

    def value_and_grad(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        g = self.diagonal * np.asarray(x)
        return 0.5 * float(np.asarray(x) @ g), g.view(Counting)


def operations(name: str, d: int) -> int:
    """What the third step adds to the count, the norms of the stop test left out (they are BLAS's, not NumPy's)."""
    running = METHODS[name].iterate(Oracle(d), np.ones(d).view(Counting))
    next(running), next(running)
    Counting.operations = 0
    next(running)
    return Counting.operations
