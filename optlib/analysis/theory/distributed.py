r"""Theorems of the chapter `distributed`.

N workers hold the terms of :math:`f = \sum_i w_if_i`, worker i those of :math:`f_i`, with :math:`w_i = n_i/n` its share
of the samples. A compressor C is a contraction with :math:`\delta \in (0, 1]`:
:math:`\|C(v) - v\|^2 \le (1 - \delta)\|v\|^2` for every v; throughout :math:`s = \sqrt{1 - \delta}`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import condition, iteration, share, step_below
from optlib.analysis.theory.stochastic_gradient import sg_quadratic
from optlib.typing import Array

__all__ = [
    "ds_feedback",
    "ds_feedback_step",
    "ds_local_drift",
    "ds_local_noise",
    "ds_local_rate",
    "ds_memory",
    "ds_one_worker",
    "ds_sign",
    "ds_top_k",
    "ds_variance",
]


def _root(delta: float) -> float:
    """s, for a delta in (0, 1]."""
    return math.sqrt(1 - share("delta", delta))


def ds_variance(sigma: float, zeta: float, workers: int, batch: int) -> float:
    r"""An equality: N blocks of equal size, of each a batch of b samples drawn independently and uniformly, with
    replacement. The mean g of all gradients is unbiased, and

    .. math:: \mathbb E\|g - \nabla f\|^2 = \frac{\sigma^2 - \zeta^2}{Nb},

    with :math:`\sigma^2` the mean of :math:`\|\nabla f_j - \nabla f\|^2` over all samples j, and :math:`\zeta^2` that
    of :math:`\|\nabla f_i - \nabla f\|^2` over the workers. Drawn from all samples alike, it is :math:`\sigma^2/(Nb)`:
    every block in its share is never worse. Chapter `distributed`; in surveys known as stratified sampling, W. G.
    Cochran (1977), chapter 5.

    Raises
    ------
    ValueError
        If zeta exceeds sigma.

    Examples
    --------
    >>> ol.theory.ds_variance(sigma=2.0, zeta=1.0, workers=3, batch=1)
    1.0
    """
    if checks.nonnegative("zeta", zeta) > checks.nonnegative("sigma", sigma):
        raise ValueError(f"zeta must be at most sigma = {sigma!r}, got {zeta!r}")
    size = checks.natural("workers", workers, least=1) * checks.natural("batch", batch, least=1)
    return (sigma**2 - zeta**2) / size


def ds_local_rate(t: Any, eta: float, mu: float, H: int) -> Array:
    r"""Rounds of H local gradient steps on L-smooth, mu-strongly convex :math:`f_i`, :math:`\eta \le 2/(L + \mu)`,
    converge to one point :math:`x_\infty`, in general not the minimiser:

    .. math:: \|x_t - x_\infty\| \le (1 - \eta\mu)^{Ht}\,\|x_0 - x_\infty\| ;

    returns the factor. Attained where all :math:`f_i` have the curvature mu along :math:`x_0 - x_\infty`. Chapter
    `distributed`; G. Malinovsky et al. (2020), doi:10.48550/arXiv.2004.01442, for averages of general maps.

    Raises
    ------
    ValueError
        If eta * mu exceeds 1.

    Examples
    --------
    >>> float(ol.theory.ds_local_rate(2, eta=0.5, mu=1.0, H=3))
    0.015625
    """
    mu = checks.positive("mu", mu)
    q = 1 - mu * step_below(eta, 1 / mu, "1 / mu", equal=True)
    return q ** (checks.natural("H", H, least=1) * iteration(t, 0))


def ds_local_drift(eta: float, H: int, L: float, mu: float, zeta: float, quadratic: bool = False) -> float:
    r"""How far from the minimiser the limit of :func:`ds_local_rate` lies. With
    :math:`\varphi(a) = (1 - (1 - \eta a)^H)/a`, :math:`\bar m = (L + \mu)/2`, and
    :math:`\zeta = \sum_i w_i\|\nabla f_i(x^*)\|`

    .. math:: \|x_\infty - x^*\| \le \frac\zeta\mu\Bigl(1 - \frac{\varphi(\bar m)}{\varphi(\mu)}\Bigr),
              \qquad \eta \le \frac2{L + \mu},

    which is 0 for H = 1. For small steps it is :math:`\tfrac{\kappa - 1}4(H - 1)\eta\zeta`, and then sharp. Where all
    :math:`f_i` are ``quadratic`` and :math:`\eta \le 1/L`, half of the same with L in place of :math:`\bar m`, which
    is smaller and, for every eta and H, attained in the limit of a large share of curvature mu and a small one of
    curvature L. Chapter `distributed`; on quadratics the limit is known in closed form, Z. Charles, J. Konečný (2021),
    doi:10.48550/arXiv.2103.05032.

    Raises
    ------
    ValueError
        If eta exceeds its bound, or mu exceeds L.

    Examples
    --------
    >>> round(ol.theory.ds_local_drift(eta=0.25, H=2, L=3.0, mu=1.0, zeta=7.0), 6)
    1.0
    """
    mu = checks.positive("mu", mu)
    condition(checks.positive("L", L) / mu)
    checks.instance("quadratic", quadratic, bool, "True or False")
    if quadratic:
        eta, other, factor = step_below(eta, 1 / L, "1 / L", equal=True), L, 0.5
    else:
        eta, other, factor = step_below(eta, 2 / (L + mu), "2 / (L + mu)", equal=True), (L + mu) / 2, 1.0
    H, zeta = checks.natural("H", H, least=1), checks.nonnegative("zeta", zeta)
    moved = [(1 - max(1 - eta * a, 0.0) ** H) / a for a in (mu, other)] if H > 1 else [eta, eta]
    return factor * zeta / mu * max(1 - moved[1] / moved[0], 0.0)


def ds_local_noise(t: Any, eta: float, mu: float, sigma: float, R: float, workers: int, H: int) -> Array:
    r"""An equality, for local SGD on scalar quadratics: after t rounds of H steps of N workers with equal shares, whose
    gradients are :math:`\mu(x - c_i)` plus independent noise of mean 0 and mean square :math:`\sigma^2`,

    .. math:: \mathbb E\|x_t - x^*\|^2 = (1 - \eta\mu)^{2Ht} R^2
              + \bigl(1 - (1 - \eta\mu)^{2Ht}\bigr)\,\frac{\eta\sigma^2}{N\mu(2 - \eta\mu)} .

    That is :func:`sg_quadratic` after Ht steps with N gradients each: to average rarely costs nothing here. Chapter
    `distributed`; that it can cost little in general: S. U. Stich (2019), doi:10.48550/arXiv.1805.09767.

    Raises
    ------
    ValueError
        If eta is not below 2/mu.

    Examples
    --------
    >>> ol.theory.ds_local_noise(np.array([0, 500]), eta=0.5, mu=2.0, sigma=2.0, R=3.0, workers=4, H=5)
    array([9.  , 0.25])
    """
    steps = checks.natural("H", H, least=1) * iteration(t, 0)
    N = checks.natural("workers", workers, least=1)
    return sg_quadratic(steps, eta, mu, checks.nonnegative("sigma", sigma) / math.sqrt(N), R)


def ds_top_k(k: int, d: int) -> float:
    r"""The contraction of top-k: :math:`\|C(v) - v\|^2 \le (1 - \tfrac kd)\|v\|^2`, that is :math:`\delta = k/d`.
    Attained where all entries have the same modulus.

    Chapter `distributed`; S. U. Stich, J.-B. Cordonnier, M. Jaggi (2018), doi:10.48550/arXiv.1809.07599.

    Examples
    --------
    >>> ol.theory.ds_top_k(k=13, d=650)
    0.02
    """
    d = checks.natural("d", d, least=1)
    return min(checks.natural("k", k, least=1), d) / d


def ds_sign(v: Any) -> float:
    r"""The contraction of the scaled sign at v, an equality: :math:`\|C(v) - v\|^2 = (1 - \delta)\|v\|^2` with
    :math:`\delta = \|v\|_1^2/(d\|v\|_2^2)`, which lies between 1/d (one entry) and 1 (equal moduli).

    Chapter `distributed`; S. P. Karimireddy, Q. Rebjock, S. U. Stich, M. Jaggi (2019), doi:10.48550/arXiv.1901.09847.

    Raises
    ------
    ValueError
        If v is 0, where every delta will do.

    Examples
    --------
    >>> ol.theory.ds_sign([3.0, 4.0]), ol.theory.ds_sign([0.0, 2.0])
    (0.98, 0.5)
    """
    size = np.abs(checks.vector("v", v))
    if not size.any():
        raise ValueError("v must not be 0")
    size = size / size.max()
    return float(size.sum() ** 2 / (size.size * (size @ size)))


def ds_memory(t: Any, eta: float, delta: float, G: float) -> Array:
    r"""What error feedback remembers, if the gradients are at most G long: with :math:`e_0 = 0`

    .. math:: \|e_t\| \le \eta G\,\frac{s\,(1 - s^t)}{1 - s} \le \frac{2\sqrt{1 - \delta}}\delta\,\eta G .

    The first is attained, by :math:`C(v) = (1 - s)v` and a constant gradient. Chapter `distributed`; the second is
    that of S. P. Karimireddy et al. (2019), doi:10.48550/arXiv.1901.09847.

    Examples
    --------
    >>> ol.theory.ds_memory(np.array([0, 1, 100]), eta=0.1, delta=0.75, G=1.0)
    array([0.  , 0.05, 0.1 ])
    """
    s, t = _root(delta), iteration(t, 0)
    return checks.positive("eta", eta) * checks.nonnegative("G", G) * s * (1 - s**t) / (1 - s)


def ds_feedback_step(L: float, delta: float) -> float:
    r"""The step below which error feedback is safe, :math:`\dfrac2L\cdot\dfrac{1 - s}{1 + s}`; gradient descent's 2/L
    for :math:`\delta = 1`, about :math:`\delta/(2L)` for a small :math:`\delta`.

    Sharp for the class of all contractions: :math:`C(v) = (1 + s)v` on :math:`\tfrac L2x^2` does not converge with it.
    Chapter `distributed`.

    Examples
    --------
    >>> ol.theory.ds_feedback_step(L=1.0, delta=0.75)
    0.6666666666666666
    """
    s = _root(delta)
    return 2 * (1 - s) / ((1 + s) * checks.positive("L", L))


def ds_feedback(
    t: Any, eta: float, L: float, gap: float, delta: float, sigma: float = 0.0, zeta: float = 0.0, workers: int = 1
) -> Array:
    r"""Error feedback, f L-smooth and bounded below by f*, convex or not, N workers with equal shares whose gradients
    are unbiased with variance at most :math:`\sigma^2`, and
    :math:`\frac1N\sum_i\|\nabla f_i(x) - \nabla f(x)\|^2 \le \zeta^2` at every x. With :math:`a = \eta Ls/(1 - s)` and
    :math:`2a + \eta L < 2`, that is, eta below :func:`ds_feedback_step`, for :math:`t \ge 1`

    .. math:: \min_{k<t}\mathbb E\|\nabla f(x_k)\|^2 \le \frac{\frac{2(f(x_0) - f^*)}{\eta t} + \frac{\eta L\sigma^2}N
              + a\,(\sigma^2 + \zeta^2)}{2 - \eta L - 2a},

    and, if :math:`a^2 + \eta L < 1`, also the same with :math:`a^2(\sigma^2 + \zeta^2)` and :math:`1 - \eta L - a^2`;
    the smaller is returned. With delta = 1 it is :func:`sg_nonconvex`, and for one worker with full gradients the rate
    of gradient descent with :math:`L\frac{1 + s}{1 - s}` in place of L.

    Chapter `distributed`; other constants: S. P. Karimireddy et al. (2019), doi:10.48550/arXiv.1901.09847.

    Raises
    ------
    ValueError
        If eta is not below that step.

    Examples
    --------
    >>> ol.theory.ds_feedback(np.array([1, 10]), eta=0.5, L=1.0, gap=1.0, delta=0.75).round(3)
    array([8. , 0.8])
    """
    s = _root(delta)
    eta = step_below(eta, ds_feedback_step(L, delta), "2 (1 - s) / ((1 + s) L)")
    a = eta * L * s / (1 - s)
    sigma, zeta = checks.nonnegative("sigma", sigma), checks.nonnegative("zeta", zeta)
    kept = sigma**2 + zeta**2
    common = 2 * checks.nonnegative("gap", gap) / (eta * iteration(t, 1))
    common = common + eta * L * sigma**2 / checks.natural("workers", workers, least=1)
    first = (common + a * kept) / (2 - eta * L - 2 * a)
    rest = 1 - eta * L - a**2
    return np.minimum(first, (common + a**2 * kept) / rest) if rest > 0 else first


def ds_one_worker(t: Any, eta: float, L: float, gap: float, delta: float) -> Array:
    r"""One worker, full gradients, **no** feedback, and a compressor with :math:`C(v)^\top v = \|C(v)\|^2` and
    :math:`C(\eta v) = \eta C(v)`, as top-k and the scaled sign are: for :math:`\eta < 2/L` and t >= 1

    .. math:: \min_{k<t}\|\nabla f(x_k)\|^2 \le \frac{2\,(f(x_0) - f^*)}{\delta\eta(2 - \eta L)\,t} .

    With several workers nothing like it holds. Chapter `distributed`.

    Raises
    ------
    ValueError
        If eta is not below 2/L.

    Examples
    --------
    >>> float(ol.theory.ds_one_worker(10, eta=1.0, L=1.0, gap=1.0, delta=0.5))
    0.4
    """
    delta, L = share("delta", delta), checks.positive("L", L)
    eta = step_below(eta, 2 / L, "2 / L")
    return 2 * checks.nonnegative("gap", gap) / (delta * eta * (2 - eta * L) * iteration(t, 1))
