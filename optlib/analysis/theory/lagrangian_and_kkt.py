r"""Theorems of the chapter `lagrangian-and-kkt`: min f(x) subject to :math:`g_j(x) \le 0` and :math:`h_k(x) = 0`."""

from __future__ import annotations

from typing import Any

from optlib import checks
from optlib.analysis.theory._arguments import iteration, nonnegatives, positives
from optlib.typing import Array

__all__ = ["kkt_dual_bound", "kkt_multiplier_step", "kkt_multipliers", "kkt_price"]


def kkt_dual_bound(value: Any, stationarity: Any, mu: float) -> Array:
    r"""A lower bound on the constrained minimum from any x, feasible or not, and any multipliers with
    :math:`\lambda \ge 0`: :math:`p^* \ge d(\lambda, \nu) \ge L(x, \lambda, \nu) - \frac{1}{2\mu}
    \|\nabla_x L(x, \lambda, \nu)\|^2`.

    f is mu-strongly convex, the :math:`g_j` are convex and the :math:`h_k` affine, all of them differentiable. At a
    KKT point it is :math:`p^*`. The second inequality is attained by :math:`f(x) = \frac\mu2\|x\|^2 - b^\top x` with
    affine constraints. Chapter `lagrangian-and-kkt`; S. Boyd, L. Vandenberghe (2004), sections 5.2 and 9.1,
    doi:10.1017/CBO9780511804441.

    Parameters
    ----------
    value : float or array
        :math:`L(x, \lambda, \nu)`.
    stationarity : float or array
        :math:`\|\nabla_x L(x, \lambda, \nu)\|`, the first of the four :func:`optlib.kkt_residuals`.
    mu : float

    Raises
    ------
    ValueError
        If a stationarity is negative.

    Examples
    --------
    >>> f, g = ol.Quadratic([2.0], [2.0]), ol.Problem(lambda x: float(x[0]), jac=lambda x: np.ones(1))
    >>> L = ol.Lagrangian(f, ineq=g)  # the minimum of x^2 - 2x over x <= 0 is 0
    >>> [float(ol.theory.kkt_dual_bound(L([-1.0], lam), L.residuals([-1.0], lam)[0], mu=2.0)) for lam in (1.0, 2.0)]
    [-0.25, 0.0]
    """
    r = nonnegatives("stationarity", stationarity)
    return checks.numeric("value", value) - r**2 / (2 * checks.positive("mu", mu))


def kkt_price(u: Any, minimum: float, lam: Any) -> Array:
    r"""What other levels of the constraints can be worth: the minimum :math:`p(u)` of f subject to
    :math:`g_j(x) \le u_j` satisfies :math:`p(u) \ge p(0) - \lambda^\top u` for all u.

    :math:`\lambda` are multipliers without a duality gap, such as those of a KKT point of a convex problem. An equality
    :math:`h_k(x) = v_k` counts as one more entry of u, with its :math:`\nu_k` of either sign. Attained at u = 0, and
    by linear f and g. Where p is differentiable, :math:`\nabla p(0) = -\lambda`. Chapter `lagrangian-and-kkt`;
    S. Boyd, L. Vandenberghe (2004), section 5.6, doi:10.1017/CBO9780511804441.

    Parameters
    ----------
    u : array of shape (..., m)
        Changes of the m levels.
    minimum : float
        p(0).
    lam : array of shape (m,)
        The multipliers.

    Raises
    ------
    ValueError
        If ``lam`` is no vector, or the last axis of u has not its length.

    Examples
    --------
    >>> ol.theory.kkt_price([[1.0, 0.0], [-1.0, 2.0]], minimum=5.0, lam=[2.0, 0.5])
    array([3., 6.])
    """
    u, lam = checks.numeric("u", u), checks.vector("lam", lam)
    if u.shape[-1:] != lam.shape:
        raise ValueError(f"u must have shape (..., {lam.size}), one change a multiplier, got {u.shape}")
    return checks.real("minimum", minimum) - u @ lam


def kkt_multipliers(t: Any, rho: float, s: float) -> Array:
    r"""The method of multipliers on :math:`\frac12x^\top Ax - b^\top x`, A positive definite, subject to Bx = c, with
    exact minimisation and fixed rho: :math:`\|\nu_t - \nu^*\| \le (1 + \rho s)^{-t}\, \|\nu_0 - \nu^*\|`.

    Returns the factor. s > 0 is the smallest eigenvalue of :math:`S = BA^{-1}B^\top`; precisely
    :math:`\nu_{t+1} - \nu^* = (I + \rho S)^{-1}(\nu_t - \nu^*)`. Attained along the eigenvector of s. Chapter
    `lagrangian-and-kkt`; D. P. Bertsekas (1982), chapter 2.

    Examples
    --------
    >>> ol.theory.kkt_multipliers(np.arange(3), rho=6.0, s=0.5)
    array([1.    , 0.25  , 0.0625])
    """
    return (1 + checks.positive("rho", rho) * checks.positive("s", s)) ** -iteration(t, 0)


def kkt_multiplier_step(e: Any, error: Any, rho: Any, s: float) -> Array:
    r"""One step of :func:`kkt_multipliers` with inexact minimisation, and any rho:
    :math:`\|\nu_{t+1} - \nu^*\| \le \frac{\|\nu_t - \nu^*\| + \rho\,\|BA^{-1}\delta_t\|}{1 + \rho s}`, where
    :math:`\delta_t` is the gradient of :math:`L_\rho` in x that is left at :math:`x_{t+1}`.

    Attained along the eigenvector of s, where both terms point the same way. Chapter `lagrangian-and-kkt`.

    Parameters
    ----------
    e : float or array
        :math:`\|\nu_t - \nu^*\|`.
    error : float or array
        :math:`\|BA^{-1}\delta_t\|`, or a bound on it.
    rho : float or array
        :math:`\rho_t > 0`.
    s : float
        The smallest eigenvalue of :math:`BA^{-1}B^\top`.

    Raises
    ------
    ValueError
        If ``e`` or ``error`` is negative, or a rho not positive.

    Examples
    --------
    >>> float(ol.theory.kkt_multiplier_step(1.0, error=0.5, rho=2.0, s=1.5))
    0.5
    """
    e, error, rho = nonnegatives("e", e), nonnegatives("error", error), positives("rho", rho)
    return (e + rho * error) / (1 + rho * checks.positive("s", s))
