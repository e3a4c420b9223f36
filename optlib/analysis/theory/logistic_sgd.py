r"""Theorems of the chapter `logistic-sgd`.

Throughout :math:`\varphi(m) = \log(1 + e^{-m})` is the logistic loss at the margin m, and
:math:`\sigma(m) = 1/(1 + e^{-m})`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import at_least, iteration, nonnegatives
from optlib.typing import Array

__all__ = [
    "ls_certificate",
    "ls_eps_bias",
    "ls_excess",
    "ls_separable_loss",
    "ls_separable_norm",
    "ls_stable",
    "ls_total",
]

EPS = 2.0**-52
LARGEST = 708.0  # below log(2^1022) = 708.396..., so that exp(-m) is a normal number


def _margins(m: Any) -> Array:
    m = checks.numeric("m", m)
    if not np.isfinite(m).all():
        raise ValueError(f"m must be finite, got {m}")
    return m


def ls_eps_bias(m: Any, eps: float = 1e-12) -> Array:
    r"""What a small number inside the logarithm takes from the loss, exactly:

    .. math:: \varphi(m) - \bigl(-\log(\sigma(m) + \varepsilon)\bigr) = \log\bigl(1 + \varepsilon\,(1 + e^{-m})\bigr) .

    In exact arithmetic, for every real margin m and :math:`\varepsilon > 0`. Positive, so that the loss comes out too
    small everywhere: by about :math:`2\varepsilon` at m = 0, by more than the whole loss for large m, and by all above
    :math:`-\log\varepsilon` for very negative m. Chapter `logistic-sgd`.

    Raises
    ------
    ValueError
        If a margin is not finite.

    Examples
    --------
    >>> ol.theory.ls_eps_bias([-100.0, -27.0, -20.0]).round(4), f"{ol.theory.ls_eps_bias(0.0):.1e}"
    (array([7.2369e+01, 4.2660e-01, 5.0000e-04]), '2.0e-12')
    """
    eps = checks.positive("eps", eps)
    return np.logaddexp(math.log1p(eps), math.log(eps) - _margins(m))


def ls_stable(m: Any, units: float = 4.0) -> Array:
    r"""Largest relative error of the stable form, :math:`\max(-m, 0) + \log(1 + e^{-|m|})`, in double precision,

    .. math:: \frac{|\hat\varphi - \varphi|}{\varphi} \le \begin{cases} \theta & m \ge 0, \\
              \theta(1 + u)\,\frac{\log(1 + e^m)}{\varphi(m)} + u & m < 0, \end{cases}
              \qquad \theta = 2\delta + \delta^2,

    with :math:`u = 2^{-53}`, for floating-point margins up to 708, if ``exp`` and ``log1p`` have a relative error of at
    most :math:`\delta = \texttt{units}\cdot 2^{-52}` wherever their result is a normal number. Chapter `logistic-sgd`;
    P. Blanchard, D. J. Higham, N. J. Higham (2021), doi:10.1093/imanum/draa038, for the general log-sum-exp.

    Raises
    ------
    ValueError
        If a margin is not finite or above 708, where the loss is below 1e-307 and near the smallest normal number.

    Examples
    --------
    >>> ol.theory.ls_stable([-1000.0, 0.0, 700.0], units=1.0) / 2.0**-52
    array([0.5, 2. , 2. ])
    """
    m = _margins(m)
    if (m > LARGEST).any():
        raise ValueError(f"m must be at most {LARGEST:g}, where exp(-m) is a normal number, got {m.max()}")
    delta, u = checks.positive("units", units) * EPS, EPS / 2
    theta = delta * (2 + delta)
    below = np.minimum(m, 0.0)
    small = np.log1p(np.exp(below))
    return np.where(m < 0, theta * (1 + u) * small / (small - below) + u, theta)


def ls_certificate(slope: float, decrement2: float, B: float, lam: float) -> float:
    r"""How far at most a logistic risk is from its minimum, from one point w: with :math:`g = \nabla F(w)`,
    :math:`H = \nabla^2F(w)` and :math:`r = B\|g\|/\lambda`,

    .. math:: F(w) - F^* \le \frac{g^\top H^{-1} g}{4\,c(r)}, \qquad c(r) = \frac{e^{-r} + r - 1}{r^2} .

    For :math:`F(w) = \frac1n\sum_i\varphi(s_i x_i^\top w) + \tfrac\lambda2\|w\|^2` with :math:`\lambda > 0` and all
    :math:`\|x_i\| \le B`; ``slope`` is :math:`\|g\|`, ``decrement2`` is :math:`g^\top H^{-1} g`. c falls from
    c(0) = 1/2, so near the minimiser the bound is half of ``decrement2``, and sharp. Chapter `logistic-sgd`; F. Bach
    (2010), doi:10.1214/09-EJS521, proposition 1, for the inequality behind it.

    Examples
    --------
    >>> round(ol.theory.ls_certificate(slope=1.0, decrement2=1e-6, B=1.0, lam=1.0), 9)
    6.8e-07
    """
    slope, decrement2 = checks.nonnegative("slope", slope), checks.nonnegative("decrement2", decrement2)
    r = checks.nonnegative("B", B) * slope / checks.positive("lam", lam)
    c = 0.5 - r / 6 + r * r / 24 if r < 1e-4 else (math.expm1(-r) + r) / (r * r)
    return decrement2 / (4 * c)


def ls_excess(n: Any, d: int) -> Array:
    r"""What n samples cost: for large n the excess risk :math:`\mathcal R(\hat w) - \mathcal R(w^\circ)` of the weights
    with the least mean logistic loss is distributed as :math:`\chi^2_d/(2n)`, whose mean this is: :math:`\dfrac d{2n}`.

    :math:`\mathcal R` is the expected loss of a new sample.
    If the model is right, with weights :math:`w^\circ`, :math:`\mathbb E\|x\|^3 < \infty` and a positive definite
    Fisher information; a limit, no bound. Chapter `logistic-sgd`; A. W. van der Vaart (1998), chapter 5,
    doi:10.1017/CBO9780511802256.

    Raises
    ------
    ValueError
        If some n is below 1.

    Examples
    --------
    >>> float(ol.theory.ls_excess(2000, d=20))
    0.005
    """
    return checks.natural("d", d, least=1) / (2 * at_least("n", n, 1))


def ls_total(statistical: Any, optimisation: Any) -> Array:
    r"""Two errors in one norm: with :math:`q(v) = \tfrac12 v^\top I v`, I positive semidefinite,

    .. math:: q(w - w^\circ) \le \Bigl(\sqrt{q(\hat w - w^\circ)} + \sqrt{q(w - \hat w)}\Bigr)^2 .

    ``statistical`` is :math:`q(\hat w - w^\circ)`, what the data leave open; ``optimisation`` is
    :math:`q(w - \hat w)`, what the method leaves. Attained where the two differences point the same way. Chapter
    `logistic-sgd`; L. Bottou, O. Bousquet (2008) for the trade-off.

    Raises
    ------
    ValueError
        If one of them is negative.

    Examples
    --------
    >>> float(ol.theory.ls_total(1.0, 0.01))
    1.2100000000000002
    """
    data, method = nonnegatives("statistical", statistical), nonnegatives("optimisation", optimisation)
    return np.asarray((np.sqrt(data) + np.sqrt(method)) ** 2)


def ls_separable_loss(t: Any, eta: float, margin: float) -> Array:
    r"""Separable data, no penalty: gradient descent from 0 with :math:`0 < \eta \le 1/L` has for t >= 1

    .. math:: R(w_t) \le \frac1t\Bigl(1 + \frac{\log^2 t}{2\eta\gamma^2}\Bigr) .

    R is the mean logistic loss of a linear model, L-smooth, and ``margin`` is a :math:`\gamma > 0` for which some unit
    vector u has :math:`s_ix_i^\top u \ge \gamma` for all i. Chapter `logistic-sgd`; Z. Ji, M. Telgarsky (2019) for
    such bounds.

    Examples
    --------
    >>> ol.theory.ls_separable_loss([1, 100, 10000], eta=0.5, margin=1.0).round(4)
    array([1.    , 0.2221, 0.0086])
    """
    t = iteration(t, 1)
    return (1 + np.log(t) ** 2 / (2 * checks.positive("eta", eta) * checks.positive("margin", margin) ** 2)) / t


def ls_separable_norm(t: Any, eta: float, margin: float) -> Array:
    r"""In the setting of :func:`ls_separable_loss`, for t >= 1,

    .. math:: \|w_t\| \le \frac{2\log t}\gamma + \sqrt{2\eta} .

    With the loss bound, :func:`er_logistic_norm` says that :math:`\|w_t\|` grows like log t from below too. As t grows,
    :math:`\|w_t\|/\log t` tends to :math:`1/\gamma` with the largest such margin: D. Soudry et al. (2018). Chapter
    `logistic-sgd`.

    Examples
    --------
    >>> ol.theory.ls_separable_norm([1, 100, 10000], eta=0.5, margin=1.0).round(2)
    array([ 1.  , 10.21, 19.42])
    """
    t = iteration(t, 1)
    return 2 * np.log(t) / checks.positive("margin", margin) + math.sqrt(2 * checks.positive("eta", eta))
