"""Theorems of the chapter `gradients-and-hessians`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import nonnegatives, positives
from optlib.typing import Array

__all__ = [
    "gh_central_difference",
    "gh_central_step",
    "gh_complex_step",
    "gh_curvature",
    "gh_forward_difference",
    "gh_forward_step",
    "gh_gradient_model",
    "gh_linear_model",
    "gh_quadratic_model",
    "gh_slope",
]


def gh_slope(angle: Any, norm: float) -> Array:
    r"""The slope along a unit vector u at this angle from the gradient: :math:`D_u f(x) = \|\nabla f(x)\|\cos\theta`.

    ``norm`` is :math:`\|\nabla f(x)\|`. For every f that is differentiable at x; largest at 0 alone, smallest at
    :math:`\pi` alone, if the gradient is not 0. Chapter `gradients-and-hessians`; J. Nocedal, S. J. Wright (2006),
    section 2.2, doi:10.1007/978-0-387-40065-5.

    Examples
    --------
    >>> ol.theory.gh_slope(np.array([0.0, np.pi]), norm=5.0)
    array([ 5., -5.])
    """
    return checks.nonnegative("norm", norm) * np.cos(checks.numeric("angle", angle))


def gh_curvature(angle: Any, smallest: float, largest: float) -> Array:
    r"""The curvature along a unit vector u in the plane of orthonormal eigenvectors to the smallest and the largest
    eigenvalue of a symmetric H: :math:`u^\top H u = \lambda_{\max}\cos^2\theta + \lambda_{\min}\sin^2\theta`.

    The angle is that from the eigenvector of the largest. Every other unit vector, too, has a curvature between the
    values at 0 and at :math:`\pi/2` (Rayleigh quotient). Chapter `gradients-and-hessians`; R. A. Horn, C. R. Johnson
    (2012), section 4.2, doi:10.1017/CBO9781139020411.

    Raises
    ------
    ValueError
        If ``smallest`` exceeds ``largest``.

    Examples
    --------
    >>> ol.theory.gh_curvature(np.array([0.0, np.pi / 4]), smallest=-1.0, largest=3.0)
    array([3., 1.])
    """
    if checks.real("smallest", smallest) > checks.real("largest", largest):
        raise ValueError(f"smallest must be at most largest = {largest!r}, got {smallest!r}")
    return smallest + (largest - smallest) * np.cos(checks.numeric("angle", angle)) ** 2


def gh_linear_model(distance: Any, L: float) -> Array:
    r"""Error of the linear model of an L-smooth f:
    :math:`|f(x+\Delta) - f(x) - \nabla f(x)^\top\Delta| \le \frac{L}{2}\|\Delta\|^2`.

    ``distance`` is :math:`\|\Delta\|`. Attained by :math:`\frac L2\|x\|^2`. Chapters `gradients-and-hessians` and
    `convexity-and-smoothness` (descent lemma); Nesterov (2018), section 1.2.2, doi:10.1007/978-3-319-91578-4.

    Raises
    ------
    ValueError
        If a distance is negative.

    Examples
    --------
    >>> float(ol.theory.gh_linear_model(0.5, L=4.0))
    0.5
    """
    return checks.positive("L", L) / 2 * nonnegatives("distance", distance) ** 2


def gh_gradient_model(distance: Any, M: float) -> Array:
    r"""Error of the linear model of the gradient, for an M-Lipschitz Hessian:
    :math:`\|\nabla f(x+\Delta) - \nabla f(x) - \nabla^2 f(x)\Delta\| \le \frac{M}{2}\|\Delta\|^2`.

    Attained at x = 0 by :math:`\frac M6|x|^3`. Chapter `gradients-and-hessians`; Nesterov (2018), section 1.2.2,
    doi:10.1007/978-3-319-91578-4.

    Raises
    ------
    ValueError
        If a distance is negative.

    Examples
    --------
    >>> float(ol.theory.gh_gradient_model(0.5, M=4.0))
    0.5
    """
    return checks.positive("M", M) / 2 * nonnegatives("distance", distance) ** 2


def gh_quadratic_model(distance: Any, M: float) -> Array:
    r"""Error of the quadratic model :math:`m_x(\Delta)`, for an M-Lipschitz Hessian:
    :math:`|f(x+\Delta) - m_x(\Delta)| \le \frac{M}{6}\|\Delta\|^3`.

    Attained at x = 0 by :math:`\frac M6|x|^3`. Chapter `gradients-and-hessians`; Nesterov (2018), section 1.2.2,
    doi:10.1007/978-3-319-91578-4.

    Raises
    ------
    ValueError
        If a distance is negative.

    Examples
    --------
    >>> float(ol.theory.gh_quadratic_model(0.5, M=12.0))
    0.25
    """
    return checks.positive("M", M) / 6 * nonnegatives("distance", distance) ** 3


def gh_forward_difference(h: Any, L: float, delta: float) -> Array:
    r"""Error of a forward difference of values that are wrong by at most delta:
    :math:`\bigl|\frac{\hat f(x+h) - \hat f(x)}{h} - f'(x)\bigr| \le \frac{Lh}{2} + \frac{2\delta}{h}`.

    f has an L-Lipschitz derivative on [x, x+h] and :math:`|\hat f - f| \le \delta` at both points; the points, the
    subtraction and the division are exact. Attained by :math:`\frac L2x^2` with errors :math:`+\delta` at x + h and
    :math:`-\delta` at x. Chapter `gradients-and-hessians`; J. Nocedal, S. J. Wright (2006), section 8.1,
    doi:10.1007/978-0-387-40065-5.

    Raises
    ------
    ValueError
        If an h is not positive.

    Examples
    --------
    >>> float(ol.theory.gh_forward_difference(0.5, L=2.0, delta=0.125))
    1.0
    """
    h = positives("h", h)
    return checks.positive("L", L) * h / 2 + 2 * checks.nonnegative("delta", delta) / h


def gh_forward_step(L: float, delta: float) -> float:
    r"""The h that makes :func:`gh_forward_difference` smallest, :math:`2\sqrt{\delta/L}`; the bound there is
    :math:`2\sqrt{L\delta}`.

    Chapter `gradients-and-hessians`.

    Examples
    --------
    >>> ol.theory.gh_forward_step(L=1.0, delta=0.25)
    1.0
    """
    return 2 * math.sqrt(checks.positive("delta", delta) / checks.positive("L", L))


def gh_central_difference(h: Any, M: float, delta: float) -> Array:
    r"""Error of a central difference of values that are wrong by at most delta:
    :math:`\bigl|\frac{\hat f(x+h) - \hat f(x-h)}{2h} - f'(x)\bigr| \le \frac{Mh^2}{6} + \frac{\delta}{h}`.

    f has an M-Lipschitz second derivative on [x-h, x+h]; the rest as for :func:`gh_forward_difference`. Attained by
    :math:`\frac M6x^3` with errors :math:`\pm\delta`. Chapter `gradients-and-hessians`; J. Nocedal, S. J. Wright
    (2006), section 8.1, doi:10.1007/978-0-387-40065-5.

    Raises
    ------
    ValueError
        If an h is not positive.

    Examples
    --------
    >>> float(ol.theory.gh_central_difference(0.5, M=12.0, delta=0.25))
    1.0
    """
    h = positives("h", h)
    return checks.positive("M", M) * h**2 / 6 + checks.nonnegative("delta", delta) / h


def gh_central_step(M: float, delta: float) -> float:
    r"""The h that makes :func:`gh_central_difference` smallest, :math:`(3\delta/M)^{1/3}`; the bound there is
    :math:`\frac12(9M\delta^2)^{1/3}`.

    Chapter `gradients-and-hessians`.

    Examples
    --------
    >>> round(ol.theory.gh_central_step(M=3.0, delta=0.125), 12)
    0.5
    """
    return float(np.cbrt(3 * checks.positive("delta", delta) / checks.positive("M", M)))


def gh_complex_step(h: Any, M: float) -> Array:
    r"""Error of the complex step, before rounding: :math:`\bigl|\frac{\mathrm{Im} f(x + ih)}{h} - f'(x)\bigr| \le
    \frac{Mh^2}{6}`.

    f is analytic in a region that holds the segment from x to x + ih, real on the real axis, and
    :math:`|\mathrm{Re} f'''| \le M` on the segment. Attained by :math:`\frac M6x^3`. Chapter `gradients-and-hessians`;
    W. Squire, G. Trapp (1998), doi:10.1137/S003614459631241X.

    Raises
    ------
    ValueError
        If an h is not positive.

    Examples
    --------
    >>> float(ol.theory.gh_complex_step(0.5, M=12.0))
    0.5
    """
    return checks.positive("M", M) * positives("h", h) ** 2 / 6
