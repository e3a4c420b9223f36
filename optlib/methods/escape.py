"""Leaving saddle points: perturbed gradient descent and cubic Newton (chapter `escaping-saddles`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import ClassVar

import numpy as np

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.methods.trust_region import dense, secular
from optlib.problem import Problem, norm
from optlib.steps.line_search import EPS, LineSearchError
from optlib.steps.schedules import as_schedule
from optlib.typing import Array, Schedule


@dataclass(frozen=True)
class PerturbedGradientDescent(Method):
    r"""Gradient descent that tries, where the gradient is small, whether it stands at a saddle point.

    Where :math:`\|g_t\| \le` ``threshold``, the point :math:`\tilde x = x_t` is noted and :math:`x_t` moved to
    :math:`\tilde x + \xi`, with :math:`\xi` uniform in a ball; ``patience`` steps of gradient descent,
    :math:`x_{t+1} = x_t - \eta_t g_t`, follow. Near a strict saddle point they gain much, and the run goes on from
    where they lead. Where they gain less than :math:`\sum\eta_t \cdot` ``threshold``\ :sup:`2`, which steps with small
    gradients could, :math:`\tilde x` is taken for an approximate minimiser: the run goes back to it and goes on
    without noise.

    ``optimality`` is the gradient norm :math:`\|g_t\|_2`, but not below 1.1 ``threshold`` until the point has passed
    that trial: the zero gradient of a saddle point is no convergence. So ``tol`` belongs below ``threshold``.

    Parameters
    ----------
    step : float or schedule
        :math:`\eta_t > 0`, at most 1/L for an L-smooth f.
    radius : float
        Of the ball of the noise, > 0.
    threshold : float
        The gradient norm below which a point is tried, > 0.
    patience : int
        How many steps a trial takes.
    seed : int
        Of the noise: the same seed, the same run.

    Raises
    ------
    TypeError, ValueError
        If one of them is outside its range.

    Notes
    -----
    Source: C. Jin, R. Ge, P. Netrapalli, S. M. Kakade, M. I. Jordan (2017), doi:10.48550/arXiv.1703.00887, algorithm 2,
    whose constants are replaced by parameters.

    Examples
    --------
    >>> p = ol.Problem(lambda x: float(x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 2),
    ...                jac=lambda x: np.array([2 * x[0], -2 * x[1] + 2 * x[1] ** 3]))
    >>> result = ol.minimize(p, [0.0, 0.0], ol.PerturbedGradientDescent(step=0.1))  # from the saddle point itself
    >>> result.success, abs(result.x).round(4)
    (True, array([0., 1.]))
    """

    step: float | Schedule = 1e-2
    radius: float = 1e-2
    threshold: float = 1e-3
    patience: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        as_schedule(self.step, "step")
        checks.positive("radius", self.radius)
        checks.positive("threshold", self.threshold)
        checks.natural("patience", self.patience, least=1)
        checks.natural("seed", self.seed)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        step, eta, rng = as_schedule(self.step, "step"), math.nan, np.random.default_rng(self.seed)
        noted: Iterate | None = None  # the point on trial
        began, could_gain, passed = 0, 0.0, False
        for t in count():
            f, g = problem.value_and_grad(x)
            small = norm(g) <= self.threshold
            if noted is not None and t - began == self.patience:
                if noted.fun - f <= could_gain:  # no way down was found
                    x, f, g = noted.x, noted.fun, noted.grad
                    small = passed = True
                noted = None
            passed = passed and small
            yield Iterate(x, f, g, norm(g) if passed else max(norm(g), 1.1 * self.threshold), eta)
            if small and not passed and noted is None:
                noted, began, could_gain = Iterate(x, f, g, norm(g)), t, 0.0
                xi = rng.normal(size=x.size)  # a random direction, and a length such that the ball is filled evenly
                x = x + self.radius * rng.random() ** (1 / x.size) / norm(xi) * xi
                g = problem.grad(x)
            eta = step(t)
            could_gain += eta * self.threshold**2
            x = x - eta * g


@dataclass(frozen=True)
class CubicNewton(Method):
    r"""Newton's method with cubic regularisation,

    .. math:: x_{t+1} = x_t + \arg\min_p\; g_t^\top p + \tfrac12 p^\top H_t\, p + \tfrac{M_t}{6}\|p\|^3,

    the global minimiser, from one eigendecomposition of :math:`H_t`: :math:`(H_t + \lambda I)p = -g_t` with
    :math:`\lambda = \tfrac{M_t}{2}\|p\|` and :math:`H_t + \lambda I \succeq 0`. With a Hessian that is M-Lipschitz the
    model lies above f, and every step lowers f, at a saddle point too.

    ``optimality`` is :math:`\max(\|g_t\|_2, -\lambda_{\min}(H_t))`: small at approximate minimisers, not at strict
    saddle points. ``step`` is the length of the step; ``extras["M"]`` holds :math:`M_t`.

    Parameters
    ----------
    M : float, optional
        The Lipschitz constant of the Hessian. By default it is found: doubled until the model lies above f at the new
        point, halved after each step.

    Raises
    ------
    TypeError, ValueError
        If M is not positive; in ``minimize``, if the problem has no ``hess``.

    Notes
    -----
    Source: Y. Nesterov, B. T. Polyak (2006), doi:10.1007/s10107-006-0706-8.

    Examples
    --------
    >>> result = ol.minimize(ol.Himmelblau(), [0.2, 2.9], ol.CubicNewton())  # where Newton goes to a saddle point
    >>> result.success, round(result.fun, 9)
    (True, 0.0)
    """

    needs: ClassVar[tuple[str, ...]] = ("hess",)
    M: float | None = None

    def __post_init__(self) -> None:
        if self.M is not None:
            checks.positive("M", self.M)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        M, length = 1.0 if self.M is None else self.M, math.nan
        for _ in count():
            f, g = problem.value_and_grad(x)
            H = dense(problem.hess(x))
            eigenvalues, Q = np.linalg.eigh(H)
            yield Iterate(x, f, g, max(norm(g), -float(eigenvalues[0])), length, {"M": M})
            p = cubic_step(g, eigenvalues, Q, M)
            most = 2.0**60 * M
            while self.M is None and not self._below_model(problem, x, f, g, H, M, p):
                M *= 2
                if most < M:
                    raise LineSearchError(
                        "no cubic model lies above f: the derivatives may be wrong (try check_gradient), or f is not "
                        "finite nearby"
                    )
                p = cubic_step(g, eigenvalues, Q, M)
            x, length = x + p, norm(p)
            if self.M is None:
                M = max(0.5 * M, 1e-100)

    @staticmethod
    def _below_model(problem: Problem, x: Array, f: float, g: Array, H: Array, M: float, p: Array) -> bool:
        """Whether f(x + p) is at most what the model says, up to rounding."""
        model = float(g.dot(p)) + 0.5 * float(p.dot(H @ p)) + M / 6 * norm(p) ** 3
        return problem(x + p) - f <= model + 10 * EPS * abs(f)


def cubic_step(g: Array, eigenvalues: Array, Q: Array, M: float) -> Array:
    """The global minimiser of the cubic model; H is given by its eigenvalues and eigenvectors."""
    return secular(g, eigenvalues, Q, lambda multiplier: 2 * multiplier / M)
