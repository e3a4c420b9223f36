"""The driver: it draws iterates until one is good enough, and owns stopping, recording and progress."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult

from optlib import checks
from optlib.steps.line_search import LineSearchError
from optlib.typing import Array

RECORD_UP_TO = 100  # storing x costs little up to this dimension
DIVERGED_BY = 1e12  # growth of the optimality measure that no method recovers from


class InfeasibleError(ArithmeticError):
    """A method found no point that meets the constraints; the message says by how much they are violated."""


class Iterate(NamedTuple):
    r"""One iterate as a method yields it.

    Parameters
    ----------
    x : array
        A fresh array, which nobody changes afterwards.
    fun, grad :
        Value and gradient at x.
    optimality : float
        What ``tol`` is compared with.
    step : float
        The step size that led to x; nan at the first iterate.
    extras : dict, optional
        What only this method has, by name: numbers and arrays, the same names at each iterate.
    """

    x: Array
    fun: float
    grad: Array
    optimality: float
    step: float = math.nan
    extras: dict[str, Any] | None = None


class Status(IntEnum):
    """Why a run ended. Only CONVERGED is a success."""

    CONVERGED = 0  #: optimality <= tol
    MAXITER = 1  #: ``maxiter`` steps were made
    MAX_TIME = 2  #: ``max_time`` seconds have passed
    NON_FINITE = 3  #: f, its gradient or the next point is nan or infinite
    DIVERGED = 4  #: the optimality measure has grown beyond recovery
    LINE_SEARCH_FAILED = 5  #: no acceptable step along the direction
    SINGULAR = 6  #: a linear system of the method has no unique solution
    EXHAUSTED = 7  #: a generator handed to ``minimize`` ended by itself
    INFEASIBLE = 8  #: nothing meets the constraints, as far as the method can see
    STOPPED = 99  #: the callback raised StopIteration


ADVICE = {
    Status.CONVERGED: "optimality {optimality:.2g} <= tol {tol:.2g}",
    Status.MAXITER: "{nit} iterations made, optimality {optimality:.2g} > tol {tol:.2g}: raise maxiter or tol, {more}",
    Status.MAX_TIME: "max_time passed after {nit} iterations, optimality {optimality:.2g} > tol {tol:.2g}",
    Status.NON_FINITE: "{reason}",
    Status.DIVERGED: "diverging: optimality has grown from {first:.2g} to {optimality:.2g} in {nit} iterations: {cure}",
    Status.LINE_SEARCH_FAILED: "line search failed at iteration {nit}: {reason}",
    Status.SINGULAR: "singular linear system at iteration {nit} ({reason}): try another x0, a penalty that makes f "
    "strongly convex, or a first-order method",
    Status.EXHAUSTED: "the generator ended after {nit} iterations: let it yield for ever, the driver stops it",
    Status.INFEASIBLE: "the constraints seem to contradict each other: {reason}; check them, or try another x0",
    Status.STOPPED: "the callback raised StopIteration at iteration {nit}",
}


FAILURES = {  # what a method may raise, and how the run then ends
    LineSearchError: Status.LINE_SEARCH_FAILED,
    np.linalg.LinAlgError: Status.SINGULAR,
    InfeasibleError: Status.INFEASIBLE,
}


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class History:
    r"""What happened, one entry a recorded iterate: arrays of equal length.

    Every iterate is recorded; on a minibatch oracle, one an epoch, and the last. ``nit`` holds their numbers.
    ``step[t]`` is the step size taken from entry t, so the last is nan. ``time`` is in seconds since the start.
    ``x`` has shape (entries, n), or is None where it was not recorded. ``extras`` holds, by name, what only this
    method has: numbers always, arrays where x is recorded.
    """

    nit: NDArray[np.int_]
    fun: Array
    optimality: Array
    step: Array
    time: Array
    x: Array | None = None
    extras: dict[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nit)


def run(
    iterates: Iterable[Iterate],
    x0: Array,
    *,
    tol: float,
    maxiter: int,
    max_time: float | None = None,
    notify: Callable[[Iterate, int], Any] | None = None,
    record: bool | str = "auto",
    progress: bool = False,
    measure: Callable[[Iterate], Iterate] | None = None,
    every: int = 1,
) -> OptimizeResult:
    """Draw iterates until one meets ``tol`` or something else ends the run; see :func:`minimize`.

    On a minibatch oracle an iterate knows the value on its batch alone: ``measure`` gives that of the full objective,
    which is recorded and compared with ``tol`` at every ``every``-th iterate and at the last.
    """
    tol, maxiter = checks.nonnegative("tol", tol), checks.natural("maxiter", maxiter)
    deadline = math.inf if max_time is None else checks.positive("max_time", max_time)
    if record not in (True, False, "auto"):
        raise ValueError(f"record must be True, False or 'auto', got {record!r}")
    if not isinstance(iterates, Iterable):
        raise TypeError(f"method must be a generator function, one that yields iterates; it returned {iterates!r}")
    log = _Log(x0.size <= RECORD_UP_TO if record == "auto" else bool(record))
    last: Iterate | None = None
    reason, status, limit, k = "", Status.EXHAUSTED, math.inf, -1
    start, inf, recorded = perf_counter(), math.inf, False
    with _bar(progress, maxiter) as advance:
        source = iter(iterates)
        while True:
            try:
                it = next(source)
            except StopIteration:
                break
            except tuple(FAILURES) as error:
                if last is None:  # x0 itself cannot be evaluated: no method's failure
                    raise
                status = next(status for kind, status in FAILURES.items() if isinstance(error, kind))
                reason = str(error)
                break
            except ValueError as error:
                if "read-only" in str(error):
                    error.add_note("iterates and gradients are never changed: write x = x - step, not x -= step")
                raise
            if type(it) is not Iterate:
                raise TypeError(f"method must yield Iterate(x, fun, grad, optimality, step), got {it!r}")
            due = measure is None or (k + 1) % every == 0 or k + 1 >= maxiter
            if measure is not None and due:
                it = measure(it)
            x, fun, _, optimality, step, _ = it
            finite = optimality < inf and -inf < fun < inf
            if not finite or (optimality <= tol and not np.isfinite(x).all()):
                status, reason = Status.NON_FINITE, _not_finite(x, k)
                break
            if x.base is not None:  # a view: whoever owns it may change it
                x = x.copy()
                it = it._replace(x=x)
            x.setflags(False)  # type: ignore[call-arg]  # an iterate cannot be changed afterwards
            last, k = it, k + 1
            if step < 0:
                raise ValueError(
                    f"a step must not be negative: the schedule of step or lr gives {step!r} at k = {k - 1}"
                )
            if recorded:
                log.steps.append(step)  # the one taken from the entry before
            recorded = due
            if due:
                log.add(it, k, perf_counter() - start)
            if k == 0:
                limit = DIVERGED_BY * max(optimality, 1.0)
            else:
                if advance is not None:
                    advance()
                if notify is not None:
                    try:
                        notify(it, k)
                    except StopIteration:
                        status = Status.STOPPED
                        break
            if due:
                if optimality <= tol:
                    status = Status.CONVERGED
                    break
                if optimality > limit and k > 1 and log.grows():
                    status = Status.DIVERGED  # one long step alone may be made good
                    break
            if k >= maxiter:
                status = Status.MAXITER
                break
            if deadline < inf and perf_counter() - start >= deadline:
                status = Status.MAX_TIME
                break
    if last is None:  # not even x0 is a good iterate
        if status is not Status.NON_FINITE:
            raise ValueError(f"method yielded no iterate, and its first must be x0 itself; {reason or 'it ended'}")
        last, k = it._replace(x=x0, step=math.nan), 0
        log.add(last, 0, 0.0)
    elif measure is not None and not recorded:
        measured = measure(last)
        if np.isfinite((measured.fun, measured.optimality)).all():
            last = measured
            log.add(last, k, perf_counter() - start)
    fallen = log.funs[-1] <= log.funs[0]
    message = ADVICE[status].format(
        nit=k, optimality=last.optimality, tol=tol, reason=reason, first=log.optimalities[0],
        more="or try another step" if fallen else "or lower the step, as f has grown",
        cure="f has fallen all the while, and seems to be unbounded below" if fallen
        else "try a smaller step (for gradient descent below 2/L) or a line search",
    )  # fmt: skip
    return OptimizeResult(
        x=last.x.copy(), fun=last.fun, jac=np.array(last.grad), nit=k, success=status is Status.CONVERGED,
        status=status, message=message, optimality=last.optimality, history=log.history(), extras=last.extras,
    )  # fmt: skip


class _Log:
    """The entries of a history while it grows."""

    def __init__(self, keep_x: bool) -> None:
        self.keep_x = keep_x
        self.nits: list[int] = []
        self.xs: list[Array] = []
        self.funs: list[float] = []
        self.optimalities: list[float] = []
        self.steps: list[float] = []
        self.times: list[float] = []
        self.extras: list[dict[str, Any]] = []

    def add(self, it: Iterate, k: int, time: float) -> None:
        self.nits.append(k)
        self.funs.append(it.fun)
        self.optimalities.append(it.optimality)
        self.times.append(time)
        if self.keep_x:
            self.xs.append(it.x)
        if it.extras is not None:
            self.extras.append({name: e for name, e in it.extras.items() if self.keep_x or np.ndim(e) == 0})

    def grows(self) -> bool:
        """Whether the measure has grown twice in a row."""
        return len(self.optimalities) > 2 and self.optimalities[-1] > self.optimalities[-2] > self.optimalities[-3]

    def history(self) -> History:
        return History(
            nit=np.array(self.nits),
            fun=np.array(self.funs),
            optimality=np.array(self.optimalities),
            step=np.array([*self.steps, math.nan][: len(self.nits)]),
            time=np.array(self.times),
            x=np.array(self.xs) if self.keep_x else None,
            extras={name: np.array([e[name] for e in self.extras]) for name in (self.extras or [{}])[0]},
        )


def _not_finite(x: Array, k: int) -> str:
    """What went wrong after iteration k, and what to try."""
    if k < 0:
        return "f or its gradient is not finite at x0: start where f is defined"
    if not np.isfinite(x).all():
        return f"the point after iteration {k} is not finite (the last finite one is returned): try a smaller step"
    return (
        f"f or its gradient is not finite after iteration {k} (the last finite iterate is returned): try a "
        "smaller step, a line search, or another x0"
    )


class _bar:
    """tqdm's bar, or nothing."""

    def __init__(self, show: bool, total: int) -> None:
        self.bar = None
        if show:
            try:
                from tqdm.auto import tqdm
            except ImportError as error:
                raise ImportError("progress=True needs the package tqdm") from error
            self.bar = tqdm(total=total, unit="it")

    def __enter__(self) -> Callable[[], Any] | None:
        return None if self.bar is None else self.bar.update

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.close()
