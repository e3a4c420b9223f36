"""Theorems of the chapter `convexity-and-smoothness`."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import condition, nonnegatives
from optlib.typing import Array

__all__ = [
    "cs_cocoercive",
    "cs_covered",
    "cs_interpolation",
    "cs_lower",
    "cs_strong",
    "cs_unseen",
    "cs_upper",
    "distance_from_gap",
    "distance_from_gradient",
    "gap_from_distance",
    "gap_from_gradient",
]


def _curvatures(mu: float, L: float) -> tuple[float, float]:
    """0 < mu <= L."""
    mu, L = checks.positive("mu", mu), checks.positive("L", L)
    condition(L / mu)
    return mu, L


def cs_upper(d: Any, L: float) -> Array:
    r"""Descent lemma, f L-smooth: :math:`|f(y) - f(x) - \nabla f(x)^\top(y - x)| \le \tfrac{L}{2}d^2`,
    :math:`d = \|x - y\|`.

    Attained by :math:`\tfrac{L}{2}\|x\|^2`. Chapter `convexity-and-smoothness`; Nesterov (2018), section 1.2.2,
    doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.cs_upper(3.0, L=2.0))
    9.0
    """
    return checks.positive("L", L) / 2 * nonnegatives("d", d) ** 2


def cs_lower(d: Any, mu: float) -> Array:
    r"""f differentiable and mu-strongly convex:
    :math:`f(y) - f(x) - \nabla f(x)^\top(y - x) \ge \tfrac{\mu}{2}d^2`, :math:`d = \|x - y\|`.

    Attained by :math:`\tfrac{\mu}{2}\|x\|^2`. For mu = 0 it is the tangent inequality of a convex f. Chapter
    `convexity-and-smoothness`; Nesterov (2018), section 2.1.3, doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.cs_lower(3.0, mu=2.0))
    9.0
    """
    return checks.nonnegative("mu", mu) / 2 * nonnegatives("d", d) ** 2


def cs_interpolation(a: Any, L: float) -> Array:
    r"""f convex and L-smooth: :math:`f(y) - f(x) - \nabla f(x)^\top(y - x) \ge \tfrac{1}{2L}a^2`,
    :math:`a = \|\nabla f(x) - \nabla f(y)\|`.

    Attained by :math:`\tfrac{L}{2}\|x\|^2`. Chapter `convexity-and-smoothness`; Nesterov (2018), section 2.1.1,
    doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.cs_interpolation(6.0, L=2.0))
    9.0
    """
    return nonnegatives("a", a) ** 2 / (2 * checks.positive("L", L))


def cs_cocoercive(a: Any, L: float) -> Array:
    r"""Co-coercivity, f convex and L-smooth:
    :math:`(\nabla f(x) - \nabla f(y))^\top(x - y) \ge \tfrac{1}{L}a^2`, :math:`a = \|\nabla f(x) - \nabla f(y)\|`.

    Attained by every quadratic whose curvatures are 0 and L. Chapter `convexity-and-smoothness`; J.-B. Baillon,
    G. Haddad (1977), doi:10.1007/BF03007664.

    Examples
    --------
    >>> float(ol.theory.cs_cocoercive(6.0, L=2.0))
    18.0
    """
    return nonnegatives("a", a) ** 2 / checks.positive("L", L)


def cs_strong(a: Any, d: Any, mu: float, L: float) -> Array:
    r"""Co-coercivity of an L-smooth, mu-strongly convex f:
    :math:`(\nabla f(x) - \nabla f(y))^\top(x - y) \ge \dfrac{\mu L\, d^2 + a^2}{\mu + L}`,
    :math:`a = \|\nabla f(x) - \nabla f(y)\|`, :math:`d = \|x - y\|`.

    Attained by every quadratic whose curvatures are mu and L. Chapter `convexity-and-smoothness`; Nesterov (2018),
    section 2.1.3, doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> float(ol.theory.cs_strong(2.0, 1.0, mu=2.0, L=2.0))
    2.0
    """
    mu, L = _curvatures(mu, L)
    return (mu * L * nonnegatives("d", d) ** 2 + nonnegatives("a", a) ** 2) / (mu + L)


def gap_from_gradient(g: Any, mu: float, L: float) -> tuple[Array, Array]:
    r"""What :math:`g = \|\nabla f(x)\|` says of the gap, f L-smooth and mu-strongly convex:
    :math:`\tfrac{1}{2L}g^2 \le f(x) - f^* \le \tfrac{1}{2\mu}g^2`. Returns both ends.

    The upper end is the Polyak-Lojasiewicz inequality, which may stand in for strong convexity here and, with r the
    distance to the nearest minimiser, in the next two (chapter `reading-convergence`). Both ends are attained by
    quadratics, along the eigenvectors of L and of mu. Chapter `convexity-and-smoothness`; S. Boyd, L. Vandenberghe
    (2004), section 9.1.2, doi:10.1017/CBO9780511804441.

    Examples
    --------
    >>> [float(end) for end in ol.theory.gap_from_gradient(2.0, mu=1.0, L=4.0)]
    [0.5, 2.0]
    """
    (mu, L), g = _curvatures(mu, L), nonnegatives("g", g)
    return g**2 / (2 * L), g**2 / (2 * mu)


def gap_from_distance(r: Any, mu: float, L: float) -> tuple[Array, Array]:
    r"""What :math:`r = \|x - x^*\|` says of the gap, f L-smooth and mu-strongly convex:
    :math:`\tfrac{\mu}{2}r^2 \le f(x) - f^* \le \tfrac{L}{2}r^2`. Returns both ends.

    Both are attained by quadratics, along the eigenvectors of mu and of L. Chapter `convexity-and-smoothness`;
    Nesterov (2018), section 2.1.3, doi:10.1007/978-3-319-91578-4.

    Examples
    --------
    >>> [float(end) for end in ol.theory.gap_from_distance(2.0, mu=1.0, L=4.0)]
    [2.0, 8.0]
    """
    (mu, L), r = _curvatures(mu, L), nonnegatives("r", r)
    return mu / 2 * r**2, L / 2 * r**2


def distance_from_gradient(g: Any, mu: float, L: float) -> tuple[Array, Array]:
    r"""What :math:`g = \|\nabla f(x)\|` says of the distance, f L-smooth and mu-strongly convex:
    :math:`g/L \le \|x - x^*\| \le g/\mu`. Returns both ends.

    Both are attained by quadratics, along the eigenvectors of L and of mu. Chapter `convexity-and-smoothness`;
    S. Boyd, L. Vandenberghe (2004), section 9.1.2 (with a constant twice as large), doi:10.1017/CBO9780511804441.

    Examples
    --------
    >>> [float(end) for end in ol.theory.distance_from_gradient(2.0, mu=1.0, L=4.0)]
    [0.5, 2.0]
    """
    (mu, L), g = _curvatures(mu, L), nonnegatives("g", g)
    return g / L, g / mu


def distance_from_gap(gap: Any, mu: float, L: float) -> tuple[Array, Array]:
    r"""Sublevel sets, f L-smooth and mu-strongly convex, gap = :math:`f(x) - f^*`:
    :math:`\sqrt{2\,\mathrm{gap}/L} \le \|x - x^*\| \le \sqrt{2\,\mathrm{gap}/\mu}`. Returns both ends.

    The radii of a ball inside the sublevel set and of one around it; their ratio is :math:`\sqrt\kappa`. Quadratics
    reach both. Chapter `convexity-and-smoothness`.

    Examples
    --------
    >>> [float(end) for end in ol.theory.distance_from_gap(2.0, mu=1.0, L=4.0)]
    [1.0, 2.0]
    """
    (mu, L), gap = _curvatures(mu, L), nonnegatives("gap", gap)
    return np.sqrt(2 * gap / L), np.sqrt(2 * gap / mu)


def cs_unseen(N: int, delta: float) -> float:
    r"""What N independent samples without a violation say: unless an event of probability below delta has occurred,
    the share p of violations, in the distribution that was sampled, is at most :math:`1 - \delta^{1/N}`.

    For a larger p the chance :math:`(1-p)^N` to see none is below delta. The bound is at most
    :math:`\ln(1/\delta)/N`, about 3/N for delta = 0.05. Chapter `convexity-and-smoothness`.

    Examples
    --------
    >>> round(ol.theory.cs_unseen(1000, delta=0.05), 5)
    0.00299
    """
    return float(-np.expm1(np.log(checks.fraction("delta", delta)) / checks.natural("N", N, least=1)))


def cs_covered(least: float, M: float, r: float) -> float:
    r"""A lower bound of the curvature on a whole set from samples, for an M-Lipschitz Hessian: if every point of C lies
    within r of a sample and all eigenvalues of the Hessian at the samples are at least ``least``, then
    :math:`\nabla^2 f(x) \succeq (\text{least} - M r)\,I` for all x in C.

    Attained by :math:`\tfrac{M}{6}|x|^3`, sampled at -r and r. Chapter `convexity-and-smoothness`.

    Examples
    --------
    >>> ol.theory.cs_covered(0.5, M=2.0, r=0.125)
    0.25
    """
    return checks.real("least", least) - checks.nonnegative("M", M) * checks.nonnegative("r", r)
