"""Theorems of the chapter `trust-region`."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import nonnegatives, positives
from optlib.typing import Array

__all__ = ["tr_cauchy", "tr_iterations", "tr_radius"]


def tr_cauchy(g: Any, H: Any, radius: Any) -> Array:
    r"""What the Cauchy point gains in the model, with :math:`\|g\|` as ``g`` and :math:`\|H\|` as ``H``:
    :math:`m(0) - m(p_C) \ge \tfrac12 \|g\| \min\bigl(\Delta, \|g\|/\|H\|\bigr)`, the minimum being
    :math:`\Delta` where H = 0.

    Dogleg, truncated conjugate gradients and the exact step gain at least as much. Attained by
    :math:`H = \|H\| I` for :math:`\Delta \ge \|g\|/\|H\|`. Chapter `trust-region`; J. Nocedal, S. J. Wright (2006),
    lemma 4.3, doi:10.1007/978-0-387-40065-5.

    Raises
    ------
    ValueError
        If a norm is negative or a radius not positive.

    Examples
    --------
    >>> float(ol.theory.tr_cauchy(2.0, H=4.0, radius=3.0))
    0.5
    """
    g, H, radius = np.broadcast_arrays(nonnegatives("g", g), nonnegatives("H", H), positives("radius", radius))
    newton = np.divide(g, H, out=np.full(g.shape, np.inf), where=H > 0)
    return 0.5 * g * np.minimum(radius, newton)


def tr_radius(eps: float, L: float, radius: float) -> float:
    r"""The radius of :class:`~optlib.TrustRegion` never falls below :math:`\min\bigl(\Delta_0,
    \tfrac{3\varepsilon}{32L}\bigr)` while all gradients are longer than eps, for :math:`\|\nabla^2 f\| \le L`.

    ``radius`` is :math:`\Delta_0`. Chapter `trust-region`, for these rules of the radius; the idea is that of M. J. D.
    Powell, see A. R. Conn, N. I. M. Gould, P. L. Toint (2000), section 6.4, doi:10.1137/1.9780898719857.

    Examples
    --------
    >>> ol.theory.tr_radius(0.32, L=1.0, radius=1.0)
    0.03
    """
    eps, L, radius = checks.positive("eps", eps), checks.positive("L", L), checks.positive("radius", radius)
    return min(radius, 3 * eps / (32 * L))


def tr_iterations(eps: float, gap: float, L: float, radius: float) -> float:
    r"""How many iterations of :class:`~optlib.TrustRegion` can have :math:`\|g_t\| > \varepsilon`, for f with
    :math:`\|\nabla^2 f\| \le L` and :math:`f(x_0) - f \le` ``gap``: at most

    .. math:: \frac{12\,(f(x_0) - f^*)}{\varepsilon\,\Delta_{\min}} + \frac12 \log_2\frac{\Delta_0}{\Delta_{\min}},
              \qquad \Delta_{\min} = \min\Bigl(\Delta_0, \frac{3\varepsilon}{32L}\Bigr),

    counted from the start without a gap, so that then :math:`\min_{k\le t}\|g_k\| \le \varepsilon`. For small eps the
    first term is :math:`128\,L\,(f(x_0) - f^*)/\varepsilon^2`.

    Chapter `trust-region`, for these rules of the radius. The order :math:`\varepsilon^{-2}` cannot be improved, not
    even for Newton's method where it takes all its steps: C. Cartis, N. I. M. Gould, P. L. Toint (2010),
    doi:10.1137/090774100.

    Examples
    --------
    >>> float(ol.theory.tr_iterations(0.75, gap=1.0, L=1.125, radius=0.0625))
    256.0
    """
    least = tr_radius(eps, L, radius)
    gap = checks.nonnegative("gap", gap)
    return float(12 * gap / (eps * least) + 0.5 * np.log2(radius / least))
