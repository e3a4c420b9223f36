"""Theorems of the chapter `quasi-newton`."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration, nonnegatives
from optlib.typing import Array

__all__ = [
    "qn_curvature",
    "qn_dennis_more",
    "qn_global",
    "qn_lbfgs",
    "qn_least_change",
    "qn_potential",
    "qn_quadratic",
    "qn_start",
]


def _growth(kappa: float) -> float:
    """The logarithm of (kappa + 1)^2 / (4 kappa)."""
    return float(np.log((condition(kappa) + 1) ** 2 / (4 * kappa)))


def qn_least_change(distance: Any, change: Any) -> Array:
    r"""The BFGS update is a projection: for every symmetric :math:`H'` with :math:`H'y = s`,
    :math:`\|H_+ - H'\|_W^2 = \|H - H'\|_W^2 - \|H_+ - H\|_W^2`, an equality, in the norm
    :math:`\|X\|_W = \|W^{1/2} X W^{1/2}\|_F` of any positive definite W with :math:`W s = y`.

    Returns the distance of :math:`H_+` from :math:`H'`, given that of H from :math:`H'` and that of H from
    :math:`H_+`. On a quadratic, with :math:`W = A` and :math:`H' = A^{-1}`, it never grows. Chapter `quasi-newton`;
    D. Goldfarb (1970), doi:10.1090/S0025-5718-1970-0258249-6.

    Raises
    ------
    ValueError
        If a distance is negative, or a change larger than its distance.

    Examples
    --------
    >>> float(ol.theory.qn_least_change(5.0, 3.0))
    4.0
    """
    distance, change = nonnegatives("distance", distance), nonnegatives("change", change)
    if not (change <= distance).all():
        raise ValueError("change must be at most distance: H_+ is the nearest matrix of its kind")
    return np.sqrt((distance - change) * (distance + change))


def qn_curvature(slope: Any, eta: Any, c2: float) -> Array:
    r"""Wolfe's second condition makes the curvature positive: with :math:`s = \eta p` and :math:`y = g_{t+1} - g_t`,
    :math:`s^\top y \ge (1 - c_2)\, \eta\, |g_t^\top p| > 0` where :math:`g_t^\top p < 0`.

    Attained where the slope has fallen to exactly :math:`c_2` times its size. Chapter `quasi-newton`; J. Nocedal,
    S. J. Wright (2006), section 6.1, doi:10.1007/978-0-387-40065-5.

    Parameters
    ----------
    slope : float or array
        :math:`g_t^\top p`, negative.
    eta : float or array
        The step size.
    c2 : float
        Wolfe's second constant, in (0, 1).

    Raises
    ------
    ValueError
        If a slope is not negative, or a step size is.

    Examples
    --------
    >>> float(ol.theory.qn_curvature(-2.0, eta=0.5, c2=0.9).round(3))
    0.1
    """
    slope, eta = checks.numeric("slope", slope), nonnegatives("eta", eta)
    if not (slope < 0).all():
        raise ValueError(f"slope must be negative, as along a descent direction, got {slope}")
    return -(1 - checks.fraction("c2", c2)) * eta * slope


def qn_quadratic(t: Any, kappa: float, n: int) -> Array:
    r"""BFGS, or L-BFGS, with exact line search on a quadratic of n variables, :math:`H_0 = \gamma I`:
    :math:`f(x_t) - f^* \le T_t\Bigl(\frac{\kappa+1}{\kappa-1}\Bigr)^{-2} (f(x_0) - f^*)` with Chebyshev's polynomial
    :math:`T_t`, and zero for :math:`t \ge n`.

    Returns the factor, :math:`1 / \cosh^2(t \ln\frac{\sqrt\kappa+1}{\sqrt\kappa-1})` for t < n. The iterates are those
    of conjugate gradients. For each t < n there is a quadratic that attains it. Chapter `quasi-newton`;
    J. Nocedal, S. J. Wright (2006), sections 5.1 and 6.3, doi:10.1007/978-0-387-40065-5.

    Examples
    --------
    >>> ol.theory.qn_quadratic(np.arange(4), kappa=4.0, n=3).round(4)
    array([1.    , 0.36  , 0.0482, 0.    ])
    """
    t, n, root = iteration(t, 0), checks.natural("n", n, least=1), np.sqrt(condition(kappa))
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        shrink = ((root - 1) / (root + 1)) ** t  # exp(-t ln ...), so that cosh cannot overflow
        return np.where(t < n, (2 * shrink / (1 + shrink**2)) ** 2, 0.0)


def qn_start(n: int, kappa: float) -> float:
    r"""How far the scaled start :math:`B_0 = \frac{y^\top y}{s^\top y} I` can be from the middle
    :math:`\sigma = (L + \mu)/2`: :math:`\psi(B_0/\sigma) - n \le n\,(-\delta - \ln(1 - \delta))`,
    :math:`\delta = \frac{\kappa-1}{\kappa+1}`, where :math:`\psi(B) = \operatorname{tr} B - \ln\det B`.

    Attained where s lies along the flattest direction. Chapter `quasi-newton`.

    Examples
    --------
    >>> round(ol.theory.qn_start(n=2, kappa=3.0), 4)  # delta = 1/2
    0.3863
    """
    delta = (condition(kappa) - 1) / (kappa + 1)
    return float(checks.natural("n", n, least=1) * (-delta - np.log1p(-delta)))


def qn_potential(t: Any, kappa: float, excess: float) -> Array:
    r"""The potential of BFGS on an L-smooth, mu-strongly convex f, whatever the steps:
    :math:`\psi(B_t/\sigma) - n + \sum_{k<t} \ln\frac{1}{\cos^2\theta_k} \le E_0 + t \ln\frac{(\kappa+1)^2}{4\kappa}`.

    :math:`\psi(B) = \operatorname{tr} B - \ln\det B \ge n`, :math:`\sigma = (L+\mu)/2`, and :math:`\theta_k` is the
    angle between :math:`s_k` and :math:`B_k s_k`. Both terms on the left are bounded by it, so the angles cannot
    approach 90 degrees in the mean. Attained at t = 1. Chapter `quasi-newton`; after R. H. Byrd, J. Nocedal (1989),
    doi:10.1137/0726042.

    Parameters
    ----------
    t : int or array
    kappa : float
    excess : float
        :math:`E_0 = \psi(B_0/\sigma) - n`, zero for :math:`B_0 = \sigma I`.

    Examples
    --------
    >>> ol.theory.qn_potential(np.arange(3), kappa=4.0, excess=1.0).round(4)
    array([1.    , 1.4463, 1.8926])
    """
    return checks.nonnegative("excess", excess) + _growth(kappa) * iteration(t, 0)


def qn_global(t: Any, kappa: float, excess: float, c1: float, c2: float) -> Array:
    r"""BFGS with Wolfe's conditions on an L-smooth, mu-strongly convex f, from any start:
    :math:`f(x_t) - f^* \le \Bigl(1 - \frac{8 c_1(1-c_2)}{(\kappa+1)^2} e^{-E_0/t}\Bigr)^t (f(x_0) - f^*)`, with
    :math:`E_0` as in :func:`qn_potential`.

    Returns the factor. For an exact line search put c1 = 1/2 and c2 = 0. It proves convergence from everywhere, and
    is no estimate of speed. Chapter `quasi-newton`; after M. J. D. Powell (1976) and R. H. Byrd, J. Nocedal (1989),
    doi:10.1137/0726042.

    Raises
    ------
    ValueError
        If t is below 1, c1 not in (0, 1), or c2 not in [0, 1).

    Examples
    --------
    >>> float(ol.theory.qn_global(1, kappa=1.0, excess=0.0, c1=0.25, c2=0.5))
    0.75
    """
    t, excess = iteration(t, 1), checks.nonnegative("excess", excess)
    a = checks.fraction("c1", c1) * (1 - checks.fraction("c2", c2, zero=True))
    return (1 - 8 * a / (condition(kappa) + 1) ** 2 * np.exp(-excess / t)) ** t


def qn_lbfgs(t: Any, kappa: float, n: int, memory: int, c1: float, c2: float) -> Array:
    r"""L-BFGS with m pairs and Wolfe's conditions on an L-smooth, mu-strongly convex f of n variables:
    :math:`f(x_t) - f^* \le \Bigl(1 - \frac{2 c_1(1-c_2)}{\kappa} e^{-E}\Bigr)^t (f(x_0) - f^*)` with
    :math:`E = n\,(-\delta - \ln(1-\delta)) + m \ln\frac{(\kappa+1)^2}{4\kappa}`, of :func:`qn_start` and
    :func:`qn_potential`.

    Returns the factor. Linear convergence from any start, with a hopeless constant. Chapter `quasi-newton`; after
    D. C. Liu, J. Nocedal (1989), doi:10.1007/BF01589116.

    Examples
    --------
    >>> float(ol.theory.qn_lbfgs(2, kappa=1.0, n=3, memory=5, c1=0.25, c2=0.5))
    0.5625
    """
    E = qn_start(n, kappa) + checks.natural("memory", memory, least=1) * _growth(kappa)
    a = checks.fraction("c1", c1) * (1 - checks.fraction("c2", c2, zero=True))
    return (1 - 2 * a / kappa * np.exp(-E)) ** iteration(t, 0)


def qn_dennis_more(ratio: Any, e: Any, e_next: Any, M: float) -> Array:
    r"""A full step :math:`s = -B^{-1} g_t` near x*, with an M-Lipschitz Hessian and :math:`A_* = \nabla^2 f(x^*)`:
    :math:`\frac{\|g_{t+1}\|}{\|s_t\|} \le r_t + \frac M2 (e_t + e_{t+1})`, where
    :math:`r_t = \|(B_t - A_*)s_t\| / \|s_t\|` and :math:`e_t = \|x_t - x^*\|`.

    So the method is superlinear once :math:`r_t \to 0`: B need be right along the steps only. Chapter `quasi-newton`;
    J. E. Dennis, J. J. More (1977), doi:10.1137/1019005.

    Examples
    --------
    >>> float(ol.theory.qn_dennis_more(0.25, e=1.0, e_next=0.5, M=2.0))
    1.75
    """
    ratio, e, e_next = nonnegatives("ratio", ratio), nonnegatives("e", e), nonnegatives("e_next", e_next)
    return ratio + checks.positive("M", M) / 2 * (e + e_next)
