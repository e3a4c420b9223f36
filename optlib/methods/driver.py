"""The driver: it draws iterates until one is good enough, and owns stopping, recording and progress."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
    """

    x: Array
    fun: float
    grad: Array
    optimality: float
    step: float = math.nan


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
    STOPPED = 99  #: the callback raised StopIteration


ADVICE = {
    Status.CONVERGED: "optimality {optimality:.2g} <= tol {tol:.2g}",
    Status.MAXITER: "{nit} iterations made, optimality {optimality:.2g} > tol {tol:.2g}: raise maxiter or tol, {more}",
    Status.MAX_TIME: "max_time passed after {nit} iterations, optimality {optimality:.2g} > tol {tol:.2g}",
    Status.NON_FINITE: "{reason}",
    Status.DIVERGED: "diverging: optimality has grown from {first:.2g} to {optimality:.2g} in {nit} iterations: "
    "try a smaller step (for gradient descent below 2/L) or a line search",
    Status.LINE_SEARCH_FAILED: "line search failed at iteration {nit}: {reason}",
    Status.SINGULAR: "singular linear system at iteration {nit} ({reason}): try another x0, a penalty that makes f "
    "strongly convex, or a first-order method",
    Status.EXHAUSTED: "the generator ended after {nit} iterations: let it yield for ever, the driver stops it",
    Status.STOPPED: "the callback raised StopIteration at iteration {nit}",
}


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class History:
    r"""What happened, one entry an iterate: arrays of equal length, ``nit + 1``.

    ``step[t]`` is the step size taken from iterate t, so the last entry is nan. ``time`` is in seconds since
    the start. ``x`` has shape (nit + 1, n), or is None where it was not recorded.
    """

    nit: NDArray[np.int_]
    fun: Array
    optimality: Array
    step: Array
    time: Array
    x: Array | None = None

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
) -> OptimizeResult:
    """Draw iterates until one meets ``tol`` or something else ends the run; see :func:`minimize`."""
    tol, maxiter = checks.nonnegative("tol", tol), checks.natural("maxiter", maxiter)
    deadline = math.inf if max_time is None else checks.positive("max_time", max_time)
    if record not in (True, False, "auto"):
        raise ValueError(f"record must be True, False or 'auto', got {record!r}")
    keep_x = x0.size <= RECORD_UP_TO if record == "auto" else record
    xs: list[Array] = []
    funs: list[float] = []
    optimalities: list[float] = []
    steps: list[float] = []
    times: list[float] = []
    last: Iterate | None = None
    reason, status, limit, k = "", Status.EXHAUSTED, math.inf, -1
    if not isinstance(iterates, Iterable):
        raise TypeError(f"method must be a generator function, one that yields iterates; it returned {iterates!r}")
    start, inf = perf_counter(), math.inf
    with _bar(progress, maxiter) as advance:
        source = iter(iterates)
        while True:
            try:
                it = next(source)
            except StopIteration:
                break
            except (LineSearchError, np.linalg.LinAlgError) as error:
                if last is None:  # x0 itself cannot be evaluated: no method's failure
                    raise
                status = Status.LINE_SEARCH_FAILED if isinstance(error, LineSearchError) else Status.SINGULAR
                reason = str(error)
                break
            except ValueError as error:
                if "read-only" in str(error):
                    error.add_note("iterates and gradients are never changed: write x = x - step, not x -= step")
                raise
            if type(it) is not Iterate:
                raise TypeError(f"method must yield Iterate(x, fun, grad, optimality, step), got {it!r}")
            x, fun, _, optimality, step = it
            finite = optimality < inf and -inf < fun < inf
            if not finite or (optimality <= tol and not np.isfinite(x).all()):
                status, reason = Status.NON_FINITE, _not_finite(x, k)
                break
            if x.base is not None:  # a view: whoever owns it may change it
                x = x.copy()
                it = it._replace(x=x)
            last, k = it, k + 1
            time = perf_counter() - start
            funs.append(fun)
            optimalities.append(optimality)
            steps.append(step)
            times.append(time)
            x.setflags(False)  # type: ignore[call-arg]  # an iterate cannot be changed afterwards
            if keep_x:
                xs.append(x)
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
            if optimality <= tol:
                status = Status.CONVERGED
                break
            if optimality > limit and k > 1 and optimality > optimalities[-2] > optimalities[-3]:
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
        last, k, xs = it, 0, [x0]
        funs, optimalities, steps, times = [it.fun], [it.optimality], [math.nan], [0.0]
    more = "or lower the step, as f has grown" if funs[-1] > funs[0] else "or try another step"
    message = ADVICE[status].format(
        nit=k, optimality=last.optimality, tol=tol, reason=reason, first=optimalities[0], more=more
    )
    history = History(
        nit=np.arange(k + 1),
        fun=np.array(funs),
        optimality=np.array(optimalities),
        step=np.array([*steps[1:], math.nan]),
        time=np.array(times),
        x=np.array(xs) if keep_x else None,
    )
    return OptimizeResult(
        x=last.x.copy(), fun=last.fun, jac=np.array(last.grad), nit=k, success=status is Status.CONVERGED,
        status=status, message=message, optimality=last.optimality, history=history,
    )  # fmt: skip


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
