"""Theorems of the chapter `projected-gradient`; its other bounds are gradient descent's."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import iteration
from optlib.analysis.theory.reading_convergence import rc_rate
from optlib.typing import Array

__all__ = ["pg_contraction"]


def pg_contraction(t: Any, eta: float, mu: float, L: float) -> Array:
    r"""Projected gradient with step eta on a closed convex set, f mu-strongly convex and L-smooth:
    :math:`\|x_t - x^*\| \le q^t R` with :math:`q = \max(|1 - \eta\mu|, |1 - \eta L|)`; returns the factor of R.

    Below 1 for 0 < eta < 2/L, and least, :math:`(\kappa-1)/(\kappa+1)`, at 2/(L + mu). Attained on quadratics whose
    iterates stay inside the set. Chapter `projected-gradient`; A. B. Taylor, J. M. Hendrickx, F. Glineur (2018),
    doi:10.1007/s10957-018-1298-1.

    Raises
    ------
    ValueError
        If mu exceeds L.

    Examples
    --------
    >>> ol.theory.pg_contraction(np.arange(3), eta=0.5, mu=1.0, L=2.0)
    array([1.  , 0.5 , 0.25])
    """
    return np.power(rc_rate(eta, checks.positive("mu", mu), L), iteration(t, 0))
