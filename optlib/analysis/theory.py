r"""One function for each theorem of the course: the bound at iteration t.

``t`` may be a number or an array of iterations; the bound has its shape. The chapters plot these functions, and
the tests assert them at every iterate. Symbols: L (smoothness), mu (strong convexity), kappa = L / mu,
R = :math:`\|x_0 - x^*\|`, gap = :math:`f(x_0) - f^*`, M (Lipschitz constant of the Hessian).
"""

from __future__ import annotations

from typing import Any

from optlib import checks
from optlib.typing import Array


def _iteration(t: Any, least: int) -> Array:
    t = checks.numeric("t", t)
    if not (t >= least).all():
        raise ValueError(f"t must be at least {least}, got {t.min() if t.size else t}")
    return t


def _condition(kappa: float) -> float:
    if checks.real("kappa", kappa) < 1:
        raise ValueError(f"kappa = L / mu must be at least 1, got {kappa!r}")
    return float(kappa)


def gd_decrease(eta: float, L: float) -> float:
    r"""Descent lemma: :math:`f(x) - f(x - \eta\nabla f(x)) \ge \eta(1 - \tfrac{L\eta}{2})\,\|\nabla f(x)\|^2`.

    Returns the factor :math:`\eta(1 - L\eta/2)`, positive for 0 < eta < 2/L and largest, 1/(2L), at 1/L.
    For every L-smooth f. Chapter `gradient-descent`; Nesterov (2018), section 1.2.3,
    doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> ol.theory.gd_decrease(0.25, L=4.0)
    0.125
    """
    eta, L = checks.positive("eta", eta), checks.positive("L", L)
    return eta * (1 - L * eta / 2)


def gd_convex(t: Any, L: float, R: float) -> Array:
    r"""Gradient descent with step 1/L, f convex and L-smooth: :math:`f(x_t) - f^* \le L R^2 / (2t)`, t >= 1.

    Chapter `gradient-descent`; a sharper constant is in :func:`gd_convex_sharp`.

    Examples
    --------
    >>> float(ol.theory.gd_convex(10, L=2.0, R=3.0))
    0.9
    """
    return checks.positive("L", L) * checks.nonnegative("R", R) ** 2 / (2 * _iteration(t, 1))


def gd_convex_sharp(t: Any, L: float, R: float) -> Array:
    r"""The sharp form of :func:`gd_convex`: :math:`f(x_t) - f^* \le L R^2 / (4t + 2)`, t >= 0.

    Attained at t = N by :class:`optlib.Huber1D` with delta = R / (2N + 1), started at R. Y. Drori, M. Teboulle
    (2014), theorem 3.1, doi:10.1007/s10107-013-0653-0. Chapter `gradient-descent`.

    Examples
    --------
    >>> float(ol.theory.gd_convex_sharp(0, L=2.0, R=3.0))  # L-smoothness at x_0
    9.0
    """
    return checks.positive("L", L) * checks.nonnegative("R", R) ** 2 / (4 * _iteration(t, 0) + 2)


def gd_strongly_convex(t: Any, kappa: float) -> Array:
    r"""Step 2/(L + mu), f mu-strongly convex and L-smooth:
    :math:`\|x_t - x^*\| \le \bigl(\tfrac{\kappa-1}{\kappa+1}\bigr)^t R`; returns the factor of R.

    Attained on quadratics, from a start in the space of the extreme eigenvectors. Chapter `gradient-descent`;
    Nesterov (2018), theorem 2.1.15, doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.gd_strongly_convex(2, kappa=3.0))
    0.25
    """
    kappa = _condition(kappa)
    return ((kappa - 1) / (kappa + 1)) ** _iteration(t, 0)


def gd_exact_line_search(t: Any, kappa: float) -> Array:
    r"""Exact line search on a quadratic with :math:`\mu I \preceq A \preceq L I`:
    :math:`f(x_t) - f^* \le \bigl(\tfrac{\kappa-1}{\kappa+1}\bigr)^{2t} (f(x_0) - f^*)`; returns the factor.

    Attained on diag(mu, L) from (1/mu, 1/L). Chapter `gradient-descent`; J. Nocedal,
    S. J. Wright (2006), theorem 3.3, doi:10.1007/978-0-387-40065-5.

    Examples
    --------
    >>> float(ol.theory.gd_exact_line_search(1, kappa=3.0))
    0.25
    """
    return gd_strongly_convex(2 * _iteration(t, 0), kappa)


def gd_nonconvex(t: Any, L: float, gap: float) -> Array:
    r"""Step 1/L, f L-smooth and bounded below by f*, convex or not:
    :math:`\min_{k<t}\|\nabla f(x_k)\|^2 \le 2L(f(x_0) - f^*)/t`, t >= 1.

    Chapter `gradient-descent`; Nesterov (2018), section 1.2.3, doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.gd_nonconvex(4, L=2.0, gap=3.0))
    3.0
    """
    return 2 * checks.positive("L", L) * checks.nonnegative("gap", gap) / _iteration(t, 1)


def armijo_step(L: float, c: float, shrink: float, start: float) -> float:
    r"""The least step size that Armijo's backtracking accepts along :math:`-\nabla f`, for an L-smooth f:
    :math:`\eta \ge \min\bigl(s,\ 2\rho(1 - c)/L\bigr)`, s the start and rho the shrink factor.

    Along Newton's direction it holds with L / mu in place of L. Chapters `gradient-descent` and `newton`;
    J. Nocedal, S. J. Wright (2006), section 3.1, doi:10.1007/978-0-387-40065-5.

    Examples
    --------
    >>> ol.theory.armijo_step(L=4.0, c=0.5, shrink=0.5, start=1.0)
    0.125
    """
    c, shrink = checks.fraction("c", c), checks.fraction("shrink", shrink)
    return min(checks.positive("start", start), 2 * shrink * (1 - c) / checks.positive("L", L))


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
    return mu / M * (M * e0 / mu) ** (2.0 ** _iteration(t, 0))


def newton_multiple_root(t: Any, m: int) -> Array:
    r"""Newton's root finding on :math:`F(x) = (x - x^*)^m`: :math:`|x_t - x^*| = (1 - 1/m)^t |x_0 - x^*|`, an equality.

    Returns the factor: linear convergence, with rate 1/2 at a double root. Chapter `newton`.

    Examples
    --------
    >>> float(ol.theory.newton_multiple_root(3, m=2))
    0.125
    """
    return (1 - 1 / checks.natural("m", m, least=1)) ** _iteration(t, 0)


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
    kappa = _condition(checks.positive("L", L) / checks.positive("mu", mu))
    return (1 - 2 * c * armijo_step(kappa, c, shrink, 1.0) / kappa) ** _iteration(t, 0)


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
