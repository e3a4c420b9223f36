"""Newton's method, for minima and for roots (chapter `newton`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from scipy.optimize import OptimizeResult
from scipy.sparse.linalg import splu

from optlib import checks
from optlib.methods.base import Method
from optlib.methods.driver import Iterate, Status, run
from optlib.problem import Problem, norm
from optlib.steps.line_search import StepRule, as_step
from optlib.typing import Array, Matrix, Schedule


@dataclass(frozen=True)
class Newton(Method):
    r"""Newton's method,

    .. math:: \nabla^2 f(x_t)\, p_t = -\nabla f(x_t), \qquad x_{t+1} = x_t + \eta_t p_t.

    ``optimality`` is the gradient norm :math:`\|\nabla f(x_t)\|_2`. Variant: the Hessian as it is, not modified;
    where it is indefinite, p need not be a descent direction and the full step may go to a saddle point or a
    maximum.

    Parameters
    ----------
    step : float, schedule or step rule
        :math:`\eta_t`; 1, the default, is the pure method. ``Backtracking()`` gives the damped method.

    Raises
    ------
    TypeError, ValueError
        If ``step`` is none of these, or not positive; in ``minimize``, if the problem has no ``hess``.

    Notes
    -----
    A singular Hessian ends a run with ``Status.SINGULAR``; a direction along which f does not fall ends a run
    with a line search with ``Status.LINE_SEARCH_FAILED``.
    Source: J. Nocedal, S. J. Wright (2006), doi:10.1007/978-0-387-40065-5, section 3.3.

    Examples
    --------
    >>> result = ol.minimize(ol.Rosenbrock(), [-1.2, 1.0], ol.Newton())
    >>> result.nit, result.x
    (6, array([1., 1.]))
    """

    needs: ClassVar[tuple[str, ...]] = ("hess",)
    step: float | Schedule | StepRule = 1.0

    def __post_init__(self) -> None:
        as_step(self.step)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        step, eta = as_step(self.step), math.nan
        for t in count():
            f, g = problem.value_and_grad(x)
            yield Iterate(x, f, g, norm(g), eta)
            p = solve(problem.hess(x), -g)
            eta = step(problem, x, f, g, t, p)
            x = x + eta * p


def solve(A: Matrix, b: Array) -> Array:
    """The solution of A p = b, dense or sparse; LinAlgError if A is singular."""
    if not sparse.issparse(A):
        return np.asarray(np.linalg.solve(A, b), dtype=float)
    try:
        return np.asarray(splu(A.tocsc()).solve(b), dtype=float)
    except RuntimeError as error:  # "Factor is exactly singular"
        raise np.linalg.LinAlgError("Singular matrix") from error


def newton_root(
    F: Callable[[Array], Any],
    x0: Any,
    jac: Callable[[Array], Any],
    tol: float = 1e-10,
    maxiter: int = 50,
) -> OptimizeResult:
    r"""A root of F by Newton's method,

    .. math:: J_F(x_t)\, p_t = -F(x_t), \qquad x_{t+1} = x_t + p_t,

    which in one dimension is :math:`x_{t+1} = x_t - F(x_t)/F'(x_t)`.

    Parameters
    ----------
    F : callable
        ``F(x) -> array of shape (n,)``, for x of shape (n,).
    x0 : float or array of shape (n,)
    jac : callable
        ``jac(x)``, of shape (n, n); a number will do in one dimension.
    tol : float
        Stop when :math:`\|F(x_t)\|_2 \le` tol, which is also ``optimality``.
    maxiter : int

    Returns
    -------
    scipy.optimize.OptimizeResult
        As of :func:`optlib.minimize`, with ``fun`` the norm of F and ``jac`` the value of F at x.

    Raises
    ------
    TypeError, ValueError
        If F or jac is not callable or returns the wrong shape, or x0 is not finite.

    Notes
    -----
    Source: J. Nocedal, S. J. Wright (2006), doi:10.1007/978-0-387-40065-5, algorithm 11.1.

    Examples
    --------
    >>> result = ol.newton_root(lambda x: x**2 - 2, 1.0, jac=lambda x: 2 * x)
    >>> result.nit, result.x, 2**0.5
    (4, array([1.41421356]), 1.4142135623730951)
    """
    for name, value in (("F", F), ("jac", jac)):
        if not callable(value):
            raise TypeError(f"{name} must be callable, got {value!r}")
    x0 = checks.vector("x0", x0)
    evaluations = {"nfev": 0, "njev": 0}

    def shaped(name: str, value: Any, shape: tuple[int, ...]) -> Array:
        value = value.toarray() if sparse.issparse(value) else value
        value = checks.numeric(f"what {name} returns", value)
        if value.size != math.prod(shape):
            raise ValueError(f"{name} must return shape {shape}, got {value.shape}")
        return value.reshape(shape)

    def iterates(x: Array) -> Iterator[Iterate]:
        n = x.size
        step = math.nan
        while True:
            evaluations["nfev"] += 1
            x.setflags(write=False)
            r = shaped("F", F(x), (n,))
            yield Iterate(x, norm(r), r, norm(r), step)
            evaluations["njev"] += 1
            x = x + np.linalg.solve(shaped("jac", jac(x), (n, n)), -r)
            step = 1.0

    result = run(iterates(x0), x0, tol=tol, maxiter=maxiter)
    result.update(evaluations, nhev=0)
    advice = {  # in the words of roots: there is no f to lower, and no step to choose
        Status.SINGULAR: f"the Jacobian is singular at iteration {result.nit}: try another x0",
        Status.MAXITER: f"{result.nit} iterations made, norm of F {result.fun:.2g} > tol: "
        "try another x0 or raise maxiter",
    }
    result.message = advice.get(result.status, result.message)
    return result
