r"""Trust regions: minimise a quadratic model where it can be trusted (chapter `trust-region`).

The subproblem at a point with gradient g and Hessian H is

.. math:: \min_p\; m(p) = g^\top p + \tfrac12 p^\top H p \quad \text{subject to} \quad \|p\|_2 \le \Delta,

with one function for each way to solve it: :func:`cauchy_point`, :func:`dogleg`, :func:`steihaug`, :func:`exact`. Each
returns p and :math:`Hp`, which tells what the model promises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.problem import Problem, norm
from optlib.steps.line_search import EPS, LineSearchError
from optlib.typing import Array, Matrix

Times = Callable[[Array], Array]  # v -> H v


def cauchy_point(g: Array, times: Times, radius: float) -> tuple[Array, Array]:
    r"""The minimiser of m along -g within the radius, :math:`p = -\tau\frac{\Delta}{\|g\|} g`, with
    :math:`\tau = \min(1, \|g\|^3 / (\Delta\, g^\top H g))`, or 1 where the curvature along g is not positive.

    Examples
    --------
    >>> from optlib.methods.trust_region import cauchy_point
    >>> cauchy_point(np.array([2.0, 0.0]), lambda v: 4 * v, radius=1.0)
    (array([-0.5, -0. ]), array([-2., -0.]))
    """
    size = norm(g)
    d = g / size
    Hd = times(d)
    curvature = float(d.dot(Hd))
    length = min(radius, size / curvature) if curvature > 0 else radius
    return -length * d, -length * Hd


def dogleg(g: Array, H: Array, radius: float) -> tuple[Array, Array]:
    r"""The best point of the path from 0 by the minimiser along -g, :math:`-\frac{g^\top g}{g^\top Hg}g`, to Newton's
    :math:`-H^{-1}g`, cut off at the radius. Where H is not positive definite there is no such path, and the Cauchy
    point is taken. M. J. D. Powell (1970), in Numerical Methods for Nonlinear Algebraic Equations.

    Examples
    --------
    >>> from optlib.methods.trust_region import dogleg
    >>> dogleg(np.array([2.0, 0.0]), 4 * np.eye(2), radius=1.0)
    (array([-0.5, -0. ]), array([-2.,  0.]))
    """
    newton = _newton(g, H)
    if newton is None:
        return cauchy_point(g, lambda v: H @ v, radius)
    if norm(newton) <= radius:
        return newton, H @ newton
    turn, H_turn = cauchy_point(g, lambda v: H @ v, radius)
    if norm(turn) >= radius:
        return turn, H_turn
    p = turn + _to_boundary(turn, newton - turn, radius) * (newton - turn)
    return p, H @ p


def steihaug(g: Array, times: Times, radius: float, tol: float) -> tuple[Array, Array]:
    r"""Conjugate gradients on :math:`Hp = -g` from 0, until the residual is at most ``tol``, p leaves the radius, or a
    direction of negative curvature is met: then p goes along the last direction to the radius.

    Only products with H are needed. T. Steihaug (1983), doi:10.1137/0720042.

    Examples
    --------
    >>> from optlib.methods.trust_region import steihaug
    >>> steihaug(np.array([2.0, 0.0]), lambda v: -4 * v, radius=1.0, tol=1e-3)
    (array([-1.,  0.]), array([4., 0.]))
    """
    size = norm(g)
    g, tol = g / size, tol / size  # of m / |g|: squares of a tiny or huge gradient would under- or overflow
    p, r = np.zeros_like(g), g
    d, square = -g, float(g.dot(g))
    for _ in range(2 * g.size):  # n would do without rounding
        Hd = times(d) / size
        curvature = float(d.dot(Hd))
        alpha = square / curvature if curvature > 0 else math.inf
        if alpha == math.inf or norm(p + alpha * d) >= radius:
            tau = _to_boundary(p, d, radius)
            return p + tau * d, size * (r - g + tau * Hd)  # r = g + H p
        p, r = p + alpha * d, r + alpha * Hd
        before, square = square, float(r.dot(r))
        if math.sqrt(square) <= tol:
            break
        d = -r + (square / before) * d
    return p, size * (r - g)


def exact(g: Array, H: Array, radius: float) -> tuple[Array, Array]:
    r"""The global minimiser: with some :math:`\lambda \ge 0`, :math:`(H + \lambda I)p = -g`, :math:`H + \lambda I
    \succeq 0` and :math:`\lambda(\Delta - \|p\|) = 0` (J. J. Moré, D. C. Sorensen (1983), doi:10.1137/0904038).

    Newton's step where H is positive definite and the radius allows it; else by one eigendecomposition of H, which
    makes :math:`\|p(\lambda)\|` cheap for every :math:`\lambda`. In the hard case, g orthogonal to the lowest
    eigenvectors, one of these is added that reaches the radius.

    Examples
    --------
    >>> from optlib.methods.trust_region import exact
    >>> exact(np.array([0.0, 1.0]), np.diag([-1.0, 1.0]), radius=1.0)[0].round(4)  # the hard case
    array([ 0.866, -0.5  ])
    """
    p = _newton(g, H)
    if p is None or norm(p) > radius:
        p = secular(g, *np.linalg.eigh(H), lambda multiplier: radius)
    return p, H @ p


def secular(g: Array, eigenvalues: Array, Q: Array, length: Callable[[float], float]) -> Array:
    r"""The p with :math:`(H + \lambda I)p = -g`, :math:`H + \lambda I \succeq 0` and :math:`\|p\| =` ``length``
    :math:`(\lambda)`, or :math:`\le` it at :math:`\lambda = 0`; H is given by its eigenvalues and eigenvectors.

    ``length`` is constant for a trust region and :math:`2\lambda/M` for a cubic model. The unknown is
    :math:`\sigma = \lambda + \lambda_{\min}(H)`, so that no digit is lost next to the hard case.
    """
    c, lowest = Q.T @ g, float(eigenvalues[0])
    gaps = eigenvalues - lowest

    def coordinates(sigma: float) -> Array:
        shifted = gaps + sigma
        p = np.divide(-c, shifted, out=np.zeros_like(c), where=shifted > 0)
        return np.where((shifted <= 0) & (c != 0), np.inf, p)

    def excess(sigma: float) -> float:
        size = norm(coordinates(sigma))
        return 1 - length(sigma - lowest) / size if size > 0 else -1.0

    low = max(lowest, 0.0)
    if excess(low) <= 0:
        p = coordinates(low)
        if lowest < 0:  # the hard case
            p[0] = math.sqrt(max(length(-lowest) ** 2 - float(p.dot(p)), 0.0))
        return np.asarray(Q @ p)
    high = low + norm(g) + abs(float(eigenvalues[-1]))
    while excess(high) > 0:
        high *= 4
    sigma = brentq(excess, low, high, xtol=1e-300, rtol=4 * EPS, maxiter=2000)
    return np.asarray(Q @ coordinates(sigma))


def _newton(g: Array, H: Array) -> Array | None:
    """-H^{-1} g, or None where H is not positive definite."""
    try:
        return np.asarray(-cho_solve(cho_factor(H, check_finite=False), g))
    except np.linalg.LinAlgError:
        return None


def _to_boundary(p: Array, d: Array, radius: float) -> float:
    """The tau >= 0 with |p + tau d| = radius, for |p| <= radius."""
    a, b, c = float(d.dot(d)), float(p.dot(d)), min(float(p.dot(p)) - radius**2, 0.0)
    root = math.sqrt(b * b - a * c)
    return (root - b) / a if b <= 0 else -c / (root + b)  # the form that does not cancel


SUBPROBLEMS = {"steihaug": "hessp", "cauchy": "hessp", "dogleg": "hess", "exact": "hess"}  # and what each needs


@dataclass(frozen=True)
class TrustRegion(Method):
    r"""The trust region method. At :math:`x_t` the quadratic model m is minimised within the radius
    :math:`\Delta_t`, and the ratio of what f gains to what the model promised decides,

    .. math:: \rho_t &= \frac{f(x_t) - f(x_t + p_t)}{m(0) - m(p_t)}, \qquad
              x_{t+1} = \begin{cases} x_t + p_t & \rho_t > \tfrac1{10} \\ x_t & \text{else} \end{cases}, \\
              \Delta_{t+1} &= \begin{cases} \tfrac14\|p_t\| & \rho_t < \tfrac14 \\
              \min(2\Delta_t, \Delta_{\max}) & \rho_t > \tfrac34,\ \|p_t\| = \Delta_t \\
              \Delta_t & \text{else.} \end{cases}

    ``optimality`` is the gradient norm :math:`\|g_t\|_2`; ``step`` is the length :math:`\|x_{t+1} - x_t\|`, 0 where the
    step was rejected; ``extras["radius"]`` holds :math:`\Delta_t`. Variant: where f changes by less than its rounding
    error, its change is taken from the gradients, :math:`\tfrac12(g_t + g_{t+1})^\top p_t`, exact on quadratics, and
    the gradient must not grow.

    Parameters
    ----------
    subproblem : "steihaug", "dogleg", "exact" or "cauchy"
        How the model is minimised. "steihaug" (truncated conjugate gradients to a residual of
        :math:`\min(\tfrac12, \sqrt{\|g\|})\,\|g\|`) and "cauchy" need ``hessp`` alone; "dogleg" and "exact" need
        ``hess``, a sparse one is made dense. "exact" leaves a saddle point also where g has no part along the way out
        (the hard case); a start with g = 0 stops at once.
    radius : float
        :math:`\Delta_0 > 0`.
    max_radius : float
        :math:`\Delta_{\max} \ge \Delta_0`.

    Raises
    ------
    TypeError, ValueError
        If ``subproblem`` is none of these, a radius is not positive, or ``max_radius`` is below ``radius``; in
        ``minimize``, if the problem lacks what the subproblem needs.

    Notes
    -----
    Source: J. Nocedal, S. J. Wright (2006), doi:10.1007/978-0-387-40065-5, algorithm 4.1 and chapter 4.

    Examples
    --------
    >>> result = ol.minimize(ol.Rosenbrock(), [-1.2, 1.0], ol.TrustRegion("exact"))
    >>> result.success, result.x.round(6)
    (True, array([1., 1.]))
    """

    subproblem: str = "steihaug"
    radius: float = 1.0
    max_radius: float = 1e3

    def __post_init__(self) -> None:
        if self.subproblem not in SUBPROBLEMS:
            raise ValueError(f"subproblem must be one of {sorted(SUBPROBLEMS)}, got {self.subproblem!r}")
        if checks.positive("max_radius", self.max_radius) < checks.positive("radius", self.radius):
            raise ValueError(f"max_radius must be at least radius = {self.radius!r}, got {self.max_radius!r}")

    def requirements(self) -> tuple[str, ...]:
        return (SUBPROBLEMS[self.subproblem],)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        radius, length = self.radius, math.nan
        f, g = problem.value_and_grad(x)
        H: Array | None = None
        for _ in count():
            yield Iterate(x, f, g, norm(g), length, {"radius": radius})
            if H is None and SUBPROBLEMS[self.subproblem] == "hess":
                H = dense(problem.hess(x))
            p, Hp = self._solve(problem, x, g, H, radius)
            predicted = -float(g.dot(p)) - 0.5 * float(p.dot(Hp))
            y = x + p
            gain = f - problem(y)
            if abs(gain) <= 10 * EPS * abs(f):  # rounding: the values say nothing any more, the gradients still do
                there = problem.grad(y)
                gain = -0.5 * float((g + there).dot(p)) if norm(there) <= norm(g) else -1.0
            rho, length = gain / predicted if predicted > 0 else -1.0, norm(p)
            if not rho >= 0.25:  # nan too
                radius = 0.25 * length
            elif rho > 0.75 and length >= 0.99 * radius:
                radius = min(2 * radius, self.max_radius)
            if rho > 0.1:
                x, H = y, None
                f, g = problem.value_and_grad(x)
            else:
                length = 0.0
                if radius <= EPS * norm(x) or radius < 1e-300:
                    raise LineSearchError(
                        f"the model predicts no gain that f has, down to a radius of {radius:.2g}: the derivatives may "
                        "be wrong (try check_gradient), or f too noisy for this tol"
                    )

    def _solve(self, problem: Problem, x: Array, g: Array, H: Array | None, radius: float) -> tuple[Array, Array]:
        """The step p, and H p."""
        if H is not None:
            return dogleg(g, H, radius) if self.subproblem == "dogleg" else exact(g, H, radius)

        def times(v: Array) -> Array:
            return problem.hessp(x, v)

        size = norm(g)
        if self.subproblem == "cauchy":
            return cauchy_point(g, times, radius)
        return steihaug(g, times, radius, min(0.5, math.sqrt(size)) * size)


def dense(H: Matrix) -> Array:
    """The Hessian as an array; LinAlgError if it is not finite."""
    H = np.asarray(H.toarray() if sparse.issparse(H) else H)
    if not np.isfinite(H).all():
        raise np.linalg.LinAlgError("the Hessian is not finite")
    return H
