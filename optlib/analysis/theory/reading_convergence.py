r"""Theorems of the chapter `reading-convergence`.

That the three measures gap, gradient norm and distance bound one another under the Polyak-Lojasiewicz inequality, is
:func:`gap_from_gradient`, :func:`gap_from_distance` and :func:`distance_from_gradient` of the chapter
`convexity-and-smoothness`, with the distance to the nearest minimiser.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import erf

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration, nonnegatives, positives
from optlib.typing import Array

__all__ = [
    "rc_convex_gap",
    "rc_early",
    "rc_early_ratio",
    "rc_fooled",
    "rc_mapping",
    "rc_path",
    "rc_rate",
    "rc_rounding",
    "rc_smooth_gap",
    "rc_smooth_noise",
]


def rc_path(gap: Any, mu: float, L: float, eta: float) -> Array:
    r"""Length of the whole way of gradient descent, f L-smooth and bounded below, with
    :math:`\tfrac12\|\nabla f(x)\|^2 \ge \mu(f(x) - f^*)` for all x: with a fixed step :math:`0 < \eta < 2/L`

    .. math:: \sum_{t \ge 0}\|x_{t+1} - x_t\| \le \frac{\sqrt{2\,\mathrm{gap}/\mu}}{1 - \eta L/2},
              \qquad \mathrm{gap} = f(x_0) - f^*.

    So the iterates converge, to a minimiser no farther away than this. As eta tends to 0, quadratics attain it along
    the eigenvectors of mu. Chapter `reading-convergence`; H. Karimi, J. Nutini, M. Schmidt (2016),
    doi:10.1007/978-3-319-46128-1_50, for the continuous path.

    Raises
    ------
    ValueError
        If eta is not below 2/L, or mu exceeds L.

    Examples
    --------
    >>> float(ol.theory.rc_path(2.0, mu=1.0, L=4.0, eta=0.25))
    4.0
    """
    mu, L = checks.positive("mu", mu), checks.positive("L", L)
    condition(L / mu)
    if checks.positive("eta", eta) * L >= 2:  # the product, so that what is divided by is not 0
        raise ValueError(f"eta must be below 2 / L = {2 / L:.3g}, got {eta!r}")
    return np.sqrt(2 * nonnegatives("gap", gap) / mu) / (1 - eta * L / 2)


def rc_convex_gap(g: Any, r: Any, L: float) -> Array:
    r"""What :math:`g = \|\nabla f(x)\|` and a bound r of the distance to a minimiser say of the gap, f convex and
    L-smooth: :math:`f(x) - f^* \le g\,r - \tfrac{1}{2L}g^2`.

    Attained by Huber's function outside its parabola. Chapter `reading-convergence`.

    Raises
    ------
    ValueError
        If g exceeds L r, which no L-smooth function allows.

    Examples
    --------
    >>> float(ol.theory.rc_convex_gap(1.0, 2.0, L=2.0))
    1.75
    """
    L, g, r = checks.positive("L", L), nonnegatives("g", g), nonnegatives("r", r)
    if (g > L * r * (1 + 1e-9)).any():
        raise ValueError(f"g must be at most L r, as f is L-smooth, got g = {g} and L r = {L * r}")
    return g * r - g**2 / (2 * L)


def rc_mapping(G: Any, eta: float, other: Any) -> tuple[Array, Array]:
    r"""What the gradient mapping with one step says of that with another, at the same x: with
    :math:`G = \|G_\eta(x)\|`, f differentiable and g convex,

    .. math:: \min(1, \eta/\eta')\,G \le \|G_{\eta'}(x)\| \le \max(1, \eta/\eta')\,G .

    Returns both ends. The factor 1 is attained without g, the other where g is 0 at one point and infinite elsewhere.
    Chapter `reading-convergence`; A. Beck (2017), theorem 10.9, doi:10.1137/1.9781611974997.

    Examples
    --------
    >>> [float(end) for end in ol.theory.rc_mapping(3.0, eta=0.1, other=0.2)]
    [1.5, 3.0]
    """
    other = positives("other", other)
    G, ratio = nonnegatives("G", G), checks.positive("eta", eta) / other
    return np.minimum(1.0, ratio) * G, np.maximum(1.0, ratio) * G


def rc_rate(eta: float, mu: float, L: float) -> float:
    r"""What no observed rate exceeds, for gradient descent with a fixed step on a quadratic with curvatures in
    :math:`[\mu, L]`: :math:`\max(|1 - \eta\mu|, |1 - \eta L|)`.

    The ratio :math:`\|x_{t+1} - x^*\|/\|x_t - x^*\|` never falls along a run, so that the rate over any stretch is at
    most the rate in the end. Attained from a start along an extreme eigenvector. Chapter `reading-convergence`.

    Raises
    ------
    ValueError
        If mu exceeds L.

    Examples
    --------
    >>> ol.theory.rc_rate(0.25, mu=1.0, L=4.0)
    0.75
    """
    eta, mu, L = checks.positive("eta", eta), checks.nonnegative("mu", mu), checks.positive("L", L)
    if mu > L:
        raise ValueError(f"mu must be at most L = {L!r}, got {mu!r}")
    return max(abs(1 - eta * mu), abs(1 - eta * L))


def rc_rounding(f_star: float, L: float) -> float:
    r"""Where values say nothing any more, f L-smooth with a minimiser: within
    :math:`\sqrt{\epsilon\,|f^*|/L}` of it f, even when correctly rounded to double precision, takes at most two
    values; :math:`\epsilon = 2^{-52}`.

    Chapter `reading-convergence`.

    Examples
    --------
    >>> ol.theory.rc_rounding(1.0, L=1.0) == 2.0**-26
    True
    """
    return math.sqrt(float(np.finfo(float).eps) * abs(checks.real("f_star", f_star)) / checks.positive("L", L))


def rc_smooth_gap(t: Any, rho: float, r: float) -> Array:
    r"""How a running mean lags: if the loss falls as :math:`f_t - f^* = r^t(f_0 - f^*)` and :math:`m_0 = f_0`,
    :math:`m_t = \rho m_{t-1} + (1 - \rho)f_t`, then

    .. math:: \frac{m_t - f^*}{f_0 - f^*} = \rho^t + (1 - \rho)\,r\,\frac{r^t - \rho^t}{r - \rho},

    the fraction being :math:`t\rho^{t-1}` where r = rho. An equality. Chapter `reading-convergence`.

    Examples
    --------
    >>> float(ol.theory.rc_smooth_gap(2, rho=0.5, r=0.75))
    0.71875
    """
    t, rho, r = iteration(t, least=0), checks.fraction("rho", rho, zero=True), checks.fraction("r", r)
    if abs(r - rho) > 1e-6 * r:
        mixed = r * (r**t - rho**t) / (r - rho)
    else:  # the limit, where the quotient would be rounding
        mixed = r * t * ((r + rho) / 2) ** np.maximum(t - 1, 0)
    return rho**t + (1 - rho) * mixed


def rc_smooth_noise(t: Any, rho: float) -> Array:
    r"""What is left of the noise in a running mean :math:`m_t = \rho m_{t-1} + (1 - \rho)\ell_t`, :math:`m_0 = \ell_0`:
    if the noise of the :math:`\ell_t` is uncorrelated with variance 1, that of :math:`m_t` has the variance

    .. math:: \frac{1 - \rho}{1 + \rho}\,(1 - \rho^{2t}) + \rho^{2t} .

    An equality. Chapter `reading-convergence`.

    Examples
    --------
    >>> float(ol.theory.rc_smooth_noise(1, rho=0.5))
    0.5
    """
    t, rho = iteration(t, least=0), checks.fraction("rho", rho, zero=True)
    left = rho ** (2 * t)
    return (1 - rho) / (1 + rho) * (1 - left) + left


def rc_early(t: Any, lam: float, eta: float) -> Array:
    r"""Gradient descent on least squares from 0 as a filter: along an eigenvector of :math:`X^\top X/n` with the
    eigenvalue lam, :math:`w_t` is :math:`1 - (1 - \eta\lambda)^t` times the shortest least-squares solution.

    An equality. Chapter `reading-convergence`; Y. Yao, L. Rosasco, A. Caponnetto (2007),
    doi:10.1007/s00365-006-0663-2.

    Examples
    --------
    >>> float(ol.theory.rc_early(2, lam=2.0, eta=0.25))
    0.75
    """
    lam, eta = checks.nonnegative("lam", lam), checks.positive("eta", eta)
    return 1 - (1 - eta * lam) ** iteration(t, least=0)


_TURN = 1.7932821329007607  # where e^x = 1 + x + x^2, x > 0
_FLOW = (1 + _TURN) ** 2 / (1 + _TURN + _TURN**2)
_GOLDEN = (1 + math.sqrt(5)) / 2


def rc_early_ratio(t: Any) -> Array:
    r"""Early stopping against ridge: for :math:`0 < \eta\lambda \le 1` and :math:`t \ge 1` the filter of t steps of
    gradient descent is at least that of ridge regression with the strength :math:`\alpha = 1/(\eta t)`, and at most
    :math:`c_t` times it,

    .. math:: \frac{\lambda}{\lambda + \alpha} \le 1 - (1 - \eta\lambda)^t \le c_t\,\frac{\lambda}{\lambda + \alpha},
              \qquad c_t = \min\Bigl(2,\ \gamma + \frac{\omega}{t}\Bigr),

    with :math:`\gamma = \max_{x>0}(1 - e^{-x})(1 + x)/x \approx 1.298` and
    :math:`\omega = \max_x e^{-x}x(1 + x) \approx 0.840`. This is :math:`c_t`.

    Attained for t = 1 at :math:`\eta\lambda = 1`; for large t no constant below gamma will do. Chapter
    `reading-convergence`; A. Ali, J. Z. Kolter, R. J. Tibshirani (2019), doi:10.48550/arXiv.1810.10082, for
    infinitely small steps.

    Examples
    --------
    >>> [round(float(ol.theory.rc_early_ratio(t)), 3) for t in (1, 10, 1000)]
    [2.0, 1.382, 1.299]
    """
    return np.minimum(2.0, _FLOW + math.exp(-_GOLDEN) * _GOLDEN**3 / iteration(t, least=1))


def rc_fooled(t: Any, tol: float, sigma: float) -> Array:
    r"""How soon the test :math:`|\ell_t - \ell_{t-1}| \le \mathrm{tol}` is fooled, while the loss stands still and is
    read with independent normal noise of standard deviation sigma: the probability that it has stopped the run by
    step t is at least

    .. math:: 1 - (1 - p)^{\lceil t/2\rceil}, \qquad p = \operatorname{erf}\Bigl(\frac{\mathrm{tol}}{2\sigma}\Bigr),

    and at most t p. Returns the former; p is its value at t = 1, where it is exact. Chapter `reading-convergence`.

    Examples
    --------
    >>> round(float(ol.theory.rc_fooled(100, tol=0.01, sigma=0.1)), 3)
    0.945
    """
    p = erf(checks.positive("tol", tol) / (2 * checks.positive("sigma", sigma)))
    return 1 - (1 - p) ** np.ceil(iteration(t, least=0) / 2)
