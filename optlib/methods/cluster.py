"""Where the workers of a distributed method live: in this process, or on a Dask cluster (chapter `distributed`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from optlib.finite_sum import FiniteSum
from optlib.problem import Problem

SAFE = 100  # rounds after which what the workers remember is brought to safety


class InProcess:
    """The two words of a ``dask.distributed.Client`` that the methods use, spoken by this process, without Dask."""

    def submit(self, function: Callable[..., Any], *args: Any, pure: bool = True) -> Any:
        """The result of ``function(*args)``; on a Dask client a future, whose value stays on the worker."""
        return function(*args)

    def gather(self, futures: Iterable[Any]) -> list[Any]:
        """The values of the futures, in their order."""
        return list(futures)


class Cluster:
    """A client, and how to use it such that a worker may die at any time.

    Every task is a pure function of its arguments. What a worker held is a result of such tasks, also its data, and a
    Dask scheduler computes lost results again. (What ``client.scatter`` sends has no task, and would be lost.)

    Raises
    ------
    TypeError
        If ``client`` is neither None nor has the methods of a Dask client, or is an asynchronous one.
    """

    def __init__(self, client: Any = None) -> None:
        if client is not None and not all(callable(getattr(client, word, None)) for word in ("submit", "gather")):
            raise TypeError(f"client must be a dask.distributed Client or None, got {client!r}")
        if getattr(client, "asynchronous", False):
            raise TypeError(f"client must wait for its results, not be asynchronous: {client!r}")
        self.client = InProcess() if client is None else client

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        """One task, run anew however often it was submitted before."""
        return self.client.submit(function, *args, pure=False)

    def keep(self, value: Any) -> Any:
        """``value`` on a worker, and with the scheduler, which sends it to another one if that worker dies."""
        return self.submit(_itself, value)

    def gather(self, futures: Iterable[Any]) -> list[Any]:
        """The values, in the order of the futures, whoever was done first."""
        return list(self.client.gather(list(futures)))

    def secure(self, futures: Iterable[Any], t: int) -> list[Any]:
        """Now and then, the same values as new beginnings: a lost result is then not computed from round 0 on."""
        return [self.keep(value) for value in self.gather(futures)] if t % SAFE == SAFE - 1 else list(futures)


def _itself(value: Any) -> Any:
    return value


def blocks(problem: Problem, N: int, name: str, method: object) -> tuple[list[FiniteSum], list[float]]:
    """The samples of a finite sum in N blocks of consecutive rows, of nearly equal size, and the share of each."""
    if not isinstance(problem, FiniteSum):
        kind = type(method).__name__
        raise ValueError(f"{kind} needs a finite sum, such as EmpiricalRisk or FiniteSum, got {problem!r}")
    if (n := problem.n_samples) < N:
        raise ValueError(f"{name} must be at most n_samples = {n}, got {N}")
    own = np.array_split(np.arange(n), N)
    parts = [problem.part(slice(rows[0], rows[-1] + 1)) for rows in own]  # slices: views of dense data, no copies
    return parts, [len(rows) / n for rows in own]
