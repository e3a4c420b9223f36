"""Theorems of the chapter `comparison`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import at_least
from optlib.typing import Array

__all__ = ["cm_flops", "cm_median_interval", "cm_numbers", "cm_profile_area", "cm_random_search"]

# (operations of a step, numbers kept), as functions of d and of the memory m of L-BFGS
COUNTS: dict[str, tuple[Callable[[int, int], float], Callable[[int, int], float]]] = {
    "GradientDescent": (lambda d, m: 2 * d, lambda d, m: d),
    "SGD": (lambda d, m: 2 * d, lambda d, m: d),
    "HeavyBall": (lambda d, m: 4 * d, lambda d, m: 2 * d),
    "Nesterov": (lambda d, m: 6 * d, lambda d, m: 2 * d),
    "AdaGrad": (lambda d, m: 7 * d, lambda d, m: 2 * d),
    "RMSProp": (lambda d, m: 9 * d, lambda d, m: 2 * d),
    "Adam": (lambda d, m: 13 * d, lambda d, m: 3 * d),
    "AdamW": (lambda d, m: 15 * d, lambda d, m: 3 * d),
    "Newton": (lambda d, m: 2 * d**3 / 3, lambda d, m: d**2 + d),
    "LBFGS": (lambda d, m: 12 * m * d, lambda d, m: (2 * m + 2) * d),
    "ProximalGradient": (lambda d, m: 6 * d, lambda d, m: d),
    "ADMM": (lambda d, m: 2 * d**2, lambda d, m: d**2 + 3 * d),
}


def _counts(method: str, d: int, memory: int) -> tuple[float, float]:
    if method not in COUNTS:
        raise ValueError(f"method must be one of {sorted(COUNTS)}, got {method!r}")
    d, memory = checks.natural("d", d, least=1), checks.natural("memory", memory, least=1)
    operations, numbers = COUNTS[method]
    return float(operations(d, memory)), float(numbers(d, memory))


def cm_flops(method: str, d: int, memory: int = 10) -> float:
    r"""How many additions, multiplications, divisions, roots and comparisons one step of a method makes in d variables,
    beside the evaluation of the objective and its derivatives and the norm that is compared with ``tol``.

    With constant step sizes. Exact for the methods that work coordinate by coordinate (``ProximalGradient`` with
    :class:`~optlib.penalties.L1`); the terms of highest order for ``LBFGS`` (with ``memory`` pairs), ``Newton`` (dense
    elimination, :math:`\tfrac23 d^3`) and ``ADMM`` (on a dense quadratic, after the factorisation of
    :math:`\tfrac13 d^3` that all steps share). Chapter `comparison`; elimination: G. H. Golub, C. F. Van Loan (2013),
    Matrix Computations, fourth edition, section 3.2.

    Raises
    ------
    TypeError, ValueError
        If the method is not in the list, or a number not a positive integer.

    Examples
    --------
    >>> ol.theory.cm_flops("Adam", d=1000), ol.theory.cm_flops("Newton", d=1000)
    (13000.0, 666666666.6666666)
    """
    return _counts(method, d, memory)[0]


def cm_numbers(method: str, d: int, memory: int = 10) -> float:
    """How many numbers a method holds from one step to the next: what must be stored to go on after a break.

    For ``Newton`` the numbers held within a step, the Hessian being overwritten by its factors; for ``ADMM`` with the
    factor of a dense quadratic in a square array. To the highest order in d for ``LBFGS``. Chapter `comparison`.

    Raises
    ------
    TypeError, ValueError
        As :func:`cm_flops`.

    Examples
    --------
    >>> ol.theory.cm_numbers("Adam", d=1000), ol.theory.cm_numbers("LBFGS", d=1000, memory=5)
    (3000.0, 12000.0)
    """
    return _counts(method, d, memory)[1]


def cm_profile_area(first: Any, second: Any) -> float:
    r"""The area between the performance profiles of two methods over :math:`\log\tau`, whoever else is in the profile:

    .. math:: \int_1^\infty \bigl(\rho_s(\tau) - \rho_q(\tau)\bigr) \frac{d\tau}{\tau}
              = \frac{1}{P} \sum_p \log\frac{t_{p,q}}{t_{p,s}},

    for two methods that solve the same of the P problems; problems that neither solves add nothing. Positive where the
    first is the better one. So no choice of other methods turns a profile that lies above another into one that lies
    below it. Chapter `comparison`.

    Parameters
    ----------
    first, second : arrays of shape (P,)
        :math:`t_{p,s}` and :math:`t_{p,q}`, positive, inf where the problem was not solved.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not of one shape, a cost is not positive, or one method solves what the other does not.

    Examples
    --------
    >>> round(ol.theory.cm_profile_area([1.0, 1.0, np.inf], [2.0, 4.0, np.inf]), 6)  # log(8) / 3
    0.693147
    """
    t, q = checks.numeric("first", first), checks.numeric("second", second)
    if t.ndim != 1 or t.shape != q.shape or not t.size:
        raise ValueError(f"first and second must be one-dimensional and of one length, got {t.shape} and {q.shape}")
    if not ((t > 0).all() and (q > 0).all()):
        raise ValueError("first and second must be positive, inf where a problem was not solved")
    solved = np.isfinite(t)
    if (solved != np.isfinite(q)).any():
        raise ValueError("first and second must solve the same problems: else the area is infinite")
    return float(np.log(q[solved] / t[solved]).sum() / t.size)


def cm_random_search(k: Any, q: float) -> Array:
    r"""The probability that the best of k independent draws is among the best fraction q of all settings, at least
    :math:`1 - (1 - q)^k`.

    Whatever the objective and however many parameters a setting has, provided that settings are drawn from the
    distribution by which the fraction is measured. Attained where no two settings are equally good. Chapter
    `comparison`; random search against a grid: J. Bergstra, Y. Bengio (2012), J. Mach. Learn. Res. 13, 281-305.

    Raises
    ------
    TypeError, ValueError
        If k is not at least 1, or q not in (0, 1).

    Examples
    --------
    >>> cm = ol.theory.cm_random_search(60, q=0.05)
    >>> round(float(cm), 4)
    0.9539
    """
    k, q = at_least("k", k, 1), checks.fraction("q", q)
    return -np.expm1(k * np.log1p(-q))


def cm_median_interval(n: Any) -> Array:
    r"""The probability that the median lies between the least and the largest of n independent runs, at least
    :math:`1 - 2^{1-n}`, whatever their distribution; runs that fail may count as inf.

    Attained where no value has positive probability. Chapter `comparison`; H. A. David, H. N. Nagaraja (2003),
    doi:10.1002/0471722162, section 7.1.

    Raises
    ------
    ValueError
        If n is not at least 1.

    Examples
    --------
    >>> float(ol.theory.cm_median_interval(6))
    0.96875
    """
    return 1 - 0.5 ** (at_least("n", n, 1) - 1)
