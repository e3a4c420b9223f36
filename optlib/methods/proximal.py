r"""Proximal gradient methods for F = f + g, f smooth and g a penalty or a set (chapter `proximal-gradient`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.methods.momentum import next_theta
from optlib.objectives.penalties import Penalty
from optlib.problem import Problem, norm
from optlib.steps.line_search import EPS, Backtracking, Fixed, LineSearchError, StepRule, as_step
from optlib.typing import Array, Schedule


@dataclass(frozen=True)
class ProximalGradient(Method):
    r"""The proximal gradient method (ISTA, where g is the 1-norm) for :math:`F = f + g`,

    .. math:: x_{t+1} = \mathrm{prox}_{\eta_t g}\bigl(x_t - \eta_t \nabla f(x_t)\bigr).

    ``optimality`` is the norm of the gradient mapping at :math:`x_t`, :math:`\|x_t - x_{t+1}\|_2/\eta_t`, with the step
    about to be taken; ``fun`` is :math:`F(x_t)`, ``grad`` the gradient of f alone. With a set of :mod:`optlib.sets`
    it is projected gradient descent. Where g(x0) is infinite the first iterate is the prox of x0, its projection.

    Parameters
    ----------
    penalty : Penalty
        g, from :mod:`optlib.penalties` or :mod:`optlib.sets`; f, with no part of g in it, is the problem.
    step : float, schedule or Backtracking
        :math:`\eta_t > 0`; for an L-smooth f 1/L is the usual choice. ``Backtracking`` gives, at each iteration
        anew, the first of its step sizes :math:`s, \rho s, \rho^2 s, \dots` for which the quadratic model lies above f,

        .. math:: f(x_{t+1}) \le f(x_t) + \nabla f(x_t)^\top d + \tfrac{1}{2\eta}\|d\|^2, \qquad d = x_{t+1} - x_t

        (its c is not used; s should be above 1/L, as steps only shrink). Where the last term is below the rounding
        error of f, gradients are asked instead of values,
        :math:`(\nabla f(x_{t+1}) - \nabla f(x_t))^\top d \le \|d\|^2/\eta`, which on quadratics is the same.

    Raises
    ------
    TypeError, ValueError
        If ``penalty`` is none, or ``step`` is none of these or not positive. Other step rules search along a line,
        and :math:`\eta \mapsto x_{t+1}` is a curve.

    Notes
    -----
    With ``Zero()`` it is gradient descent; on a minibatch oracle, the stochastic proximal gradient method. A step so
    small that x does not move in its last digit has optimality 0.
    Source: A. Beck, M. Teboulle (2009), doi:10.1137/080716542.

    Examples
    --------
    >>> f = ol.Quadratic([1.0, 2.0], [3.0, 0.5])
    >>> result = ol.minimize(f, [0.0, 0.0], ol.ProximalGradient(ol.sets.Simplex(), step=0.5))
    >>> result.x, result.fun
    (array([1., 0.]), -2.5)
    """

    penalty: Penalty
    step: float | Schedule | StepRule = 1e-2

    def __post_init__(self) -> None:
        _check(self.penalty, self.step)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        step, eta, x = as_step(self.step), math.nan, finite_start(self.penalty, x)
        for t in count():
            last = eta
            f, g = problem.value_and_grad(x)
            eta, z, G, failure = _prox_step(problem, self.penalty, step, x, f, g, t)
            yield Iterate(x, f + self.penalty(x), g, G, last)
            if failure:
                raise failure
            x = z


@dataclass(frozen=True)
class FISTA(Method):
    r"""The accelerated proximal gradient method for :math:`F = f + g`, with :math:`y_0 = x_0` and :math:`\theta_0 = 1`,

    .. math:: x_{t+1} &= \mathrm{prox}_{\eta_t g}\bigl(y_t - \eta_t \nabla f(y_t)\bigr), \qquad
              \theta_{t+1} = \tfrac12\bigl(1 + \sqrt{1 + 4\theta_t^2}\bigr), \\
              y_{t+1} &= x_{t+1} + \frac{\theta_t - 1}{\theta_{t+1}}(x_{t+1} - x_t).

    Variant: where :math:`(y_t - x_{t+1})^\top (x_{t+1} - x_t) > 0` momentum points uphill, and :math:`\theta_t` is set
    to 1 (gradient restart).

    The iterate reported is :math:`x_t`, the point of the theorem, which has the exact zeros of the prox, with ``fun``
    :math:`= F(x_t)`: an iteration costs a gradient at y and a value at x, 3 products with X on a linear model where
    :class:`ProximalGradient` has 2. ``optimality`` is :math:`\|y_{t-1} - x_t\|_2/\eta`, the gradient mapping where the
    gradient was asked; with :math:`\eta \le 1/L`, f convex, F has a subgradient at :math:`x_t` no longer. ``grad`` is
    :math:`\nabla f(y_{t-1})`, then no further than ``optimality`` from :math:`\nabla f(x_t)`. At x0 both are exact.

    Parameters
    ----------
    penalty : Penalty
        As for :class:`ProximalGradient`, and so is the start where g(x0) is infinite.
    step : float, schedule or Backtracking
        :math:`\eta_t > 0`, at most 1/L for an L-smooth f. ``Backtracking`` searches as in
        :class:`ProximalGradient`, but begins with the last step, so that steps never grow, as the theorem asks.
    restart : bool
        False is the method of Beck and Teboulle.

    Raises
    ------
    TypeError, ValueError
        As :class:`ProximalGradient`.

    Notes
    -----
    Source: A. Beck, M. Teboulle (2009), doi:10.1137/080716542, where :math:`F(x_t) - F^* \le 2\|x_0 - x^*\|^2 /
    (\eta (t+1)^2)` without restart; restart: B. O'Donoghue, E. Candès (2015), doi:10.1007/s10208-013-9150-3.

    Examples
    --------
    >>> f = ol.Quadratic([1.0, 100.0], [1.0, 1.0])
    >>> plain = ol.minimize(f, [0.0, 0.0], ol.ProximalGradient(ol.penalties.Zero(), step=0.01), maxiter=5000)
    >>> fast = ol.minimize(f, [0.0, 0.0], ol.FISTA(ol.penalties.Zero(), step=0.01))
    >>> fast.success and fast.nit < plain.nit / 5
    True
    """

    penalty: Penalty
    step: float | Schedule | StepRule = 1e-2
    restart: bool = True

    def __post_init__(self) -> None:
        _check(self.penalty, self.step)
        checks.instance("restart", self.restart, bool, "True or False")

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        step, eta, theta = as_step(self.step), math.inf, 1.0
        x = y = finite_start(self.penalty, x)
        for t in count():
            f, g = problem.value_and_grad(y)
            eta, z, G, failure = _prox_step(problem, self.penalty, step, y, f, g, t, eta)
            if t == 0:
                yield Iterate(x, f + self.penalty(x), g, G)
            if failure:
                raise failure
            if self.restart and (y - z).dot(z - x) > 0:
                theta = 1.0
            theta, before = next_theta(theta), theta
            x, y = z, z + (before - 1) / theta * (z - x)
            yield Iterate(x, problem(x) + self.penalty(x), g, G, eta)


def _check(penalty: Penalty, step: float | Schedule | StepRule) -> None:
    checks.instance(
        "penalty", penalty, Penalty, "a penalty of optlib.penalties or a set of optlib.sets, such as L1(0.1)"
    )
    if not isinstance(as_step(step), Fixed | Backtracking):
        raise TypeError(
            f"step must be a number, a schedule or Backtracking(): a proximal step is no line, got {step!r}"
        )


def finite_start(penalty: Penalty, x: Array) -> Array:
    """x where the penalty is finite, else its prox: the projection of x onto a set."""
    return x if penalty(x) < math.inf else penalty.prox(x, 1.0)


def _prox_step(
    problem: Problem, penalty: Penalty, step: StepRule, x: Array, f: float, g: Array, t: int, longest: float = math.inf
) -> tuple[float, Array, float, LineSearchError | None]:
    """The step size, the point that it leads to, the norm of the gradient mapping, and why the search failed."""
    if not isinstance(step, Backtracking):
        eta = step(problem, x, f, g, t)
        z = penalty.prox(x - eta * g, eta)
        if eta == 0:  # a schedule at its end: nothing moves, and the measure has step 1
            return eta, z, norm(x - penalty.prox(x - g, 1.0)), None
        return eta, z, norm(x - z) / eta, None
    eta = min(step.start, longest)
    for trial in range(step.maxiter):
        z = penalty.prox(x - eta * g, eta)
        d = z - x
        if trial and not d.any():  # so short that x stays: no step was sufficient
            break
        G = norm(d) / eta
        if _lies_below_its_model(problem, z, d, f, g, eta):
            return eta, z, G, None
        eta *= step.shrink
    message = (
        f"f lies above its quadratic model down to eta = {eta:.3g}: the gradient may be wrong (try check_gradient), "
        "or f not smooth"
    )
    return eta, z, G, LineSearchError(message)


def _lies_below_its_model(problem: Problem, z: Array, d: Array, f: float, g: Array, eta: float) -> bool:
    square = float(d.dot(d))
    if square / (2 * eta) > 1000 * EPS * abs(f):
        return problem(z) - f - float(g.dot(d)) <= square / (2 * eta)
    rounding = 10 * EPS * norm(g) * math.sqrt(square)
    return float((problem.grad(z) - g).dot(d)) <= square / eta + rounding
