"""Rates and orders, measured from a sequence of errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.typing import Array


def _errors(errors: Any, least: int) -> Array:
    """The errors as an array; what lies below 1e-14 of the first is rounding, and is cut off with all after it."""
    e = checks.vector("errors", errors)
    if (e < 0).any():
        raise ValueError("errors must not be negative: take absolute values or norms")
    small = np.flatnonzero(e <= 1e-14 * e[0])
    e = e[: small[0]] if small.size else e
    if e.size < least:
        raise ValueError(f"errors must hold at least {least} values above 1e-14 of the first, got {e.size}")
    return e


def observed_rate(errors: Any) -> float:
    r"""The factor r of linear convergence, :math:`e_t \approx C r^t`, from the second half of the errors.

    The slope of a least-squares line through :math:`\log e_t`, over the second half of the errors that are
    above rounding, so that the first steps do not count.

    Parameters
    ----------
    errors : array of shape (T,)
        At least four positive errors, one an iteration: distances, or gaps of f.

    Raises
    ------
    ValueError
        If an error is negative, or fewer than four are above rounding.

    Examples
    --------
    >>> round(ol.observed_rate(0.5 ** np.arange(20)), 12)
    0.5
    """
    e = _errors(errors, 4)
    tail = np.log(e[e.size // 2 :])
    return float(np.exp(np.polyfit(np.arange(tail.size), tail, 1)[0]))


def observed_order(errors: Any) -> float:
    r"""The order q of convergence, :math:`e_{t+1} \approx C e_t^q`, from the last three errors.

    .. math:: q = \frac{\log(e_{t+1}/e_t)}{\log(e_t/e_{t-1})}

    with the last three errors above rounding: 1 is linear convergence, 2 quadratic.

    Parameters
    ----------
    errors : array of shape (T,)
        At least three positive errors, one an iteration.

    Raises
    ------
    ValueError
        If an error is negative, fewer than three are above rounding, or they do not fall.

    Examples
    --------
    >>> round(ol.observed_order([0.1, 0.01, 0.0001]), 12)
    2.0
    """
    before, here, after = _errors(errors, 3)[-3:]
    if not after < here < before:
        raise ValueError(f"errors must fall at the end, got {before:.3g}, {here:.3g}, {after:.3g}")
    return float(np.log(after / here) / np.log(here / before))
