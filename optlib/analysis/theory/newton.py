"""Theorems of the chapter `newton`."""

from __future__ import annotations

from typing import Any

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration
from optlib.analysis.theory.gradient_descent import armijo_step
from optlib.typing import Array

__all__ = [
    "newton_damped",
    "newton_full_step",
    "newton_local",
    "newton_multiple_root",
    "newton_step",
]


def newton_step(e: Any, mu: float, M: float) -> Array:
    r"""One pure Newton step from the distance e to x*, where :math:`\nabla^2 f(x^*) \succeq \mu I` and the Hessian
    is M-Lipschitz: :math:`\|x_{t+1} - x^*\| \le \dfrac{M e^2}{2(\mu - M e)}` for :math:`e < \mu/M`.

    Attained at every step by :math:`f(x) = \tfrac{\mu}{2}x^2 - \tfrac{M}{6}|x|^3`. Chapter `newton`;
    Nesterov (2018), theorem 1.2.5, doi:10.1007/978-3-319-91578-4.

    Raises
    ------
    ValueError
        If an e is not below mu / M, where the theorem says nothing.

    Examples
    --------
    >>> float(ol.theory.newton_step(0.5, mu=2.0, M=2.0))
    0.25
    """
    e, mu, M = checks.numeric("e", e), checks.positive("mu", mu), checks.positive("M", M)
    if not ((e >= 0) & (M * e < mu)).all():
        raise ValueError(f"e must lie in [0, mu / M) = [0, {mu / M:.3g}), got {e}")
    return M * e**2 / (2 * (mu - M * e))


def newton_local(t: Any, e0: float, mu: float, M: float) -> Array:
    r"""Pure Newton under the assumptions of :func:`newton_step`, from :math:`e_0 = \|x_0 - x^*\| \le \mu/(2M)`:
    :math:`\|x_t - x^*\| \le \dfrac{\mu}{M}\Bigl(\dfrac{M e_0}{\mu}\Bigr)^{2^t}`, so that correct digits double.

    Chapter `newton`.

    Raises
    ------
    ValueError
        If e0 exceeds mu / (2M).

    Examples
    --------
    >>> ol.theory.newton_local(np.arange(3), e0=0.25, mu=1.0, M=2.0)
    array([0.25   , 0.125  , 0.03125])
    """
    mu, M = checks.positive("mu", mu), checks.positive("M", M)
    if checks.nonnegative("e0", e0) > mu / (2 * M):
        raise ValueError(f"e0 must be at most mu / (2M) = {mu / (2 * M):.3g}, got {e0!r}")
    return mu / M * (M * e0 / mu) ** (2.0 ** iteration(t, 0))


def newton_multiple_root(t: Any, m: int) -> Array:
    r"""Newton's root finding on :math:`F(x) = (x - x^*)^m`: :math:`|x_t - x^*| = (1 - 1/m)^t |x_0 - x^*|`, an equality.

    Returns the factor: linear convergence, with rate 1/2 at a double root. Chapter `newton`.

    Examples
    --------
    >>> float(ol.theory.newton_multiple_root(3, m=2))
    0.125
    """
    return (1 - 1 / checks.natural("m", m, least=1)) ** iteration(t, 0)


def newton_damped(t: Any, mu: float, L: float, c: float, shrink: float) -> Array:
    r"""Newton with Armijo's backtracking from step 1, :math:`\mu I \preceq \nabla^2 f \preceq L I`:
    :math:`f(x_t) - f^* \le (1 - 2c\,\eta_{\min}\,\mu/L)^t (f(x_0) - f^*)`, with
    :math:`\eta_{\min} = \min(1, 2\rho(1 - c)\mu/L)` of :func:`armijo_step`.

    Returns the factor. From any start; a worst case that the local rate of :func:`newton_local` takes over
    from. Chapter `newton`; S. Boyd, L. Vandenberghe (2004), section 9.5.3, doi:10.1017/CBO9780511804441.

    Examples
    --------
    >>> float(ol.theory.newton_damped(1, mu=1.0, L=1.0, c=0.25, shrink=0.5))
    0.625
    """
    kappa = condition(checks.positive("L", L) / checks.positive("mu", mu))
    return (1 - 2 * c * armijo_step(kappa, c, shrink, 1.0) / kappa) ** iteration(t, 0)


def newton_full_step(mu: float, M: float, c: float) -> float:
    r"""Where Armijo's backtracking lets Newton's full step through: for :math:`\nabla^2 f \succeq \mu I`, an
    M-Lipschitz Hessian and :math:`c < \tfrac12`, whenever :math:`\|p_t\| \le 3(1 - 2c)\,\mu/M`. Returns that length.

    Chapter `newton`; S. Boyd, L. Vandenberghe (2004), section 9.5.3, doi:10.1017/CBO9780511804441.

    Raises
    ------
    ValueError
        If c is not below 1/2.

    Examples
    --------
    >>> ol.theory.newton_full_step(mu=2.0, M=3.0, c=0.25)
    1.0
    """
    if checks.fraction("c", c) >= 0.5:
        raise ValueError(f"c must be below 1/2, got {c!r}")
    return 3 * (1 - 2 * c) * checks.positive("mu", mu) / checks.positive("M", M)
