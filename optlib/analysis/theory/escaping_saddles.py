"""Theorems of the chapter `escaping-saddles`."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln

from optlib import checks
from optlib.analysis.theory._arguments import iteration, nonnegatives, positives
from optlib.typing import Array

__all__ = [
    "es_cubic",
    "es_cubic_decrease",
    "es_cubic_length",
    "es_curvature_decrease",
    "es_curvature_steps",
    "es_escape_time",
    "es_perturbed_failure",
    "es_perturbed_steps",
    "es_saddles_in_a_row",
    "es_strict",
    "es_stuck",
]


def es_escape_time(distance: Any, away: float, eta: float, gamma: float) -> Array:
    r"""Gradient descent from the distance :math:`\delta` of a start whose run is trapped is at the distance ``away``
    from that run after

    .. math:: t \ge \frac{\log(\mathrm{away}/\delta)}{\log(1 + \eta\gamma)}

    steps, not before, where f is L-smooth with :math:`\nabla^2 f \succeq -\gamma I` and :math:`0 < \eta \le 1/L`.

    Attained, up to rounding t up, on a quadratic where the two starts differ by a multiple of the lowest eigenvector.
    Chapter `escaping-saddles`. It is 0 where ``away`` is below the distance of the start.

    Raises
    ------
    ValueError
        If a distance is not positive: from such a start the run itself is trapped.

    Examples
    --------
    >>> float(ol.theory.es_escape_time(0.125, away=1.0, eta=1.0, gamma=1.0))
    3.0
    """
    distance, away = positives("distance", distance), checks.positive("away", away)
    eta, gamma = checks.positive("eta", eta), checks.positive("gamma", gamma)
    return np.maximum(np.log(away / distance), 0.0) / np.log1p(eta * gamma)


def es_strict(t: Any, distance: float, eta: float, gamma: float) -> Array:
    r"""On a quadratic with a strict saddle gradient descent leaves the subspace of the eigenvalues :math:`\ge 0`: its
    distance from it is :math:`\ge (1 + \eta\gamma)^t\,\delta` at iteration t, where :math:`-\gamma` is the negative
    eigenvalue nearest to 0 and :math:`\delta` the distance of the start.

    So only starts with :math:`\delta = 0` can converge to the saddle, a set of measure zero. Attained where the start's
    component in the negative eigenvectors belongs to :math:`-\gamma`. Chapter `escaping-saddles`; for functions that
    are not quadratic: J. D. Lee, M. Simchowitz, M. I. Jordan, B. Recht (2016), doi:10.48550/arXiv.1602.04915.

    Examples
    --------
    >>> ol.theory.es_strict(np.arange(3), distance=0.5, eta=1.0, gamma=1.0)
    array([0.5, 1. , 2. ])
    """
    t, distance = iteration(t, 0), checks.nonnegative("distance", distance)
    return distance * (1 + checks.positive("eta", eta) * checks.positive("gamma", gamma)) ** t


def es_saddles_in_a_row(k: Any, distance: float, eta: float, L: float, gamma: float) -> Array:
    r"""How many steps gradient descent needs at least to pass k saddles in a row, where each coordinate waits for the
    one before it and shrinks meanwhile,

    .. math:: \frac{(1+c)^k - 1}{c}\,\cdot\,\frac{\log(1/\delta)}{\log(1 + \eta\gamma)}, \qquad
              c = \frac{-\log(1 - \eta L)}{\log(1 + \eta\gamma)},

    for the chain of gates of the chapter `escaping-saddles`, from :math:`\delta` in every coordinate, with
    :math:`\eta < 1/L`: exponential in k. L is the curvature of a coordinate that waits, :math:`-\gamma` of one that may
    leave. After S. S. Du et al. (2017), doi:10.48550/arXiv.1705.10412.

    Raises
    ------
    ValueError
        If distance or eta L does not lie in (0, 1).

    Examples
    --------
    >>> ol.theory.es_saddles_in_a_row(np.arange(4), distance=0.25, eta=0.5, L=1.0, gamma=2.0)
    array([ 0.,  2.,  6., 14.])
    """
    k = nonnegatives("k", k)
    distance, grow = checks.fraction("distance", distance), np.log1p(checks.positive("eta", eta) * gamma)
    checks.positive("gamma", gamma)
    c = -np.log1p(-checks.fraction("eta * L", eta * checks.positive("L", L))) / grow
    return -np.log(distance) / grow * np.expm1(k * np.log1p(c)) / c


def es_stuck(t: Any, eta: float, gamma: float, n: int, radius: float, away: float, M: float = 0.0) -> Array:
    r"""The probability that gradient descent from :math:`\tilde x + \xi`, with :math:`\xi` uniform in the n-ball of
    radius r, has not been farther than R = ``away`` from :math:`\tilde x` up to iteration t, where
    :math:`\lambda_{\min}(\nabla^2 f(\tilde x)) \le -\gamma` and :math:`\eta \le 1/L`. It is at most

    .. math:: \frac{4R}{r}\,\frac{V_{n-1}}{V_n}\,(1 + \eta\gamma)^{-t}
              \qquad\text{where } 3\eta M R\,t \le 1,

    with the volumes :math:`V_n` of the unit balls, for which :math:`V_{n-1}/V_n \le \sqrt{(n+1)/(2\pi)}`; for larger t
    the last such bound stays. On a quadratic, M = 0, 2 stands in place of 4, for all t.

    For M = 0 and n = 1 it is attained where :math:`\tilde x` is the saddle, and in the limit for every n where the
    other eigenvalues are positive. Chapter `escaping-saddles`, after C. Jin, R. Ge, P. Netrapalli, S. M. Kakade,
    M. I. Jordan (2017), doi:10.48550/arXiv.1703.00887.

    Examples
    --------
    >>> ol.theory.es_stuck(np.arange(3), eta=1.0, gamma=1.0, n=1, radius=1.0, away=1.0)
    array([1.  , 0.5 , 0.25])
    """
    t, rate = iteration(t, 0), np.log1p(checks.positive("eta", eta) * checks.positive("gamma", gamma))
    radius, away, M = checks.positive("radius", radius), checks.positive("away", away), checks.nonnegative("M", M)
    if M > 0:
        t = np.minimum(t, np.floor(1 / (3 * eta * M * away)))
    return np.minimum((4 if M > 0 else 2) * away / radius * _slice(n) * np.exp(-rate * t), 1.0)


def _slice(n: int) -> float:
    """V_{n-1} / V_n, the largest density of one coordinate of a uniform point of the unit n-ball."""
    n = checks.natural("n", n, least=1)
    return float(np.exp(gammaln(n / 2 + 1) - gammaln(n / 2 + 0.5)) / np.sqrt(np.pi))


def es_perturbed_steps(gap: float, eta: float, eps: float, patience: int) -> float:
    r"""How many steps :class:`~optlib.PerturbedGradientDescent` makes at most before it takes a point for an
    approximate minimiser, for an L-smooth f with :math:`f(x_0) - f^* \le` ``gap``, :math:`\eta \le 1/L`,
    eps = ``threshold``:

    .. math:: \frac{2\,(f(x_0) - f^*)}{\eta\,\varepsilon^2} + T, \qquad T = \text{patience}.

    Chapter `escaping-saddles`, for the rules of this class. C. Jin et al. (2017), doi:10.48550/arXiv.1703.00887.

    Examples
    --------
    >>> ol.theory.es_perturbed_steps(gap=1.0, eta=0.5, eps=0.25, patience=10)
    74.0
    """
    eta, eps = checks.positive("eta", eta), checks.positive("eps", eps)
    return 2 * checks.nonnegative("gap", gap) / (eta * eps**2) + checks.natural("patience", patience, least=1)


def es_perturbed_failure(
    gap: float, gamma: float, eta: float, L: float, M: float, n: int, radius: float, eps: float, patience: int
) -> float:
    r"""The probability that :class:`~optlib.PerturbedGradientDescent` takes a point with
    :math:`\lambda_{\min}(\nabla^2 f) \le -\gamma` for an approximate minimiser is at most

    .. math:: \Bigl(1 + \frac{f(x_0) - f^*}{\eta T\varepsilon^2}\Bigr)\,
              \frac{4R}{r}\,\frac{V_{n-1}}{V_n}\,(1 + \eta\gamma)^{-T}, \qquad R = \frac{1}{3\eta MT},

    for an L-smooth f with an M-Lipschitz Hessian and :math:`\eta \le 1/L`, if a run that has come to the distance R
    has gained enough to pass, :math:`\frac{(R-r)^2}{2\eta T} - \varepsilon r - \frac{L}{2} r^2 > \eta T\varepsilon^2`
    with :math:`r < R`. Where this does not hold the theorem says nothing, and 1 is returned.

    eps is ``threshold`` and T is ``patience``. Chapter `escaping-saddles`, with the idea of C. Jin et al. (2017),
    doi:10.48550/arXiv.1703.00887.

    Raises
    ------
    ValueError
        If eta exceeds 1 / L.

    Examples
    --------
    >>> p = ol.theory.es_perturbed_failure(
    ...     gap=2.0, gamma=1.0, eta=1.0, L=1.0, M=1.0, n=2, radius=1e-4, eps=1e-4, patience=42)
    >>> round(p, 5)
    0.00022
    """
    eta, L, M = checks.positive("eta", eta), checks.positive("L", L), checks.positive("M", M)
    radius, eps, gap = checks.positive("radius", radius), checks.positive("eps", eps), checks.nonnegative("gap", gap)
    if eta * L > 1:
        raise ValueError(f"eta must be at most 1 / L = {1 / L:.3g}, got {eta!r}")
    T = checks.natural("patience", patience, least=1)
    away = 1 / (3 * eta * M * T)
    gain = (away - radius) ** 2 / (2 * eta * T) - eps * radius - L / 2 * radius**2
    if radius >= away or gain <= eta * T * eps**2:
        return 1.0
    once = 4 * away / radius * _slice(n) * (1 + eta * checks.positive("gamma", gamma)) ** -float(T)
    return min((1 + gap / (eta * T * eps**2)) * once, 1.0)


def es_curvature_decrease(gamma: Any, M: float) -> Array:
    r"""What a step of length :math:`2\gamma/M` along a unit vector v with :math:`v^\top\nabla^2 f(x)\,v = -\gamma < 0`,
    the sign chosen so that it does not go uphill, gains at least: :math:`f(x) - f(x + \tfrac{2\gamma}{M}v) \ge
    \dfrac{2\gamma^3}{3M^2}`, where the Hessian is M-Lipschitz.

    Attained by :math:`f(x) = -\tfrac\gamma2x^2 + \tfrac M6|x|^3` at 0. Chapter `escaping-saddles`.

    Raises
    ------
    ValueError
        If a gamma is negative.

    Examples
    --------
    >>> float(ol.theory.es_curvature_decrease(3.0, M=2.0))
    4.5
    """
    return 2 * nonnegatives("gamma", gamma) ** 3 / (3 * checks.positive("M", M) ** 2)


def es_curvature_steps(gap: float, eps: float, gamma: float, L: float, M: float) -> float:
    r"""How many steps, each a gradient step of 1/L or a step along negative curvature, whichever promises more, can
    start where :math:`\|\nabla f\| > \varepsilon` or :math:`\lambda_{\min}(\nabla^2 f) < -\gamma`: at most

    .. math:: (f(x_0) - f^*)\,\max\Bigl(\frac{2L}{\varepsilon^2},\ \frac{3M^2}{2\gamma^3}\Bigr) .

    Chapter `escaping-saddles`.

    Examples
    --------
    >>> ol.theory.es_curvature_steps(gap=1.0, eps=0.5, gamma=0.5, L=1.0, M=1.0)
    12.0
    """
    eps, gamma = checks.positive("eps", eps), checks.positive("gamma", gamma)
    L, M = checks.positive("L", L), checks.positive("M", M)
    return checks.nonnegative("gap", gap) * max(2 * L / eps**2, 3 * M**2 / (2 * gamma**3))


def es_cubic_decrease(length: Any, M: float) -> Array:
    r"""What a step of cubic Newton of this length gains: :math:`f(x_t) - f(x_{t+1}) \ge
    \tfrac{M}{12}\|x_{t+1} - x_t\|^3`, where the cubic model with the constant M is not below f at :math:`x_{t+1}`:
    so for every M of at least the Lipschitz constant of the Hessian.

    Attained by :math:`f(x) = -\tfrac\gamma2x^2 + \tfrac M6|x|^3` at 0. Chapter `escaping-saddles`; Y. Nesterov,
    B. T. Polyak (2006), doi:10.1007/s10107-006-0706-8.

    Raises
    ------
    ValueError
        If a length is negative.

    Examples
    --------
    >>> float(ol.theory.es_cubic_decrease(2.0, M=3.0))
    2.0
    """
    return checks.positive("M", M) / 12 * nonnegatives("length", length) ** 3


def es_cubic_length(g: Any, lowest: Any, M: float) -> Array:
    r"""How long the step of cubic Newton to a point with :math:`\|\nabla f\| =` ``g`` and
    :math:`\lambda_{\min}(\nabla^2 f) =` ``lowest`` was at least: :math:`\|x_{t+1} - x_t\| \ge \mu(x_{t+1})` with

    .. math:: \mu(x) = \max\Bigl(\sqrt{\tfrac1M\|\nabla f(x)\|},\ -\tfrac{2}{3M}\lambda_{\min}(\nabla^2 f(x))\Bigr),

    where M is at least the Lipschitz constant of the Hessian. Both are attained by a step of
    :math:`f(x) = -\tfrac\gamma2x^2 - \tfrac M6|x|^3` from 0. Chapter `escaping-saddles`; Y. Nesterov, B. T. Polyak
    (2006), doi:10.1007/s10107-006-0706-8.

    Raises
    ------
    ValueError
        If a gradient norm is negative.

    Examples
    --------
    >>> float(ol.theory.es_cubic_length(8.0, lowest=-9.0, M=2.0))
    3.0
    """
    g, lowest, M = nonnegatives("g", g), checks.numeric("lowest", lowest), checks.positive("M", M)
    return np.maximum(np.sqrt(g / M), -2 * lowest / (3 * M))


def es_cubic(t: Any, gap: float, M: float) -> Array:
    r"""Cubic Newton with M at least the Lipschitz constant of the Hessian: the measure :math:`\mu` of
    :func:`es_cubic_length`, which is 0 at second-order stationary points only, satisfies for t >= 1

    .. math:: \min_{1\le k\le t}\mu(x_k) \le \Bigl(\frac{12\,(f(x_0) - f^*)}{M\,t}\Bigr)^{1/3} .

    So :math:`\|\nabla f\| \le \varepsilon` needs :math:`O(\varepsilon^{-3/2})` iterations, an order that cannot be
    improved for this method (C. Cartis, N. I. M. Gould, P. L. Toint (2010), doi:10.1137/090774100).

    Chapter `escaping-saddles`; Y. Nesterov, B. T. Polyak (2006), theorem 1, with another constant,
    doi:10.1007/s10107-006-0706-8.

    Examples
    --------
    >>> ol.theory.es_cubic(np.array([1, 8]), gap=2.0, M=3.0)
    array([2., 1.])
    """
    t = iteration(t, 1)
    return np.cbrt(12 * checks.nonnegative("gap", gap) / (checks.positive("M", M) * t))
