"""Theorems of the chapter `momentum`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration
from optlib.typing import Array

__all__ = [
    "first_order_convex_lower",
    "first_order_strongly_convex_lower",
    "heavy_ball_noise",
    "heavy_ball_quadratic",
    "heavy_ball_rate",
    "heavy_ball_tuned",
    "nesterov_convex",
    "nesterov_quadratic",
    "nesterov_strongly_convex",
    "two_term",
]


def two_term(t: Any, trace: Any, det: Any) -> Array:
    r"""The solution of :math:`e_{t+1} = \tau e_t - \delta e_{t-1}` with :math:`e_0 = e_{-1} = 1`, an equality.

    With :math:`s_t = (\sigma_1^{t+1} - \sigma_2^{t+1})/(\sigma_1 - \sigma_2)`, where :math:`\sigma_1, \sigma_2` are the
    roots of :math:`\sigma^2 - \tau\sigma + \delta` (and :math:`(t+1)\sigma^t` where they agree),
    :math:`e_t = s_t - \delta s_{t-1}`. It is the error along an eigenvector of a quadratic: for the heavy ball
    :math:`\tau = 1 + \beta - \eta\lambda`, :math:`\delta = \beta`; for Nesterov
    :math:`\tau = (1+\beta)(1-\eta\lambda)`, :math:`\delta = \beta(1-\eta\lambda)`.
    Chapter `momentum`; see G. Goh (2017), doi:10.23915/distill.00006.

    Parameters
    ----------
    t : int or array
    trace, det : float or array
        :math:`\tau` and :math:`\delta`, the trace and the determinant of the step's matrix; broadcast with t.

    Examples
    --------
    >>> ol.theory.two_term(np.arange(4), trace=1.0, det=0.25)  # a double root, 1/2
    array([1.    , 0.75  , 0.5   , 0.3125])
    """
    t, trace, det = np.broadcast_arrays(iteration(t, 0), checks.numeric("trace", trace), checks.numeric("det", det))
    gap = np.sqrt(trace**2 / 4 - det + 0j)
    a, b = trace / 2 + gap, trace / 2 - gap
    double = np.abs(gap) <= 1e-7 * np.abs(trace)  # nearer roots would cancel
    apart = np.where(double, 1.0, a - b)

    def s(k: Array) -> Array:
        power = np.where(double, (k + 1) * a ** np.maximum(k, 0), (a ** (k + 1) - b ** (k + 1)) / apart)
        return np.where(k < 0, 0.0, power.real)

    return s(t) - det * s(t - 1)


def heavy_ball_rate(eta_lam: Any, beta: Any) -> Array:
    r"""Spectral radius of the heavy ball's step along an eigenvector with eigenvalue :math:`\lambda`, as a function of
    :math:`\eta\lambda` and :math:`\beta \in [0, 1)`: the asymptotic factor of one step.

    It is :math:`\sqrt\beta` for :math:`(1-\sqrt\beta)^2 \le \eta\lambda \le (1+\sqrt\beta)^2`, else
    :math:`\tfrac12\bigl(|\tau| + \sqrt{\tau^2 - 4\beta}\bigr)` with :math:`\tau = 1 + \beta - \eta\lambda`, and below 1
    exactly for :math:`0 < \eta\lambda < 2(1+\beta)`. A bound at every iterate needs a factor that grows with t:
    :func:`heavy_ball_quadratic`. Chapter `momentum`; B. T. Polyak (1964), doi:10.1016/0041-5553(64)90137-5.

    Raises
    ------
    ValueError
        If a beta lies outside [0, 1).

    Examples
    --------
    >>> ol.theory.heavy_ball_rate([1.0, 2.5], beta=0.25)
    array([0.5, 1. ])
    """
    eta_lam, beta = checks.numeric("eta_lam", eta_lam), checks.numeric("beta", beta)
    if not ((beta >= 0) & (beta < 1)).all():
        raise ValueError(f"beta must lie in [0, 1), got {beta}")
    trace = 1 + beta - eta_lam
    square = trace**2 - 4 * beta
    return np.where(square <= 0, np.sqrt(beta), (np.abs(trace) + np.sqrt(np.maximum(square, 0))) / 2)


def heavy_ball_tuned(L: float, mu: float) -> tuple[float, float]:
    r"""The pair :math:`(\eta, \beta)` with the smallest spectral radius over all quadratics with curvatures in
    :math:`[\mu, L]`:

    .. math:: \eta = \frac4{(\sqrt L + \sqrt\mu)^2}, \qquad \beta = \rho^2, \qquad
              \rho = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}, \quad \kappa = L/\mu.

    The radius is :math:`\rho`, and every other pair has a larger one. Chapter `momentum`; B. T. Polyak (1964),
    doi:10.1016/0041-5553(64)90137-5.

    Examples
    --------
    >>> eta, beta = ol.theory.heavy_ball_tuned(L=9.0, mu=1.0)
    >>> float(max(ol.theory.heavy_ball_rate([1.0 * eta, 9.0 * eta], beta)))
    0.5
    """
    root = math.sqrt(condition(checks.positive("L", L) / checks.positive("mu", mu)))
    return 4 / (math.sqrt(L) + math.sqrt(mu)) ** 2, ((root - 1) / (root + 1)) ** 2


def heavy_ball_quadratic(t: Any, kappa: float) -> Array:
    r"""The heavy ball with the pair of :func:`heavy_ball_tuned`, from rest, on a quadratic with
    :math:`\mu I \preceq A \preceq LI`: :math:`\|x_t - x^*\| \le \bigl(1 + (1+\rho)t\bigr)\rho^t R`,
    :math:`\rho = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)`; returns the factor of R.

    Attained at every t from a start along the eigenvector of L. For kappa >= 6 it exceeds 1 before it falls, and so
    does the distance. Chapter `momentum`.

    Examples
    --------
    >>> ol.theory.heavy_ball_quadratic(np.arange(4), kappa=9.0)
    array([1.    , 1.25  , 1.    , 0.6875])
    """
    root, t = math.sqrt(condition(kappa)), iteration(t, 0)
    rho = (root - 1) / (root + 1)
    return (1 + (1 + rho) * t) * rho**t


def nesterov_quadratic(t: Any, kappa: float) -> Array:
    r"""Nesterov with :math:`\eta = 1/L` and :math:`\beta = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)` on a quadratic with
    :math:`\mu I \preceq A \preceq LI`: :math:`\|x_t - x^*\| \le (1 + qt)(1 - q)^t R`, :math:`q = 1/\sqrt\kappa`;
    returns the factor of R.

    :math:`x_t` is not the look-ahead point that :class:`optlib.Nesterov` reports: :math:`x_{t+1} = y_t - \eta\nabla
    f(y_t)`. Attained at every t from a start along the eigenvector of mu. It never exceeds 1. Chapter `momentum`.

    Examples
    --------
    >>> ol.theory.nesterov_quadratic(np.arange(3), kappa=4.0)
    array([1.  , 0.75, 0.5 ])
    """
    q, t = 1 / math.sqrt(condition(kappa)), iteration(t, 0)
    return (1 + q * t) * (1 - q) ** t


def nesterov_convex(t: Any, L: float, R: float) -> Array:
    r"""Nesterov with :math:`\eta = 1/L` and :math:`\beta_t = (t-1)/(t+2)` (0 at t = 0), or FISTA's, f convex and
    L-smooth: :math:`f(y_t) - f^* \le 2LR^2/(t+2)^2`, t >= 0, at the look-ahead point y, which
    :class:`optlib.Nesterov` reports; the same bound holds for :math:`f(x_{t+1}) - f^*`.

    For a smaller constant step put :math:`1/\eta` in place of L. Attained at t = 0, and the constant 2 is the least:
    :class:`optlib.Huber1D` with delta = R / (N (N + 7) / 4 + 1) has :math:`2LR^2/(N^2 + 7N + 4)` at t = N.
    Chapter `momentum`; A. Beck, M. Teboulle (2009), section 4, doi:10.1137/080716542, for x; see D. Kim, J. A. Fessler
    (2016), doi:10.1007/s10107-015-0949-3, for y.

    Examples
    --------
    >>> float(ol.theory.nesterov_convex(8, L=2.0, R=5.0))
    1.0
    """
    return 2 * checks.positive("L", L) * checks.nonnegative("R", R) ** 2 / (iteration(t, 0) + 2) ** 2


def nesterov_strongly_convex(t: Any, kappa: float) -> Array:
    r"""Nesterov with :math:`\eta = 1/L` and :math:`\beta = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)`, f mu-strongly convex
    and L-smooth: :math:`f(x_t) - f^* \le (1 - 1/\sqrt\kappa)^t\,\bigl(f(x_0) - f^* + \tfrac\mu2 R^2\bigr)`, t >= 0;
    returns the factor.

    The bracket is at most :math:`\tfrac{L+\mu}2 R^2`. :math:`x_t` is not the look-ahead point that
    :class:`optlib.Nesterov` reports: :math:`x_{t+1} = y_t - \eta\nabla f(y_t)`. Near attained, for large kappa and
    t up to some :math:`\sqrt\kappa`, where the curvature is L in a short interval around x* and mu beyond. Chapter
    `momentum`; Nesterov (2018), section 2.2.1, doi:10.1007/978-3-319-91578-4; this proof: N. Bansal, A. Gupta (2019),
    doi:10.4086/toc.2019.v015a004.

    Examples
    --------
    >>> float(ol.theory.nesterov_strongly_convex(2, kappa=4.0))
    0.25
    """
    return (1 - 1 / math.sqrt(condition(kappa))) ** iteration(t, 0)


def first_order_convex_lower(t: Any, L: float, R: float) -> Array:
    r"""What no method can beat whose iterates lie in :math:`x_0 + \mathrm{span}\{\nabla f(x_0), \dots,
    \nabla f(x_{t-1})\}`: for each t there is a convex L-smooth f of 2t + 1 variables with
    :math:`f(x_t) - f^* \ge \tfrac{3}{32} LR^2/(t+1)^2`.

    f is the chain :math:`\tfrac L8\bigl(x_1^2 + \sum_i (x_i - x_{i+1})^2 + x_{2t+1}^2\bigr) - \tfrac L4 x_1`, started
    at 0. On it the best in the span, conjugate gradients, is :math:`8(t+1)^2/((2t+1)(4t+3))` times as high, which tends
    to 1. Chapter `momentum`; Nesterov (2018), section 2.1.2, doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.first_order_convex_lower(3, L=8.0, R=2.0))
    0.1875
    """
    return 3 * checks.positive("L", L) * checks.nonnegative("R", R) ** 2 / (32 * (iteration(t, 0) + 1) ** 2)


def first_order_strongly_convex_lower(t: Any, kappa: float) -> Array:
    r"""The same for mu-strongly convex L-smooth f: there are chains, of more and more variables, with
    :math:`\|x_t - x^*\| \ge \rho^t R` in the limit, :math:`\rho = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)`; returns the
    factor of R.

    With n variables it is :math:`\sqrt{(\rho^{2t} - \rho^{2n})/(1 - \rho^{2n})}\,R`. Chapter `momentum`; Nesterov
    (2018), section 2.1.4, doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.first_order_strongly_convex_lower(3, kappa=9.0))
    0.125
    """
    root = math.sqrt(condition(kappa))
    return ((root - 1) / (root + 1)) ** iteration(t, 0)


def heavy_ball_noise(eta: float, beta: float, lam: float, sigma: float) -> float:
    r"""The heavy ball on :math:`\tfrac\lambda2 x^2` with gradients :math:`\lambda x_t + \xi_t`, the noise independent
    with mean 0 and variance :math:`\sigma^2`: from x* at rest :math:`E\,x_t^2` rises to

    .. math:: \frac{\eta\sigma^2}{\lambda(1-\beta)}\cdot\frac{1+\beta}{2(1+\beta) - \eta\lambda} ,

    which for a small :math:`\eta\lambda` is that of SGD with the step :math:`\eta/(1-\beta)`. Chapter `momentum`.

    Raises
    ------
    ValueError
        If :math:`\eta\lambda` is not below :math:`2(1+\beta)`: the variance then grows without limit.

    Examples
    --------
    >>> ol.theory.heavy_ball_noise(eta=0.5, beta=0.0, lam=2.0, sigma=2.0)
    1.0
    """
    eta, beta, lam = checks.positive("eta", eta), checks.fraction("beta", beta, zero=True), checks.positive("lam", lam)
    if eta * lam >= 2 * (1 + beta):
        raise ValueError(f"eta * lam must be below 2 (1 + beta) = {2 * (1 + beta):.3g}, got {eta * lam:.3g}")
    plain = eta * checks.nonnegative("sigma", sigma) ** 2 / (lam * (1 - beta))
    return plain * (1 + beta) / (2 * (1 + beta) - eta * lam)
