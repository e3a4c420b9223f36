r"""Theorems of the chapter `stochastic-gradient`.

The objective is a mean, :math:`f = \frac1n\sum_i f_i`, and the stochastic gradient the mean of
:math:`\nabla f_i` over a batch of b indices, drawn independently and uniformly, with replacement. If not said
otherwise ``L`` is that of the batch, :func:`sg_smoothness`, and ``sigma`` too: :math:`\sigma_*/\sqrt b` with
:math:`\sigma_*^2 = \frac1n\sum_i\|\nabla f_i(x^*)\|^2`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration, step_below
from optlib.steps.schedules import as_schedule
from optlib.typing import Array, Schedule

__all__ = [
    "sg_average",
    "sg_constant",
    "sg_decay",
    "sg_floor",
    "sg_interpolation",
    "sg_nonconvex",
    "sg_quadratic",
    "sg_slow_decay",
    "sg_smoothness",
]


def sg_smoothness(L: float, L_max: float, batch: int) -> float:
    r"""Smoothness in expectation, :math:`L_b = L + (L_{\max} - L)/b`: for convex :math:`f_i` that are L_max-smooth, and
    f L-smooth, the batch gradients :math:`g_B` satisfy

    .. math:: \mathbb E\|g_B(x) - g_B(x^*)\|^2 &\le 2L_b\,(f(x) - f^*), \\
              \mathbb E\|g_B(x) - g_B(x^*)\|^2 &\le L_b\,\nabla f(x)^\top(x - x^*).

    It falls from L_max for b = 1 towards L. Attained where each :math:`f_i` is 0 or
    :math:`\tfrac{L_{\max}}2x^2`. Chapter `stochastic-gradient`; R. M. Gower et al. (2019),
    doi:10.48550/arXiv.1901.09401.

    Raises
    ------
    ValueError
        If L exceeds L_max: a mean is at most as curved as the most curved term.

    Examples
    --------
    >>> ol.theory.sg_smoothness(L=2.0, L_max=10.0, batch=4)
    4.0
    """
    L, L_max = checks.positive("L", L), checks.positive("L_max", L_max)
    if L_max < L:
        raise ValueError(f"L must be at most L_max = {L_max!r}, got {L!r}")
    return L + (L_max - L) / checks.natural("batch", batch, least=1)


def sg_constant(t: Any, eta: float, L: float, mu: float, sigma: float, R: float) -> Array:
    r"""Constant step :math:`\eta < 1/L`, convex terms, f mu-strongly convex: with
    :math:`\rho = 1 - 2\eta\mu(1 - \eta L)`

    .. math:: \mathbb E\|x_t - x^*\|^2 \le \rho^t R^2 + (1 - \rho^t)\,\frac{\eta\sigma^2}{\mu(1 - \eta L)} .

    Linear convergence to a floor that is proportional to eta. Chapter `stochastic-gradient`; D. Needell, N. Srebro,
    R. Ward (2016), doi:10.1007/s10107-015-0864-7.

    Raises
    ------
    ValueError
        If eta is not below 1/L, or mu exceeds L.

    Examples
    --------
    >>> ol.theory.sg_constant(np.array([0, 1000]), eta=0.25, L=2.0, mu=1.0, sigma=1.0, R=3.0)
    array([9. , 0.5])
    """
    mu, L = checks.positive("mu", mu), checks.positive("L", L)
    condition(L / mu)
    eta = step_below(eta, 1 / L, "1 / L")
    rho_t = (1 - 2 * eta * mu * (1 - eta * L)) ** iteration(t, 0)
    floor = eta * checks.nonnegative("sigma", sigma) ** 2 / (mu * (1 - eta * L))
    return rho_t * checks.nonnegative("R", R) ** 2 + (1 - rho_t) * floor


def sg_floor(eta: float, L: float, mu: float, sigma: float) -> float:
    r"""The floor of :func:`sg_constant` without its factor of two: for :math:`0 < \eta < 2/L`

    .. math:: \limsup_{t\to\infty}\,\mathbb E\|x_t - x^*\|^2
              \le \frac{\eta\sigma^2}{2\mu\,\bigl(1 - \sqrt{\eta L/2}\bigr)^2} .

    Equal to that of :func:`sg_constant` at eta = 1/(2L); sharp as eta tends to 0, by :func:`sg_quadratic`. Chapter
    `stochastic-gradient`, an exercise.

    Raises
    ------
    ValueError
        If eta is not below 2/L, or mu exceeds L.

    Examples
    --------
    >>> ol.theory.sg_floor(eta=0.25, L=2.0, mu=1.0, sigma=1.0)
    0.5
    """
    mu, L = checks.positive("mu", mu), checks.positive("L", L)
    condition(L / mu)
    eta = step_below(eta, 2 / L, "2 / L")
    return eta * checks.nonnegative("sigma", sigma) ** 2 / (2 * mu * (1 - math.sqrt(eta * L / 2)) ** 2)


def sg_quadratic(t: Any, eta: float, mu: float, sigma: float, R: float) -> Array:
    r"""An equality: on :math:`f_i(x) = \tfrac\mu2\|x - c_i\|^2`, where sigma/mu is the spread of the :math:`c_i`, and
    :math:`0 < \eta < 2/\mu`,

    .. math:: \mathbb E\|x_t - x^*\|^2 = (1 - \eta\mu)^{2t} R^2
              + \bigl(1 - (1 - \eta\mu)^{2t}\bigr)\,\frac{\eta\sigma^2}{\mu(2 - \eta\mu)} .

    It holds for every gradient of :math:`\tfrac\mu2\|x - x^*\|^2` plus independent noise of mean 0 and mean square
    :math:`\sigma^2`. Chapter `stochastic-gradient`.

    Raises
    ------
    ValueError
        If eta is not below 2/mu.

    Examples
    --------
    >>> ol.theory.sg_quadratic(np.array([0, 1000]), eta=0.5, mu=2.0, sigma=1.0, R=3.0)
    array([9.  , 0.25])
    """
    mu = checks.positive("mu", mu)
    eta = step_below(eta, 2 / mu, "2 / mu")
    rho_t = (1 - eta * mu) ** (2 * iteration(t, 0))
    floor = eta * checks.nonnegative("sigma", sigma) ** 2 / (mu * (2 - eta * mu))
    return rho_t * checks.nonnegative("R", R) ** 2 + (1 - rho_t) * floor


def sg_interpolation(t: Any, eta: float, L: float, mu: float) -> Array:
    r"""Interpolation, :math:`\nabla f_i(x^*) = 0` for all i, with a constant step :math:`\eta < 2/L`:
    :math:`\mathbb E\|x_t - x^*\|^2 \le \bigl(1 - \eta\mu(2 - \eta L)\bigr)^t R^2`; returns the factor.

    No floor. Convex terms, f mu-strongly convex. Attained at every t where each :math:`f_i` is 0 or
    :math:`\tfrac{L_{\max}}2x^2`. Chapter `stochastic-gradient`.

    Raises
    ------
    ValueError
        If eta is not below 2/L, or mu exceeds L.

    Examples
    --------
    >>> float(ol.theory.sg_interpolation(2, eta=0.5, L=2.0, mu=1.0))
    0.25
    """
    mu, L = checks.positive("mu", mu), checks.positive("L", L)
    condition(L / mu)
    eta = step_below(eta, 2 / L, "2 / L")
    return (1 - eta * mu * (2 - eta * L)) ** iteration(t, 0)


def sg_decay(t: Any, L: float, mu: float, sigma: float, R: float) -> Array:
    r"""Decaying steps :math:`\eta_t = \dfrac{2}{\mu(t + c)}` with :math:`c = 4L/\mu`, so that :math:`\eta_0 = 1/(2L)`;
    convex terms, f mu-strongly convex:

    .. math:: \mathbb E\|x_t - x^*\|^2 \le \frac{(c - 1)(c - 2)R^2 + 8t\,\sigma^2/\mu^2}{(t + c - 1)(t + c - 2)}
              \sim \frac{8\sigma^2}{\mu^2 t} .

    No floor: the rate is 1/t. Chapter `stochastic-gradient`; other constants: L. Bottou, F. E. Curtis, J. Nocedal
    (2018), section 4.2, doi:10.1137/16M1080173.

    Raises
    ------
    ValueError
        If mu exceeds L.

    Examples
    --------
    >>> ol.theory.sg_decay(np.array([0, 6]), L=1.0, mu=1.0, sigma=1.0, R=3.0)
    array([9.        , 1.41666667])
    """
    mu = checks.positive("mu", mu)
    c, t = 4 * condition(checks.positive("L", L) / mu), iteration(t, 0)
    noise = 8 * (checks.nonnegative("sigma", sigma) / mu) ** 2
    return ((c - 1) * (c - 2) * checks.nonnegative("R", R) ** 2 + noise * t) / ((t + c - 1) * (t + c - 2))


def sg_slow_decay(t: Any, eta0: float, mu: float, R: float) -> Array:
    r"""A lower bound: steps :math:`\eta_t = \eta_0/(t + 1)` with :math:`\mu\eta_0 < 1`, on the quadratics of
    :func:`sg_quadratic`, whatever the noise: for t >= 1

    .. math:: \mathbb E\|x_t - x^*\|^2 \ge (1 - \mu\eta_0)^2\,t^{-2\mu\eta_0} R^2 .

    For a small :math:`\mu\eta_0` this is no convergence that anybody would wait for. As t grows, the bound tends to
    :math:`\Gamma(2 - \mu\eta_0)^2 \ge 0.78` times what happens without noise. Chapter `stochastic-gradient`; the
    warning is that of A. Nemirovski, A. Juditsky, G. Lan, A. Shapiro (2009), doi:10.1137/070704277.

    Raises
    ------
    ValueError
        If mu * eta0 is not below 1.

    Examples
    --------
    >>> float(ol.theory.sg_slow_decay(16, eta0=0.5, mu=0.5, R=4.0))
    2.25
    """
    product = checks.fraction("mu * eta0", checks.positive("mu", mu) * checks.positive("eta0", eta0))
    return (1 - product) ** 2 * iteration(t, 1) ** (-2 * product) * checks.nonnegative("R", R) ** 2


def sg_average(t: Any, lr: float | Schedule, R: float, G: float) -> Array:
    r"""The average :math:`\bar x_t = \sum_{k<t}\eta_kx_k/\sum_{k<t}\eta_k`, t >= 1, convex terms, no strong convexity:

    .. math:: \mathbb E f(\bar x_t) - f^* \le \frac{R^2 + G^2\sum_{k<t}\eta_k^2}{2\sum_{k<t}\eta_k} ,

    which for a constant step is :math:`\frac{R^2}{2\eta t} + \frac{\eta G^2}2`. Either :math:`\|\nabla f_i(x)\| \le G`
    everywhere; or the terms are smooth, all steps are at most 1/(2L), and :math:`G^2 = 2\sigma^2`.

    In the first case attained at each t with :math:`G\sum_{k<t}\eta_k = R`, by :math:`f_i(x) = G|x|`. Chapter
    `stochastic-gradient`; A. Nemirovski, A. Juditsky, G. Lan, A. Shapiro (2009), section 2.2, doi:10.1137/070704277.

    Examples
    --------
    >>> ol.theory.sg_average(np.array([1, 10, 100]), lr=0.1, R=1.0, G=1.0)
    array([5.05, 0.55, 0.1 ])
    """
    lr, at = as_schedule(lr), iteration(t, 1).astype(int)
    eta = np.array([lr(k) for k in range(at.max(initial=1))])
    sums, squares = np.cumsum(eta)[at - 1], np.cumsum(eta**2)[at - 1]
    return (checks.nonnegative("R", R) ** 2 + checks.nonnegative("G", G) ** 2 * squares) / (2 * sums)


def sg_nonconvex(t: Any, eta: float, L: float, gap: float, sigma: float) -> Array:
    r"""f L-smooth and bounded below by f*, convex or not; gradients unbiased, with
    :math:`\mathbb E\|g - \nabla f(x)\|^2 \le \sigma^2` at every x. For a constant step :math:`\eta < 2/L` and t >= 1

    .. math:: \min_{k<t}\mathbb E\|\nabla f(x_k)\|^2 \le \frac{2\,(f(x_0) - f^*)}{\eta(2 - \eta L)\,t}
              + \frac{\eta L\sigma^2}{2 - \eta L} .

    Here L and sigma are those of f and of the batch. The floor is attained by :math:`\tfrac L2x^2` with additive noise.
    Chapter `stochastic-gradient`; S. Ghadimi, G. Lan (2013), section 2, doi:10.1137/120880811.

    Raises
    ------
    ValueError
        If eta is not below 2/L.

    Examples
    --------
    >>> float(ol.theory.sg_nonconvex(4, eta=0.5, L=2.0, gap=1.0, sigma=0.5))
    1.25
    """
    L = checks.positive("L", L)
    eta = step_below(eta, 2 / L, "2 / L")
    scale = eta * (2 - eta * L)
    noise = L * (eta * checks.nonnegative("sigma", sigma)) ** 2
    return (2 * checks.nonnegative("gap", gap) / iteration(t, 1) + noise) / scale
