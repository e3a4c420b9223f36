r"""Theorems of the chapter `designing-objectives`: robust losses, the worst share of the samples, the worst group."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import iteration, nonnegatives, share
from optlib.typing import Array

__all__ = ["cvar", "cvar_smoothing", "dro_gap", "huber_shift"]


def huber_shift(X: Any, residuals: Any, added: Any, delta: float, nu: float = 0.0) -> float:
    r"""How far samples that are added to a Huber regression can move its minimiser, whatever their targets are.

    Let w minimise :math:`\sum_i \ell_\delta(x_i^\top w - y_i) + \frac\nu2\|w\|^2`. For K a set of samples,
    :math:`\mu_K` the smallest eigenvalue of :math:`\sum_{i \in K} x_i x_i^\top + \nu I` and
    :math:`D = \frac{\delta}{\mu_K} \sum_j \|a_j\|`, the new minimiser is within D of w if
    :math:`|r_i| + \|x_i\| D < \delta` for all i in K. Returns the least such D that the sets
    :math:`K = \{i : |r_i| + \|x_i\| D < \delta\}` give, or inf if none fits.

    With all :math:`x_i = 1` this is a location estimate, and :math:`D = q\delta/(k + \nu)` for q added numbers.
    Attained there if all :math:`y_i` are equal. The mean, and least squares, move without bound. Chapter
    `designing-objectives`; the loss, for a location, is from P. J. Huber (1964), doi:10.1214/aoms/1177703732.

    Parameters
    ----------
    X : array of shape (n, d)
        The rows :math:`x_i`.
    residuals : array of shape (n,)
        :math:`r_i = x_i^\top w - y_i` at the minimiser w.
    added : float or array of shape (q,)
        The norms :math:`\|a_j\|` of the added rows.
    delta : float
    nu : float
        :math:`\nu \ge 0`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If X is no matrix with one row a residual, or a norm is negative.

    Examples
    --------
    >>> ol.theory.huber_shift(np.ones((9, 1)), np.zeros(9), added=[1.0, 1.0], delta=0.9)
    0.2
    """
    X, r = checks.numeric("X", X), np.abs(checks.vector("residuals", residuals))
    if X.ndim != 2 or len(X) != len(r):
        raise ValueError(f"X must have shape ({len(r)}, d), one row a residual, got {X.shape}")
    norms = nonnegatives("added", checks.vector("added", added))
    delta, nu = checks.positive("delta", delta), checks.nonnegative("nu", nu)
    lengths, D = np.linalg.norm(X, axis=1), 0.0
    while True:  # K shrinks as D grows, so that this ends after at most n rounds
        K = X[r + lengths * D < delta]
        mu = float(np.linalg.eigvalsh(K.T @ K)[0]) + nu
        larger = delta * float(norms.sum()) / mu if mu > 1e-12 * float(lengths @ lengths) else math.inf
        if larger <= D * (1 + 1e-12) or larger == math.inf:
            return larger
        D = larger


def cvar(losses: Any, alpha: float) -> float:
    r"""The mean of the worst share alpha of the losses (conditional value at risk): with
    :math:`\ell_{(1)} \ge \ell_{(2)} \ge \dots` and :math:`k = \lfloor \alpha n \rfloor`,

    .. math:: \mathrm{CVaR}_\alpha = \frac{1}{\alpha n}\Bigl(\sum_{i \le k} \ell_{(i)}
              + (\alpha n - k)\, \ell_{(k+1)}\Bigr).

    It is the minimum over :math:`\tau` of :math:`\tau + \frac{1}{\alpha n}\sum_i (\ell_i - \tau)_+`, the maximum of
    :math:`\sum_i q_i \ell_i` over weights :math:`0 \le q_i \le \frac{1}{\alpha n}` that add up to 1, and at least the
    mean loss of every group that makes up a share alpha of the samples or more. Chapter `designing-objectives`;
    R. T. Rockafellar, S. Uryasev (2000), doi:10.21314/JOR.2000.038, whose alpha is one minus this one.

    Parameters
    ----------
    losses : array of shape (n,)
    alpha : float
        In (0, 1]: 1 gives the mean, 1/n and less the largest loss.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If alpha is not in (0, 1].

    Examples
    --------
    >>> [ol.theory.cvar([5.0, 1.0, 3.0, 2.0], alpha) for alpha in (1.0, 0.5, 0.375, 0.1)]
    [2.75, 4.0, 4.333333333333333, 5.0]
    """
    worst_first = np.sort(checks.vector("losses", losses))[::-1]
    worst = share("alpha", alpha) * worst_first.size
    return float(np.clip(worst - np.arange(worst_first.size), 0.0, 1.0) @ worst_first / worst)


def cvar_smoothing(alpha: float, eps: float) -> float:
    r"""What the smoothing of :math:`(\cdot)_+` costs: with :math:`\varepsilon\log(1 + e^{u/\varepsilon})` in place of
    :math:`u_+` the minimum over :math:`\tau` exceeds :math:`\mathrm{CVaR}_\alpha` by at least 0 and at most

    .. math:: \frac{\varepsilon\, h(\alpha)}{\alpha}, \qquad
              h(\alpha) = -\alpha\log\alpha - (1 - \alpha)\log(1 - \alpha).

    It also bounds the duality gap at a minimiser of the smoothed problem. Attained if all losses are equal. Chapter
    `designing-objectives`.

    Parameters
    ----------
    alpha : float
        In (0, 1].
    eps : float
        :math:`\varepsilon > 0`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If alpha is not in (0, 1].

    Examples
    --------
    >>> round(ol.theory.cvar_smoothing(0.5, eps=0.1), 4)  # 0.2 log 2
    0.1386
    """
    alpha, eps = share("alpha", alpha), checks.positive("eps", eps)
    rest = 0.0 if alpha == 1 else (1 - alpha) * math.log1p(-alpha)
    return eps * -(alpha * math.log(alpha) + rest) / alpha


def dro_gap(t: Any, eta: float, eta_q: float, R: float, G: float, M: float, groups: int) -> Array:
    r"""Descent in w and projected ascent in the groups' weights q, averaged: for
    :math:`\phi(w, q) = \sum_g q_g R_g(w)` with convex :math:`R_g`, and q starting uniform,

    .. math:: \max_q \phi(\bar w_t, q) - \phi(w, \bar q_t) \le \frac{R^2}{2\eta t}
              + \frac{1 - 1/m}{2\eta_q t} + \frac{\eta G^2 + \eta_q M^2}{2}, \qquad R = \|w_0 - w\|.

    For w a minimiser of the worst risk, :math:`\max_g R_g(\bar w_t)` is within this of the minimum. With the steps
    :math:`\eta = R/(G\sqrt T)` and :math:`\eta_q = \sqrt{1 - 1/m}/(M\sqrt T)` it is :math:`(RG + M\sqrt{1 - 1/m})/\sqrt
    T` at t = T. Attained at each t. Chapter `designing-objectives`; A. Nedić, A. Ozdaglar (2009),
    doi:10.1007/s10957-009-9522-7.

    Parameters
    ----------
    t : int or array
        At least 1.
    eta, eta_q : float
        The two steps.
    R : float
        Distance of the start.
    G : float
        Bound of the subgradients :math:`\sum_g q_g v_g` that the run met.
    M : float
        Bound of the spread of the risks that the run met, :math:`\|(R_g - \bar R)_g\|` with their mean
        :math:`\bar R`.
    groups : int
        m, at least 1.

    Raises
    ------
    ValueError
        If t or ``groups`` is below 1, or R, G or M negative.

    Examples
    --------
    >>> ol.theory.dro_gap([1, 4], eta=0.5, eta_q=0.25, R=1.0, G=1.0, M=1.0, groups=2)
    array([2.375, 0.875])
    """
    eta, eta_q = checks.positive("eta", eta), checks.positive("eta_q", eta_q)
    R, G, M = checks.nonnegative("R", R), checks.nonnegative("G", G), checks.nonnegative("M", M)
    D2 = 1 - 1 / checks.natural("groups", groups, least=1)
    return (R**2 / eta + D2 / eta_q) / (2 * iteration(t, 1)) + (eta * G**2 + eta_q * M**2) / 2
