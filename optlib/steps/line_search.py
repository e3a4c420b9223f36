r"""Step rules: given a point x and a descent direction p, choose :math:`\eta` for :math:`x + \eta p`.

A rule is called as ``rule(problem, x, f, g, t, p)`` with the value f and gradient g at x, the iteration t and the
direction p; without p it is the steepest descent, ``-g`` (which a fixed step then need not compute).
Where the search fails it raises :class:`LineSearchError`, which ends a run with a status of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from optlib import checks
from optlib.problem import Problem, norm
from optlib.steps.schedules import as_schedule
from optlib.typing import Array, Schedule

EPS = float(np.finfo(float).eps)


class LineSearchError(ArithmeticError):
    """No acceptable step was found; the message says why and what to try."""


class StepRule:
    """The base of the rules below; a rule of your own subclasses it."""

    def __call__(self, problem: Problem, x: Array, f: float, g: Array, t: int, p: Array | None = None) -> float:
        raise NotImplementedError


def as_step(step: float | Schedule | StepRule) -> StepRule:
    """A number or schedule becomes :class:`Fixed`; a rule stays."""
    return step if isinstance(step, StepRule) else Fixed(step)


@dataclass(frozen=True)
class Fixed(StepRule):
    r""":math:`\eta_t` from a number or a schedule, whatever f does.

    Raises
    ------
    TypeError, ValueError
        If ``step`` is neither a schedule nor a positive number.

    Examples
    --------
    >>> q, x = ol.Quadratic([4.0]), np.array([1.0])
    >>> ol.line_search.Fixed(0.1)(q, x, q(x), q.grad(x), t=0)
    0.1
    """

    step: float | Schedule

    def __post_init__(self) -> None:
        # set past the frozen guard, once: a run then asks the schedule with no test of its type
        object.__setattr__(self, "_schedule", as_schedule(self.step, "step"))

    def __call__(self, problem: Problem, x: Array, f: float, g: Array, t: int, p: Array | None = None) -> float:
        return self._schedule(t)  # type: ignore[attr-defined, no-any-return]


def _descent(g: Array, p: Array | None) -> tuple[Array, float]:
    """The direction and the slope of f along it."""
    p = -g if p is None else p
    slope = float(g.dot(p))
    if not slope < 0:
        if norm(g) < 1e-150:
            raise LineSearchError(f"the gradient, of norm {norm(g):.3g}, is too small for products of it: raise tol")
        raise LineSearchError(
            f"p is no descent direction (g'p = {slope:.3g}, and it must be negative): the Hessian is not positive "
            "definite here, or the gradient is wrong; start nearer to a minimiser, or try check_gradient"
        )
    return p, slope


def _decreases(problem: Problem, y: Array, f: float, p: Array, slope: float, eta: float, c: float) -> bool:
    """Armijo's condition at y = x + eta p; where f is too flat to tell, its form for the slope, equal on quadratics."""
    change = problem(y) - f
    if abs(change) <= 10 * EPS * abs(f):  # rounding: the values say nothing any more, the gradients still do
        return float(problem.grad(y).dot(p)) <= (2 * c - 1) * slope
    return change <= c * eta * slope


@dataclass(frozen=True)
class Backtracking(StepRule):
    r"""The first of :math:`s, \rho s, \rho^2 s, \dots` that meets Armijo's condition of sufficient decrease,

    .. math:: f(x + \eta p) \le f(x) + c\, \eta\, \nabla f(x)^\top p.

    Where f changes by less than its rounding error (10 machine epsilons of its size), values say nothing, and
    the condition is asked in the form :math:`\nabla f(x + \eta p)^\top p \le (2c - 1) \nabla f(x)^\top p`, which on
    quadratics is the same. Source: L. Armijo (1966), doi:10.2140/pjm.1966.16.1; the second form: W. W. Hager,
    H. Zhang (2005), doi:10.1137/030601880.

    Parameters
    ----------
    start : float
        s, the first step size tried, at each iteration anew; 1 suits Newton-like directions.
    shrink : float
        rho in (0, 1).
    c : float
        In (0, 1); below 1/2 it lets Newton's unit step through near a minimiser.
    maxiter : int
        How many step sizes are tried before the search is given up.

    Raises
    ------
    TypeError, ValueError
        If one of them is outside its range.

    Examples
    --------
    >>> p = ol.Problem(lambda x: 4 * x[0] ** 2, jac=lambda x: 8 * x)
    >>> x = np.array([1.0])
    >>> ol.line_search.Backtracking()(p, x, p(x), p.grad(x), t=0)  # 1, 0.5 and 0.25 do not lower f
    0.125
    """

    start: float = 1.0
    shrink: float = 0.5
    c: float = 1e-4
    maxiter: int = 60

    def __post_init__(self) -> None:
        checks.positive("start", self.start)
        checks.fraction("shrink", self.shrink)
        checks.fraction("c", self.c)
        checks.natural("maxiter", self.maxiter, least=1)

    def __call__(self, problem: Problem, x: Array, f: float, g: Array, t: int, p: Array | None = None) -> float:
        p, slope = _descent(g, p)
        eta = self.start
        for _ in range(self.maxiter):
            if _decreases(problem, x + eta * p, f, p, slope, eta, self.c):
                return eta
            eta *= self.shrink
        raise LineSearchError(
            f"no sufficient decrease down to eta = {eta / self.shrink:.3g}: the gradient may be wrong (try "
            "check_gradient), or f not smooth or too noisy for this tol"
        )


def _valley(a: float, f_a: float, slope_a: float, b: float, f_b: float, slope_b: float) -> float:
    """Where the cubic with these values and slopes at a < b has its minimum; nan if it has none."""
    if not a < b:  # noise has led the search to narrow them to one point
        return math.nan
    if abs(f_b - f_a) > 10 * EPS * abs(f_a):
        middle = slope_a + slope_b - 3 * (f_b - f_a) / (b - a)
    else:  # the values say nothing any more: the parabola with these slopes
        middle = -0.5 * (slope_a + slope_b)
    square = middle * middle - slope_a * slope_b
    if not 0 <= square < math.inf:
        return math.nan
    root = math.sqrt(square)
    steepening = slope_b - slope_a + 2 * root
    return b - (b - a) * (slope_b + root - middle) / steepening if steepening else math.nan


@dataclass(frozen=True)
class Wolfe(StepRule):
    r"""A step that meets the strong Wolfe conditions, by doubling from 1 and then narrowing an interval:

    .. math:: f(x + \eta p) \le f(x) + c_1 \eta\, \nabla f(x)^\top p, \qquad
              |\nabla f(x + \eta p)^\top p| \le c_2\, |\nabla f(x)^\top p|.

    Between a step that is too short and one that is too long there is always one that meets both: the interval is
    narrowed to the minimum of the cubic with the values and slopes at its ends, or halved where that lies next to an
    end. Source: J. Nocedal, S. J. Wright (2006), section 3.5, doi:10.1007/978-0-387-40065-5.

    Parameters
    ----------
    c1, c2 : float
        0 < c1 < c2 < 1; c2 = 0.9 for Newton-like directions, 0.1 for gradients.
    maxiter : int
        How many step sizes are tried before the search is given up.

    Raises
    ------
    TypeError, ValueError
        If one of them is outside its range, or c1 not below c2.

    Examples
    --------
    >>> q, x = ol.Quadratic([4.0]), np.array([1.0])  # from 1 along -4: a step of 1/4 ends at the minimiser
    >>> ol.line_search.Wolfe(c2=0.1)(q, x, q(x), q.grad(x), t=0)
    0.25
    """

    c1: float = 1e-4
    c2: float = 0.9
    maxiter: int = 60

    def __post_init__(self) -> None:
        if not checks.fraction("c1", self.c1) < checks.fraction("c2", self.c2):
            raise ValueError(f"c2 must be larger than c1 = {self.c1!r}, got {self.c2!r}")
        checks.natural("maxiter", self.maxiter, least=1)

    def __call__(self, problem: Problem, x: Array, f: float, g: Array, t: int, p: Array | None = None) -> float:
        p, slope = _descent(g, p)
        low, high = (0.0, f, slope), (math.inf, math.nan, math.nan)  # step, value and slope: between the two there is
        eta = 1.0  # always a step that meets both conditions
        for _ in range(self.maxiter):
            y = x + eta * p
            enough = _decreases(problem, y, f, p, slope, eta, self.c1)
            value = problem(y)
            here = float(problem.grad(y).dot(p)) if math.isfinite(value) else math.nan
            if enough and abs(here) <= self.c2 * abs(slope):
                return eta
            if enough and here < 0:
                low = eta, value, here
            else:
                high = eta, value, here
            if high[0] == math.inf:
                eta = 2 * eta
            else:
                guess, margin = _valley(*low, *high), 0.05 * (high[0] - low[0])
                inside = low[0] + margin < guess < high[0] - margin
                eta = guess if inside else 0.5 * (low[0] + high[0])
        raise LineSearchError(
            f"no step meets the strong Wolfe conditions after {self.maxiter} trials: the gradient may be wrong "
            "(try check_gradient), or f not smooth, or unbounded below along p"
        )


@dataclass(frozen=True)
class Exact(StepRule):
    r"""The minimiser along p of the quadratic model, :math:`\eta = -\nabla f(x)^\top p \,/\, p^\top \nabla^2 f(x)\, p`.

    On a quadratic this is the exact line search. It needs ``hess`` or ``hessp``.

    Raises
    ------
    LineSearchError
        If the curvature along p is not positive: the model has no minimiser there.

    Examples
    --------
    >>> q, x = ol.Quadratic([1.0, 4.0]), np.array([1.0, 1.0])
    >>> round(ol.line_search.Exact()(q, x, q(x), q.grad(x), t=0), 4)  # (1 + 16) / (1 + 64)
    0.2615
    """

    needs = ("hessp",)

    def __call__(self, problem: Problem, x: Array, f: float, g: Array, t: int, p: Array | None = None) -> float:
        p, slope = _descent(g, p)
        curvature = float(p.dot(problem.hessp(x, p)))
        if not curvature > 0:
            raise LineSearchError(
                f"the curvature along p is {curvature:.3g}, not positive: the quadratic model has no minimiser "
                "there; use Backtracking or Wolfe"
            )
        return -slope / curvature
