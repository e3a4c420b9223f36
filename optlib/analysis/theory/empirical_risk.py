"""Theorems of the chapter `empirical-risk`."""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import at_least
from optlib.objectives.penalties import GroupL2
from optlib.typing import Array

__all__ = [
    "er_curvature",
    "er_exchange",
    "er_hoeffding",
    "er_lambda_max",
    "er_logistic_norm",
    "er_norm",
    "er_ridge_factor",
]


def er_curvature(c: float, sigma: float, n: int, lam: float = 0.0) -> float:
    r"""Curvature of a penalised risk of a linear model: its gradient is Lipschitz with :math:`c\,\sigma^2/n + \lambda`.

    So no eigenvalue of its Hessian exceeds this. For a loss whose derivative in z is Lipschitz with c, the penalty
    :math:`\tfrac\lambda2\|w\|^2`, and :math:`\sigma = \sigma_{\max}(X)` of the n samples. Attained where all samples
    have the curvature c: by the squared loss everywhere, by the logistic loss at w = 0.
    Chapter `empirical-risk`.

    Examples
    --------
    >>> ol.theory.er_curvature(0.25, sigma=4.0, n=2, lam=1.0)
    3.0
    """
    c, sigma, lam = checks.nonnegative("c", c), checks.nonnegative("sigma", sigma), checks.nonnegative("lam", lam)
    return c * sigma**2 / checks.natural("n", n, least=1) + lam


def er_exchange(lam: float, stronger: float, saved: float) -> tuple[float, float]:
    r"""What a stronger penalty costs: with minimisers :math:`w, w'` of :math:`R + \lambda\Omega` and
    :math:`R + \lambda'\Omega`, :math:`\lambda < \lambda'`,

    .. math:: \lambda\,(\Omega(w) - \Omega(w')) \;\le\; R(w') - R(w) \;\le\; \lambda'\,(\Omega(w) - \Omega(w')) .

    So :math:`\Omega` does not rise with the strength and R, for :math:`\lambda\ge0`, does not fall. For every R and
    :math:`\Omega`, convex or not. Returns the two bounds; ``saved`` is :math:`\Omega(w) - \Omega(w') \ge 0`. Each is
    attained for :math:`R = \max(0, 1-w)`, :math:`\Omega = |w|`, at :math:`\lambda = 1` and :math:`\lambda' = 1`.
    Chapter `empirical-risk`.

    Raises
    ------
    ValueError
        If ``stronger`` is not above ``lam``.

    Examples
    --------
    >>> ol.theory.er_exchange(0.1, stronger=0.5, saved=2.0)
    (0.2, 1.0)
    """
    lam, stronger, saved = (
        checks.nonnegative("lam", lam),
        checks.positive("stronger", stronger),
        checks.nonnegative("saved", saved),
    )
    if stronger <= lam:
        raise ValueError(f"stronger must exceed lam = {lam}, got {stronger!r}")
    return lam * saved, stronger * saved


def er_ridge_factor(sigma: Any, n: int, lam: float) -> Array:
    r"""Ridge regression in the singular basis, exactly: the minimiser of
    :math:`\tfrac1{2n}\|Xw - y\|^2 + \tfrac\lambda2\|w\|^2` has, along the right singular vector with the singular value
    :math:`\sigma`, :math:`\sigma^2/(\sigma^2 + n\lambda)` times the coordinate of the least-squares solution (the
    shortest one).

    Returns the factors, 0 where :math:`\sigma = 0`. Chapter `empirical-risk`; A. E. Hoerl, R. W. Kennard (1970),
    doi:10.1080/00401706.1970.10488634; T. Hastie, R. Tibshirani, J. Friedman (2009), section 3.4.1,
    doi:10.1007/978-0-387-84858-7.

    Raises
    ------
    ValueError
        If a singular value is negative or not finite.

    Examples
    --------
    >>> ol.theory.er_ridge_factor([2.0, 1.0, 0.0], n=4, lam=0.25)
    array([0.8, 0.5, 0. ])
    """
    sigma = checks.numeric("sigma", sigma)
    if not (np.isfinite(sigma) & (sigma >= 0)).all():
        raise ValueError(f"sigma must hold singular values, finite and not negative, got {sigma}")
    shift = checks.natural("n", n, least=1) * checks.nonnegative("lam", lam)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.where(sigma > 0, 1 / (1 + (np.sqrt(shift) / sigma) ** 2), 0.0)


def er_lambda_max(gradient: Any, groups: Any = None) -> float:
    r"""The strength from which on all weights are zero: for R convex and differentiable at 0, w = 0 minimises
    :math:`R(w) + \lambda\|w\|_1` if and only if :math:`\lambda \ge \|\nabla R(0)\|_\infty`.

    With ``groups``, as for :class:`optlib.penalties.GroupL2`, the same for that penalty, with the bound
    :math:`\max_G \|\nabla R(0)_G\|_2/\sqrt{|G|}`. Above the bound 0 is the only minimiser. ``gradient`` is
    :math:`\nabla R(0)`. Chapter `empirical-risk`; R. Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x;
    M. Yuan, Y. Lin (2006), doi:10.1111/j.1467-9868.2005.00532.x.

    Raises
    ------
    ValueError
        If ``groups`` does not name a group for each entry.

    Examples
    --------
    >>> g = np.array([3.0, -4.0, 0.0, 0.0])
    >>> ol.theory.er_lambda_max(g), ol.theory.er_lambda_max(g, groups=[0, 0, 0, 0])
    (4.0, 2.5)
    """
    gradient = checks.vector("gradient", gradient)
    if groups is None:
        return float(np.abs(gradient).max())
    penalty = GroupL2(1.0, groups)
    if gradient.shape != penalty.groups.shape:
        raise ValueError(f"groups must name one group for each of the {gradient.size} entries, got {groups!r}")
    sizes = np.unique(penalty.groups, return_counts=True)[1]
    return float((penalty.norms(gradient) / np.sqrt(sizes)).max())


def er_norm(lam: float, loss: float, slope: float) -> float:
    r"""How long the weights can be: the minimiser of :math:`R(w) + \tfrac\lambda2\|w\|^2` has
    :math:`\|w_\lambda\| \le \min\bigl(\sqrt{R(0)/\lambda},\ \|\nabla R(0)\|/\lambda\bigr)`.

    For R convex, nonnegative and differentiable at 0, :math:`\lambda > 0`; ``loss`` is R(0) and ``slope``
    :math:`\|\nabla R(0)\|`. The first is attained by the hinge loss of one sample x = 1 at :math:`\lambda = 1`, the
    second by every R that is linear near the segment from 0 to :math:`-\nabla R(0)/\lambda`. Chapter `empirical-risk`.

    Examples
    --------
    >>> ol.theory.er_norm(0.01, loss=0.64, slope=1.0), ol.theory.er_norm(10.0, loss=0.64, slope=1.0)
    (8.0, 0.1)
    """
    lam = checks.positive("lam", lam)
    return min(float(np.sqrt(checks.nonnegative("loss", loss) / lam)), checks.nonnegative("slope", slope) / lam)


def er_logistic_norm(loss: Any, slope: float) -> Array:
    r"""A small logistic loss needs long weights: :math:`\|w\| \ge -\log(e^{R(w)} - 1)/(2\,\|\nabla R(0)\|)`, all w.

    R is the mean logistic loss of a linear model, without penalty; ``loss`` is R(w), ``slope`` is
    :math:`\|\nabla R(0)\| > 0`. As :math:`R(w) \to 0` the bound tends to infinity, so the loss of separable data has no
    minimiser. Returns 0 where :math:`R(w) \ge \log 2`. Attained where all :math:`s_i x_i` are equal and w points along
    them. Chapter `empirical-risk`; A. Albert, J. A. Anderson (1984), doi:10.1093/biomet/71.1.1, for which data have a
    minimiser.

    Raises
    ------
    ValueError
        If a loss is not positive.

    Examples
    --------
    >>> ol.theory.er_logistic_norm([1.0, 1e-3, 1e-6], slope=0.5).round(2)
    array([ 0.  ,  6.91, 13.82])
    """
    loss = checks.numeric("loss", loss)
    if not (loss > 0).all():
        raise ValueError(f"loss must be positive, as every logistic loss is, got {loss}")
    # log(e^R - 1) = R + log(1 - e^-R), which does not overflow
    return np.maximum(0.0, -loss - np.log(-np.expm1(-loss))) / (2 * checks.positive("slope", slope))


def er_hoeffding(N: Any, delta: float, width: float = 1.0, choices: int = 1) -> Array:
    r"""How far a held-out mean can be off: with probability at least :math:`1-\delta`,
    :math:`|\hat R_k - R_k| \le (b-a)\sqrt{\log(2K/\delta)/(2N)}` for all of K models at once.

    For N independent samples that had no part in fitting the models, and a loss with values in [a, b]; ``width`` is
    b - a (1 for the accuracy), ``choices`` is K. Chapter `empirical-risk`; W. Hoeffding (1963), theorem 2,
    doi:10.1080/01621459.1963.10500830.

    Raises
    ------
    ValueError
        If some N is below 1, or ``delta`` outside (0, 1).

    Examples
    --------
    >>> ol.theory.er_hoeffding([100, 400], delta=0.05).round(3)
    array([0.136, 0.068])
    """
    N = at_least("N", N, 1)
    K, width = checks.natural("choices", choices, least=1), checks.positive("width", width)
    return width * np.sqrt(np.log(2 * K / checks.fraction("delta", delta)) / (2 * N))
