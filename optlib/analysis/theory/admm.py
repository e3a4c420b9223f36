"""Theorems of the chapter `admm`."""

from __future__ import annotations

from typing import Any

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration, nonnegatives
from optlib.typing import Array

__all__ = ["dr_contraction", "dr_linear", "dr_residuals", "dr_stationarity"]


def dr_residuals(t: Any, R: float) -> Array:
    r"""ADMM on :math:`f(x) + g(z)`, x = z, with f and g closed and convex and :math:`\rho u_0 \in \partial g(z_0)`:
    :math:`\|x_t - z_t\|^2 + \|z_t - z_{t-1}\|^2 \le R^2/t`, t >= 1, with
    :math:`R^2 = \|z_0 - x^*\|^2 + \|u_0 - u^*\|^2`; the multiplier is :math:`\rho u^*`.

    From any other start put t - 1 in place of t. At most a factor of e is lost: for two lines through 0 at an angle
    with :math:`\cos^2 = 1 - 1/t` the sum is :math:`(1 - 1/t)^{t-1}R^2/t`. Chapter `admm`; B. He, X. Yuan (2015),
    doi:10.1007/s00211-014-0673-6.

    Examples
    --------
    >>> ol.theory.dr_residuals([1, 2, 4], R=2.0)
    array([4., 2., 1.])
    """
    return checks.nonnegative("R", R) ** 2 / iteration(t, 1)


def dr_contraction(rho: float, mu: float, L: float) -> float:
    r"""ADMM with f L-smooth and mu-strongly convex, g closed and convex, and :math:`\rho u \in \partial g(z)`, as after
    every step: :math:`\|z + u - x^* - u^*\|` shrinks by the factor :math:`\ell/(\ell+1)` with
    :math:`\ell = \max(L/\rho, \rho/\mu)`.

    Smallest at :math:`\rho = \sqrt{\mu L}`, where it is :math:`\sqrt\kappa/(\sqrt\kappa + 1)`. Attained for every rho:
    by a quadratic f and g = 0 if :math:`\rho \ge \sqrt{\mu L}`, else by the g that is 0 at 0 and infinite elsewhere.
    Chapter `admm`; P. Giselsson, S. Boyd (2017), doi:10.1109/TAC.2016.2564160.

    Raises
    ------
    ValueError
        If mu exceeds L.

    Examples
    --------
    >>> ol.theory.dr_contraction(3.0, mu=1.0, L=9.0)
    0.75
    """
    checks.positive("rho", rho)
    condition(checks.positive("L", L) / checks.positive("mu", mu))
    ell = max(L / rho, rho / mu)
    return float(ell / (ell + 1))


def dr_linear(t: Any, rho: float, mu: float, L: float) -> Array:
    r"""ADMM with f L-smooth and mu-strongly convex, g closed and convex, and :math:`\rho u_0 \in \partial g(z_0)`:
    :math:`\|z_t - x^*\| \le \|z_t + u_t - x^* - u^*\| \le q^t\|z_0 + u_0 - x^* - u^*\|`, t >= 0, with the q of
    :func:`dr_contraction`; returns :math:`q^t`.

    From any other start put t - 1 in place of t, and :math:`(\|z_0 - x^*\|^2 + \|u_0 - u^*\|^2)^{1/2}` for the
    distance at the start. Chapter `admm`.

    Examples
    --------
    >>> ol.theory.dr_linear(np.arange(3), rho=1.0, mu=1.0, L=1.0)
    array([1.  , 0.5 , 0.25])
    """
    return dr_contraction(rho, mu, L) ** iteration(t, 0)


def dr_stationarity(primal: Any, dual: Any, L: float) -> Array:
    r"""After a step of ADMM with f convex and L-smooth and g closed and convex, F = f + g has at z a subgradient,
    :math:`\nabla f(z) + \rho u`, at most :math:`L\|r\| + \|s\|` long, with the primal residual
    :math:`r = x - z` and the dual residual :math:`s = \rho(z - z_{\mathrm{before}})`.

    Attained by :math:`f = \tfrac L2x^2` in one dimension where r and s have the same sign. Chapter `admm`.

    Parameters
    ----------
    primal, dual : array_like
        The lengths of the residuals.
    L : float

    Raises
    ------
    ValueError
        If a length is negative.

    Examples
    --------
    >>> float(ol.theory.dr_stationarity(0.1, 0.3, L=2.0))
    0.5
    """
    return checks.positive("L", L) * nonnegatives("primal", primal) + nonnegatives("dual", dual)
