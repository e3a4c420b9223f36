r"""Constraints :math:`g_i(x) \le 0`, :math:`h_j(x) = 0` (chapters `lagrangian-and-kkt` and `projected-gradient`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import OptimizeResult

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.methods.driver import InfeasibleError, Status, run
from optlib.methods.proximal import ProximalGradient
from optlib.methods.quasi_newton import LBFGS
from optlib.objectives.sets import ConvexSet
from optlib.problem import Problem, norm
from optlib.steps.line_search import LineSearchError, StepRule
from optlib.typing import Array, Schedule

Function = Problem | Callable[[Array], float]
GROWTH, ENOUGH = 10.0, 0.25  # rho grows tenfold where the violation did not fall to a quarter
LARGEST = 1e10  # times the first rho: what is violated then stays violated


class KKT(NamedTuple):
    """Four numbers that are 0 at a point that meets the Karush-Kuhn-Tucker conditions."""

    stationarity: float
    primal_feasibility: float
    dual_feasibility: float
    complementarity: float


class Lagrangian:
    r"""The Lagrangian of min f(x) subject to :math:`g_i(x) \le 0` and :math:`h_j(x) = 0`,

    .. math:: L(x, \lambda, \nu) = f(x) + \sum_i \lambda_i g_i(x) + \sum_j \nu_j h_j(x).

    Parameters
    ----------
    problem : Problem
        The objective f.
    ineq, eq : Problem or callable, or a sequence of them
        :math:`g_i` and :math:`h_j`; a callable is made a :class:`Problem` without derivatives.

    Raises
    ------
    TypeError, ValueError
        If one of them is no function; on use, if the multipliers are not one a constraint, each.

    Examples
    --------
    >>> f, g = ol.Quadratic([2.0], [2.0]), ol.Problem(lambda x: float(x[0]), jac=lambda x: np.ones(1))
    >>> L = ol.Lagrangian(f, ineq=g)
    >>> L([0.0], lam=[2.0]), L.grad([0.0], lam=[2.0])  # x <= 0 keeps x from 1, at a price of 2
    (0.0, array([0.]))
    """

    def __init__(
        self, problem: Problem, ineq: Function | Sequence[Function] = (), eq: Function | Sequence[Function] = ()
    ) -> None:
        checks.instance("problem", problem, Problem, "an optlib Problem")
        self.problem, self.ineq, self.eq = problem, _problems("ineq", ineq), _problems("eq", eq)

    def __call__(self, x: Any, lam: Any = (), nu: Any = ()) -> float:
        """The value of L."""
        return self.problem(x) + sum(m * c(x) for m, c in self._terms(lam, nu))

    def grad(self, x: Any, lam: Any = (), nu: Any = ()) -> Array:
        """The gradient of L in x, of shape (n,)."""
        return self.problem.grad(x) + sum(m * c.grad(x) for m, c in self._terms(lam, nu))

    def hess(self, x: Any, lam: Any = (), nu: Any = ()) -> Any:
        """The Hessian of L in x, of shape (n, n)."""
        return self.problem.hess(x) + sum(m * c.hess(x) for m, c in self._terms(lam, nu))

    def at(self, lam: Any = (), nu: Any = ()) -> Problem:
        """L for fixed multipliers, as a problem in x; its minimum is the dual function's value."""
        self._terms(lam, nu)
        lacks = any(p.lacks("hess") for p in (self.problem, *self.ineq, *self.eq))
        return Problem(
            lambda x: self(x, lam, nu),
            jac=lambda x: self.grad(x, lam, nu),
            hess=None if lacks else lambda x: self.hess(x, lam, nu),
        )

    def constraints(self, x: Any) -> tuple[Array, Array]:
        """The values of all :math:`g_i` and of all :math:`h_j`."""
        return np.array([c(x) for c in self.ineq]), np.array([c(x) for c in self.eq])

    def residuals(self, x: Any, lam: Any = (), nu: Any = ()) -> KKT:
        """See :func:`optlib.kkt_residuals`."""
        (g, h), lam = self.constraints(x), np.atleast_1d(checks.numeric("lam", lam))
        return KKT(
            norm(self.grad(x, lam, nu)),
            norm(np.concatenate([np.maximum(g, 0.0), h])),
            norm(np.maximum(-lam, 0.0)),
            norm(lam * g),
        )

    def _terms(self, lam: Any, nu: Any) -> list[tuple[float, Problem]]:
        terms: list[tuple[float, Problem]] = []
        for name, values, functions in (("lam", lam, self.ineq), ("nu", nu, self.eq)):
            values = np.atleast_1d(checks.numeric(name, values))
            if values.shape != (len(functions),):
                raise ValueError(f"{name} must have shape ({len(functions)},), one a constraint, got {values.shape}")
            terms += zip(values.tolist(), functions, strict=True)
        return terms


def _problems(name: str, functions: Function | Sequence[Function]) -> tuple[Problem, ...]:
    several = functions if isinstance(functions, Sequence) else [functions]
    for function in several:
        if not callable(function):
            raise TypeError(f"{name} must be a Problem or a callable, or a sequence of them, got {functions!r}")
    return tuple(f if isinstance(f, Problem) else Problem(f) for f in several)


@dataclass(frozen=True)
class ProjectedGradient(Method):
    r"""Projected gradient descent on a convex set C,

    .. math:: x_{t+1} = P_C\bigl(x_t - \eta_t \nabla f(x_t)\bigr).

    ``optimality`` is the norm of the gradient mapping, :math:`\|x_t - x_{t+1}\|_2 / \eta_t`. It starts at
    :math:`P_C(x_0)`. It is :class:`ProximalGradient` with the indicator of C as its penalty.

    Parameters
    ----------
    constraint : set of :mod:`optlib.sets`
        The set C.
    step : float, schedule or Backtracking
        :math:`\eta_t`, as for :class:`ProximalGradient`.

    Raises
    ------
    TypeError, ValueError
        If ``constraint`` is no set, or ``step`` none of these or not positive.

    Notes
    -----
    Source: E. S. Levitin, B. T. Polyak (1966), doi:10.1016/0041-5553(66)90114-5.

    Examples
    --------
    >>> f = ol.Quadratic([1.0, 1.0], [2.0, 0.0])
    >>> ol.minimize(f, [0.0, 0.0], ol.ProjectedGradient(ol.sets.L2Ball(1.0), step=1.0)).x
    array([1., 0.])
    """

    constraint: ConvexSet
    step: float | Schedule | StepRule = 1e-2

    def __post_init__(self) -> None:
        checks.instance("constraint", self.constraint, ConvexSet, "a set of optlib.sets, such as Simplex()")
        ProximalGradient(self.constraint, self.step)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        return ProximalGradient(self.constraint, self.step).iterate(problem, x)


@dataclass(frozen=True)
class AugmentedLagrangian(Method):
    r"""The method of multipliers for min f(x) subject to :math:`g_i(x) \le 0` and :math:`h_j(x) = 0`. With

    .. math:: L_\rho(x, \lambda, \nu) = f(x) + \sum_j \Bigl(\nu_j h_j + \frac\rho2 h_j^2\Bigr)
              + \frac{1}{2\rho}\sum_i \bigl(\max(0, \lambda_i + \rho g_i)^2 - \lambda_i^2\bigr),

    an iteration minimises over x, by :class:`LBFGS` from the last x, and then moves the multipliers,

    .. math:: x_{t+1} &\approx \arg\min_x L_{\rho_t}(x, \lambda_t, \nu_t), \\
              \lambda_{t+1} &= \max(0, \lambda_t + \rho_t\, g(x_{t+1})), \\
              \nu_{t+1} &= \nu_t + \rho_t\, h(x_{t+1}).

    :math:`\rho` grows tenfold where the violation did not fall to a quarter. The minimisation is to a gradient norm of
    :math:`10^{-2-t}`, at least 1e-10.

    ``optimality`` is the largest of the four :func:`optlib.kkt_residuals`. ``extras`` holds ``lam``, ``nu`` and
    ``rho``; ``step`` is the distance from the last iterate. ``grad`` is the gradient of f.

    Parameters
    ----------
    ineq, eq : Problem or callable, or a sequence of them
        :math:`g_i` and :math:`h_j`, as for :class:`Lagrangian`.
    rho : float
        :math:`\rho_0 > 0`.

    Raises
    ------
    TypeError, ValueError
        If a constraint is no function, or ``rho`` not positive.

    Notes
    -----
    Constraints that nothing near the iterates meets end a run with ``Status.INFEASIBLE``, and so may some that have no
    multipliers, such as :math:`x^2 \le 0`; an f that is unbounded below on them may end it with
    ``Status.LINE_SEARCH_FAILED``.
    Source: R. T. Rockafellar (1974), doi:10.1137/0312021; J. Nocedal, S. J. Wright (2006),
    doi:10.1007/978-0-387-40065-5, section 17.3.

    Examples
    --------
    >>> f = ol.Quadratic([1.0, 1.0])  # the point of x1 + x2 = 2 nearest to 0
    >>> line = ol.Problem(lambda x: float(x.sum() - 2), jac=lambda x: np.ones(2))
    >>> result = ol.minimize(f, [5.0, 0.0], ol.AugmentedLagrangian(eq=line))
    >>> result.x.round(5), result.extras["nu"].round(5)
    (array([1., 1.]), array([-1.]))
    """

    ineq: Any = ()
    eq: Any = ()
    rho: float = 10.0

    def __post_init__(self) -> None:
        _problems("ineq", self.ineq)
        _problems("eq", self.eq)
        checks.positive("rho", self.rho)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        L, rho, length = Lagrangian(problem, self.ineq, self.eq), self.rho, math.nan
        lam, nu, before = np.zeros(len(L.ineq)), np.zeros(len(L.eq)), math.inf
        for t in count():
            f, g = problem.value_and_grad(x)
            yield Iterate(x, f, g, max(L.residuals(x, lam, nu)), length, {"lam": lam, "nu": nu, "rho": rho})
            augmented = augmented_lagrangian(L, lam, nu, rho)
            inner = run(LBFGS().iterate(augmented, x), x, tol=max(10.0 ** (-2 - t), 1e-10), maxiter=1000, record=False)
            if _fell_for_ever(inner, g):  # L_rho has no minimum: a larger rho may give one
                violation = math.inf
            else:
                length, x = norm(inner.x - x), inner.x
                inequalities, equalities = L.constraints(x)
                violation = norm(np.concatenate([np.maximum(inequalities, -lam / rho), equalities]))
                lam, nu = np.maximum(0.0, lam + rho * inequalities), nu + rho * equalities
            if violation == math.inf or violation > max(ENOUGH * before, 1e-10):
                rho *= GROWTH
            if rho > LARGEST * self.rho and violation == math.inf:
                raise LineSearchError("L_rho has no minimum, however large the penalty: f may be unbounded below")
            if rho > LARGEST * self.rho:
                raise InfeasibleError(f"at this point they are violated by {violation:.2g}, however large the penalty")
            before = violation


def _fell_for_ever(inner: OptimizeResult, g: Array) -> bool:
    """Whether the inner run found no minimum; a search that rounding ended, close to one, is no such failure."""
    if inner.status is Status.LINE_SEARCH_FAILED:
        return bool(inner.optimality >= max(inner.history.optimality[0], 1e-2 * max(1.0, norm(g))))
    return inner.status in (Status.DIVERGED, Status.NON_FINITE)


def augmented_lagrangian(L: Lagrangian, lam: Array, nu: Array, rho: float) -> Problem:
    r""":math:`L_\rho(x, \lambda, \nu)` as a problem in x."""

    def fun(x: Array) -> tuple[float, Array]:
        f, gradient = L.problem.value_and_grad(x)
        inequalities, equalities = L.constraints(x)
        pushed = np.maximum(0.0, lam + rho * inequalities)
        f += float(nu @ equalities + rho / 2 * equalities @ equalities + (pushed @ pushed - lam @ lam) / (2 * rho))
        weights = [*pushed.tolist(), *(nu + rho * equalities).tolist()]
        return f, gradient + sum(w * c.grad(x) for w, c in zip(weights, (*L.ineq, *L.eq), strict=True) if w)

    return Problem(fun, jac=True)
