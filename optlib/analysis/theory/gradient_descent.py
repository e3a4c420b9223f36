"""Theorems of the chapter `gradient-descent`."""

from __future__ import annotations

from typing import Any

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration
from optlib.typing import Array

__all__ = [
    "armijo_step",
    "gd_convex",
    "gd_convex_sharp",
    "gd_decrease",
    "gd_exact_line_search",
    "gd_nonconvex",
    "gd_strongly_convex",
]


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
    return checks.positive("L", L) * checks.nonnegative("R", R) ** 2 / (2 * iteration(t, 1))


def gd_convex_sharp(t: Any, L: float, R: float) -> Array:
    r"""The sharp form of :func:`gd_convex`: :math:`f(x_t) - f^* \le L R^2 / (4t + 2)`, t >= 0.

    Attained at t = N by :class:`optlib.Huber1D` with delta = R / (2N + 1), started at R. Y. Drori, M. Teboulle
    (2014), theorem 3.1, doi:10.1007/s10107-013-0653-0. Chapter `gradient-descent`.

    Examples
    --------
    >>> float(ol.theory.gd_convex_sharp(0, L=2.0, R=3.0))  # L-smoothness at x_0
    9.0
    """
    return checks.positive("L", L) * checks.nonnegative("R", R) ** 2 / (4 * iteration(t, 0) + 2)


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
    kappa = condition(kappa)
    return ((kappa - 1) / (kappa + 1)) ** iteration(t, 0)


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
    return gd_strongly_convex(2 * iteration(t, 0), kappa)


def gd_nonconvex(t: Any, L: float, gap: float) -> Array:
    r"""Step 1/L, f L-smooth and bounded below by f*, convex or not:
    :math:`\min_{k<t}\|\nabla f(x_k)\|^2 \le 2L(f(x_0) - f^*)/t`, t >= 1.

    Chapter `gradient-descent`; Nesterov (2018), section 1.2.3, doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.gd_nonconvex(4, L=2.0, gap=3.0))
    3.0
    """
    return 2 * checks.positive("L", L) * checks.nonnegative("gap", gap) / iteration(t, 1)


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
