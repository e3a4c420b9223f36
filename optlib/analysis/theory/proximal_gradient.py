"""Theorems of the chapter `proximal-gradient`."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration
from optlib.typing import Array

__all__ = ["px_fista", "px_ista", "px_mapping", "px_stationarity", "px_strongly_convex"]


def px_ista(t: Any, L: float, R: float) -> Array:
    r"""The proximal gradient method with :math:`\eta = 1/L` on :math:`F = f + g`, f convex and L-smooth, g convex:
    :math:`F(x_t) - F^* \le LR^2/(2t)`, t >= 1.

    For another :math:`\eta \le 1/L` put :math:`1/\eta` in place of L. At most a factor of 2 is lost: for f = 0 and
    :math:`g = c|x|` with :math:`c = LR/(2t)` the gap is :math:`LR^2/(4t)`. Chapter `proximal-gradient`; A. Beck,
    M. Teboulle (2009), theorem 3.1, doi:10.1137/080716542.

    Examples
    --------
    >>> ol.theory.px_ista([1, 2, 4], L=2.0, R=2.0)
    array([4., 2., 1.])
    """
    return checks.positive("L", L) * checks.nonnegative("R", R) ** 2 / (2 * iteration(t, 1))


def px_strongly_convex(t: Any, kappa: float) -> Array:
    r"""The proximal gradient method with :math:`\eta = 1/L`, f L-smooth and mu-strongly convex, g convex:
    :math:`\|x_t - x^*\| \le (1 - 1/\kappa)^t R`, t >= 0; returns the factor of R.

    Attained on quadratics from a start along the eigenvector of mu, also with a penalty on the other coordinates.
    With :math:`\eta = 2/(L + \mu)` the factor is :func:`gd_strongly_convex`, as without g. Chapter
    `proximal-gradient`; A. B. Taylor, J. M. Hendrickx, F. Glineur (2018), doi:10.1007/s10957-018-1298-1.

    Examples
    --------
    >>> ol.theory.px_strongly_convex(np.arange(3), kappa=4.0)
    array([1.    , 0.75  , 0.5625])
    """
    return (1 - 1 / condition(kappa)) ** iteration(t, 0)


def px_fista(t: Any, L: float, R: float) -> Array:
    r"""FISTA with :math:`\eta = 1/L` and without restart on :math:`F = f + g`, f convex and L-smooth, g convex:
    :math:`F(x_t) - F^* \le 2LR^2/(t+1)^2`, t >= 1.

    For another :math:`\eta \le 1/L` put :math:`1/\eta` in place of L. The constant 2 is the least: for f = 0 and
    :math:`g = c|x|`, with the c that suits t, the ratio of gap and bound tends to 1 as t grows. Chapter
    `proximal-gradient`; A. Beck, M. Teboulle (2009), theorem 4.4, doi:10.1137/080716542.

    Examples
    --------
    >>> ol.theory.px_fista([1, 3], L=2.0, R=2.0)
    array([4., 1.])
    """
    return 2 * checks.positive("L", L) * checks.nonnegative("R", R) ** 2 / (iteration(t, 1) + 1) ** 2


def px_mapping(t: Any, L: float, R: float) -> Array:
    r"""The gradient mapping along the proximal gradient method with :math:`\eta = 1/L`, f convex and L-smooth,
    g convex: it never grows, and :math:`\|G(x_t)\| \le LR\sqrt{2/(t(t+1))}`, t >= 1.

    For another :math:`\eta \le 1/L` put :math:`1/\eta` in place of L. For f = 0 and :math:`g = c|x|` with
    :math:`c = LR/(t+1)` it is :math:`LR/(t+1)`: half of the bound at t = 1, and :math:`1/\sqrt2` of it in the limit.
    Without convexity of f, :func:`gd_nonconvex` bounds the smallest square, with F in place of f. Chapter
    `proximal-gradient`; A. Beck (2017), chapter 10, doi:10.1137/1.9781611974997.

    Examples
    --------
    >>> ol.theory.px_mapping([1, 8], L=2.0, R=3.0)
    array([6., 1.])
    """
    t = iteration(t, 1)
    return checks.positive("L", L) * checks.nonnegative("R", R) * np.sqrt(2 / (t * (t + 1)))


def px_stationarity(eta: float, L: float, convex: bool = True) -> float:
    r"""After a proximal gradient step from y to p, F has a subgradient at p at most this factor times as long as the
    gradient mapping :math:`G_\eta(y) = (y - p)/\eta`: :math:`\max(1, \eta L - 1)` for convex L-smooth f, and
    :math:`1 + \eta L` without convexity of f (the subgradient is then :math:`\nabla f(p)` and one of g).

    Attained: by f = 0, by :math:`\tfrac L2x^2` for :math:`\eta \ge 2/L`, and by :math:`-\tfrac L2x^2`. Chapter
    `proximal-gradient`.

    Parameters
    ----------
    eta, L : float
    convex : bool
        Whether f is convex.

    Examples
    --------
    >>> ol.theory.px_stationarity(0.5, L=2.0), ol.theory.px_stationarity(0.5, L=2.0, convex=False)
    (1.0, 2.0)
    """
    checks.instance("convex", convex, bool, "True or False")
    product = checks.positive("eta", eta) * checks.positive("L", L)
    return max(1.0, product - 1) if convex else 1 + product
