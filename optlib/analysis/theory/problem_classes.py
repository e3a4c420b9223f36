"""Theorems of the chapter `problem-classes`."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import positives
from optlib.typing import Array

__all__ = [
    "pc_batch_size",
    "pc_radius_lower",
    "pc_split",
    "pc_sublevel_radius",
    "pc_uphill",
    "pc_variance",
]


def _size(name: str, size: Any, most: float) -> Array:
    """A number of samples, or an array of them, from 1 to ``most``."""
    size = checks.numeric(name, size)
    if not ((size >= 1) & (size <= most)).all():
        raise ValueError(f"{name} must lie between 1 and {most:g}, got {size}")
    return size


def pc_sublevel_radius(value: float, lam: Any) -> Array:
    r"""Where the minimisers of a penalised risk can be: if :math:`f \ge 0`, then
    :math:`f_\lambda = f + \tfrac\lambda2\|w\|^2` has :math:`f_\lambda(w) \le v` only for
    :math:`\|w\| \le \sqrt{2v/\lambda}`. Returns that radius.

    ``value`` is v, for example f(0). So sublevel sets are bounded, and if f is continuous a minimiser exists. Attained
    where f is 0, for :math:`f = \tfrac12(w - 1)^2` and lam = 1 at w = 1 with v = f(0). Chapter `problem-classes`;
    the existence theorem is in R. T. Rockafellar, R. J.-B. Wets (1998), chapter 1, doi:10.1007/978-3-642-02431-3.

    Examples
    --------
    >>> float(ol.theory.pc_sublevel_radius(0.5, lam=1.0))
    1.0
    """
    return np.sqrt(2 * checks.nonnegative("value", value) / positives("lam", lam))


def pc_radius_lower(lam: Any, g: float, L: float) -> Array:
    r"""The radius that a penalty buys, from below: every minimiser :math:`w_\lambda` of
    :math:`f + \tfrac\lambda2\|w\|^2` has :math:`\|w_\lambda\| \ge \|\nabla f(0)\| / (L + \lambda)`.

    For every f whose gradient is Lipschitz with L, convex or not; ``g`` is :math:`\|\nabla f(0)\|`. Attained by
    :math:`\tfrac L2\|w - a\|^2`; :func:`er_norm` is a bound from above. Chapter `problem-classes`.

    Examples
    --------
    >>> float(ol.theory.pc_radius_lower(1.0, g=6.0, L=2.0))
    2.0
    """
    return checks.nonnegative("g", g) / (checks.positive("L", L) + positives("lam", lam))


def pc_variance(size: Any, sigma: float, n: int, replace: bool = False) -> Array:
    r"""The mean squared error of a minibatch gradient, an equality. With
    :math:`\sigma^2 = \frac1n\sum_i\|\nabla f_i - \nabla f\|^2` and :math:`|B|` of n terms drawn uniformly,

    .. math:: \mathbb E\|\hat\nabla f_B - \nabla f\|^2 = \frac{\sigma^2}{|B|}\ \text{with replacement},\qquad
              \frac{\sigma^2}{|B|}\,\frac{n - |B|}{n - 1}\ \text{without}.

    The same holds along a direction u, for :math:`u^\top\nabla f_i` in place of :math:`\nabla f_i`. Chapter
    `problem-classes`; W. G. Cochran (1977), Sampling Techniques, chapter 2.

    Parameters
    ----------
    size : int or array
        :math:`|B|`, from 1; without replacement to n.
    sigma : float
        The standard deviation, not the variance.
    n : int
        At least 2.
    replace : bool
        As in :meth:`optlib.FiniteSum.minibatch`.

    Examples
    --------
    >>> ol.theory.pc_variance([1, 3, 5], sigma=2.0, n=5).round(3)
    array([4.   , 0.667, 0.   ])
    >>> float(ol.theory.pc_variance(5, sigma=2.0, n=5, replace=True))
    0.8
    """
    n, sigma = checks.natural("n", n, least=2), checks.nonnegative("sigma", sigma)
    if replace:
        return sigma**2 / _size("size", size, np.inf)
    size = _size("size", size, n)
    return sigma**2 / size * (n - size) / (n - 1)


def pc_batch_size(error: Any, sigma: float, n: int, replace: bool = False) -> Array:
    r"""How large a minibatch must be for a root mean squared error of its gradient of at most ``error``:

    .. math:: |B| \ge \frac{\sigma^2}{\varepsilon^2}\ \text{with replacement},\qquad
              |B| \ge \frac{n\,\sigma^2}{\sigma^2 + (n - 1)\,\varepsilon^2}\ \text{without}.

    :func:`pc_variance`, solved for the size; returned as a real number, to be rounded up. Chapter `problem-classes`;
    with a multiple of :math:`\|\nabla f\|` as error it is the norm test of R. H. Byrd, G. M. Chin, J. Nocedal, Y. Wu
    (2012), doi:10.1007/s10107-012-0572-5.

    Examples
    --------
    >>> float(ol.theory.pc_batch_size(0.5, sigma=2.0, n=5, replace=True)), float(ol.theory.pc_batch_size(0.5, 2.0, 5))
    (16.0, 4.0)
    """
    n, sigma, error = checks.natural("n", n, least=2), checks.positive("sigma", sigma), positives("error", error)
    return sigma**2 / error**2 if replace else n * sigma**2 / (sigma**2 + (n - 1) * error**2)


def pc_split(m: Any, k: Any, sigma: float, n: int) -> Array:
    r"""How far the gradients of two parts of a data set differ, an equality: for disjoint sets A and B of m and k of
    the n terms, drawn uniformly at random,

    .. math:: \mathbb E\|\nabla f_A - \nabla f_B\|^2 = \frac{n\,\sigma^2}{n - 1}\Bigl(\frac1m + \frac1k\Bigr).

    :math:`s^2 = n\sigma^2/(n-1)` estimates the variance of the population that the n samples came from without bias,
    so :math:`s^2/n` estimates the squared error of the full-data gradient itself. Chapter `problem-classes`.

    Raises
    ------
    ValueError
        If there are fewer than m + k terms.

    Examples
    --------
    >>> float(ol.theory.pc_split(2, 2, sigma=1.5, n=4))
    3.0
    """
    n, sigma = checks.natural("n", n, least=2), checks.nonnegative("sigma", sigma)
    m, k = _size("m", m, n - 1), _size("k", k, n - 1)
    if not (m + k <= n).all():
        raise ValueError(f"m + k must be at most n = {n}, got {m + k}")
    return n * sigma**2 / (n - 1) * (1 / m + 1 / k)


def pc_uphill(size: Any, sigma: float, g: float, n: int, replace: bool = False) -> Array:
    r"""How often a minibatch gradient can point the wrong way: with :math:`V` the :func:`pc_variance` along
    :math:`\nabla f`,

    .. math:: \Pr\bigl(\nabla f^\top\hat\nabla f_B \le 0\bigr) \le \frac{V}{V + \|\nabla f\|^2}.

    ``g`` is :math:`\|\nabla f\| > 0`, ``sigma`` the standard deviation of :math:`u^\top\nabla f_i` for
    :math:`u = \nabla f/\|\nabla f\|`. It is Cantelli's inequality; attained for :math:`|B| = 1` where the
    :math:`\nabla f_i` are 0 or one and the same vector. Chapter `problem-classes`.

    Examples
    --------
    >>> float(ol.theory.pc_uphill(1, sigma=2.0, g=2.0, n=100))
    0.5
    """
    V = pc_variance(size, sigma, n, replace)
    return V / (V + checks.positive("g", g) ** 2)
