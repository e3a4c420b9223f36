"""Performance profiles: many methods on many problems in one picture (chapter `comparison`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.typing import Array


def performance_profile(costs: Any, tau: Any) -> Array:
    r"""Performance profiles: on which share of the problems a method costs at most :math:`\tau` times what the best
    method there costs,

    .. math:: r_{p,s} = \frac{t_{p,s}}{\min_q t_{p,q}}, \qquad
              \rho_s(\tau) = \frac{1}{P}\,\#\{p : r_{p,s} \le \tau\}.

    :math:`\rho_s(1)` is the share of wins, ties included; for large :math:`\tau` it is the share solved. Of two methods
    that are not the best one, which is ahead may depend on who else takes part: N. Gould, J. Scott (2016),
    doi:10.1145/2950048.

    Parameters
    ----------
    costs : array of shape (P, S)
        :math:`t_{p,s} > 0`, a problem a row, a method a column; inf where the problem was not solved.
    tau : array
        :math:`\tau \ge 1`.

    Returns
    -------
    array of shape ``tau.shape + (S,)``

    Raises
    ------
    TypeError, ValueError
        If costs are no such array, or a tau is below 1.

    Notes
    -----
    Source: E. D. Dolan, J. J. Moré (2002), doi:10.1007/s101070100263.

    Examples
    --------
    >>> ol.performance_profile([[10.0, 30.0], [50.0, 20.0], [np.inf, 90.0]], [1.0, 3.0])
    array([[0.33333333, 0.66666667],
           [0.66666667, 1.        ]])
    """
    t, tau = checks.numeric("costs", costs), checks.numeric("tau", tau)
    if t.ndim != 2 or 0 in t.shape:
        raise ValueError(f"costs must have shape (problems, methods), got {t.shape}")
    if not (t > 0).all():
        raise ValueError("costs must be positive, inf where a problem was not solved")
    if not (tau >= 1).all():
        raise ValueError(f"tau must be at least 1, got {tau.min() if tau.size else tau}")
    best = t.min(axis=1, keepdims=True)
    ratios = np.divide(t, best, out=np.full_like(t, np.inf), where=np.isfinite(t))
    return np.asarray((ratios <= tau[..., None, None]).mean(axis=-2))
