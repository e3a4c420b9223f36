"""What a method is, and ``minimize``, which runs one; SciPy's protocol for both."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import OptimizeResult

from optlib import checks
from optlib.methods.driver import History, Iterate, Status, run
from optlib.problem import Problem
from optlib.typing import Array

__all__ = ["History", "Iterate", "Method", "Status", "minimize"]


@dataclass(frozen=True)
class Method:
    """A method: its hyper-parameters, and ``iterate``, which is the formula of its chapter.

    An instance is also a custom minimiser for SciPy:
    ``scipy.optimize.minimize(fun, x0, jac=jac, method=GradientDescent(0.1), tol=1e-6)``.

    A method of your own is a frozen dataclass too (or, shorter, a generator function that ``minimize`` takes in its
    place); what it needs of a problem beyond value and gradient stands in ``needs``.
    """

    needs: ClassVar[tuple[str, ...]] = ()

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        """Yield the iterates, x itself first, without end."""
        raise NotImplementedError

    def requirements(self) -> tuple[str, ...]:
        """What this method needs of a problem beyond value and gradient."""
        rules = (getattr(self, f.name) for f in fields(self))
        return self.needs + tuple(need for rule in rules for need in getattr(rule, "needs", ()))

    def __call__(
        self,
        fun: Any,
        x0: Any,
        args: tuple[Any, ...] = (),
        jac: Any = None,
        hess: Any = None,
        hessp: Any = None,
        bounds: Any = None,
        constraints: Any = (),
        callback: Callable[..., Any] | None = None,
        **options: Any,
    ) -> OptimizeResult:
        """SciPy's protocol for custom minimisers; ``options`` are the keywords of :func:`minimize`."""
        name = type(self).__name__
        if bounds is not None or (constraints is not None and len(np.atleast_1d(constraints))):
            raise ValueError(f"{name} takes neither bounds nor constraints")
        known = set(inspect.signature(minimize).parameters) - {"problem", "x0", "method", "jac", "hess", "hessp"}
        if unknown := sorted(set(options) - known - {"disp"}):
            raise ValueError(f"unknown option {unknown[0]!r}; {name} knows {sorted(known - {'callback'})}")
        if options.get("tol") is None:
            options.pop("tol", None)
        display = options.pop("disp", False)  # SciPy's generic option
        if not isinstance(fun, Problem) or args or any(d is not None for d in (jac, hess, hessp)):
            fun = Problem(fun, jac, hess, hessp, args)
        result = minimize(fun, x0, self, callback=callback, **options)
        if display:
            print(result.message)
        return result


def minimize(
    problem: Problem | Callable[..., Any],
    x0: Any,
    method: Method | Callable[[Problem, Array], Iterable[Iterate]],
    *,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    tol: float = 1e-6,
    maxiter: int = 1000,
    max_time: float | None = None,
    callback: Callable[..., Any] | None = None,
    record: bool | str = "auto",
    progress: bool = False,
) -> OptimizeResult:
    r"""Minimise f from ``x0`` with ``method``.

    Parameters
    ----------
    problem : Problem or callable
        A callable is made a :class:`Problem` with ``jac``, ``hess`` and ``hessp``.
    x0 : array of shape (n,)
        Where to start; it is not changed.
    method : Method or generator function
        A method of ``optlib``, or your own function ``(problem, x) -> iterator of Iterate``.
    tol : float
        Stop when ``optimality <= tol``; the method's docstring says which measure that is.
    maxiter : int
        The most steps made.
    max_time : float, optional
        The most seconds, tested after each step.
    callback : callable, optional
        ``callback(xk)``, or ``callback(intermediate_result)`` if its parameter has that name, after each
        step; StopIteration ends the run.
    record : bool or "auto"
        Whether ``history.x`` is kept; "auto": if n <= 100.
    progress : bool
        Show a bar (needs the package tqdm).

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x fun jac nit nfev njev nhev success status message optimality history``, with ``status`` one of
        :class:`Status`, ``message`` what happened and what to try, and ``history`` a :class:`History`;
        ``extras`` is what only this method has, or None. After a run that went wrong, x is the last finite iterate. On
        a minibatch oracle ``fun``, ``jac`` and ``optimality`` are those of the full objective, evaluated once an
        epoch and at the end, and not charged to ``nfev`` and ``njev``.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind, naming it, and if the problem lacks what the method needs.

    Examples
    --------
    >>> result = ol.minimize(ol.Quadratic([1.0, 10.0]), [1.0, 1.0], ol.GradientDescent(step=0.1))
    >>> result.status.name, result.nit, result.message
    ('CONVERGED', 132, 'optimality 9.1e-07 <= tol 1e-06')
    """
    if not isinstance(problem, Problem):
        problem = Problem(problem, jac, hess, hessp)
    elif any(extra is not None for extra in (jac, hess, hessp)):
        raise ValueError("jac, hess and hessp belong to the Problem: give them there")
    x0 = checks.vector("x0", x0)
    if problem.dimension not in (None, x0.size):
        raise ValueError(f"x0 must have shape ({problem.dimension},), got {x0.shape}")
    if isinstance(method, Method):
        for need in method.requirements():
            if problem.lacks(need):
                raise ValueError(f"{type(method).__name__} needs `{need}`: give it to Problem or minimize")
        iterate: Callable[[Problem, Array], Iterable[Iterate]] = method.iterate
    elif callable(method) and not isinstance(method, type):
        iterate = method
    elif isinstance(method, type) and issubclass(method, Method):
        raise TypeError(f"method must be an instance of Method: write {method.__name__}(), not {method.__name__}")
    else:
        raise TypeError(f"method must be an instance of Method or a generator function, got {method!r}")
    notify = _callback(callback)

    def outside(it: Iterate, k: int) -> None:
        with problem.run(False):  # what a callback asks for is its own: copied, not frozen
            notify(it, k)  # type: ignore[misc]

    def measure(it: Iterate) -> Iterate:
        """The iterate as the method would report it on the full objective: as its first, started there."""
        whole = next(iter(iterate(problem.full, it.x)))  # type: ignore[arg-type]
        return whole._replace(x=it.x, step=it.step, extras=it.extras)

    before = problem.nfev, problem.njev, problem.nhev
    with problem.run():
        result = run(
            iterate(problem, x0), x0, tol=tol, maxiter=maxiter, max_time=max_time,
            notify=notify and outside, record=record, progress=progress,
            measure=measure if problem.full is not None else None, every=problem.every,
        )  # fmt: skip
    after = problem.nfev, problem.njev, problem.nhev
    for name, b, a in zip(("nfev", "njev", "nhev"), before, after, strict=True):
        result[name] = a - b
    return result


def _callback(callback: Callable[..., Any] | None) -> Callable[[Iterate, int], Any] | None:
    """SciPy's two styles of callback behind one call."""
    if callback is None:
        return None
    if not callable(callback):
        raise TypeError(f"callback must be callable, got {callback!r}")
    try:
        whole = set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except ValueError:  # a builtin has no signature
        whole = False
    if not whole:
        return lambda it, k: callback(it.x.copy())
    return lambda it, k: callback(
        intermediate_result=OptimizeResult(
            x=it.x.copy(), fun=it.fun, jac=it.grad, nit=k, optimality=it.optimality, step=it.step
        )
    )
