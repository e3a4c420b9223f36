r"""Theorems of the chapter `learning-rates`: what a schedule does to stochastic gradient descent.

``etas`` holds the step sizes :math:`\eta_0, \dots, \eta_{T-1}`; the answers hold T + 1 entries, for t = 0, ..., T.
Only :func:`schedule_last` is a number: what all T steps lead to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import iteration, nonnegatives
from optlib.typing import Array

__all__ = [
    "schedule_best",
    "schedule_best_step",
    "schedule_bound",
    "schedule_last",
    "schedule_last_best",
    "schedule_quadratic",
    "schedule_travel",
]


def _steps(etas: Any) -> Array:
    return nonnegatives("etas", checks.vector("etas", etas))


def schedule_travel(etas: Any, G: float) -> Array:
    r"""How far steps can lead: :math:`\|x_t - x_0\| \le G\sum_{k<t}\eta_k` if no gradient is longer than G.

    Stochastic gradients count too. Attained where all are equal. Chapter `learning-rates`.

    Parameters
    ----------
    etas : array of shape (T,)
    G : float

    Examples
    --------
    >>> ol.theory.schedule_travel([1.0, 0.5, 0.25], G=2.0)
    array([0. , 2. , 3. , 3.5])
    """
    return checks.nonnegative("G", G) * np.concatenate([[0.0], np.cumsum(_steps(etas))])


def schedule_quadratic(etas: Any, mu: float, sigma2: float, e0: float) -> Array:
    r"""SGD with any schedule on :math:`\tfrac\mu2 x^2`, its gradients disturbed by independent noise of mean 0 and
    variance sigma2: :math:`e_t = \mathbb E\,(x_t - x^*)^2` obeys
    :math:`e_{t+1} = (1 - \eta_t\mu)^2 e_t + \eta_t^2\sigma^2`, an equality.

    On :math:`\tfrac12 x^\top Ax` it holds along each eigenvector of A with its own mu and noise. Chapter
    `learning-rates`.

    Parameters
    ----------
    etas : array of shape (T,)
    mu : float
        The curvature, positive.
    sigma2 : float
        The variance of the noise.
    e0 : float
        :math:`(x_0 - x^*)^2`.

    Examples
    --------
    >>> ol.theory.schedule_quadratic([0.5, 0.5], mu=1.0, sigma2=1.0, e0=4.0)
    array([4.    , 1.25  , 0.5625])
    """
    mu, sigma2 = checks.positive("mu", mu), checks.nonnegative("sigma2", sigma2)
    e = [checks.nonnegative("e0", e0)]
    for eta in _steps(etas):
        e.append((1 - eta * mu) ** 2 * e[-1] + eta**2 * sigma2)
    return np.array(e)


def schedule_best_step(t: Any, mu: float, sigma2: float, e0: float) -> Array:
    r"""The schedule that makes :func:`schedule_quadratic` smallest, at every t at once:
    :math:`\eta_t = \dfrac{1}{\mu\,(t + 1 + c)}` with :math:`c = \sigma^2/(\mu^2 e_0)`.

    Chapter `learning-rates`.

    Examples
    --------
    >>> ol.theory.schedule_best_step(np.arange(3), mu=1.0, sigma2=4.0, e0=4.0)
    array([0.5       , 0.33333333, 0.25      ])
    """
    mu, sigma2, e0 = checks.positive("mu", mu), checks.nonnegative("sigma2", sigma2), checks.positive("e0", e0)
    return 1 / (mu * (iteration(t, 0) + 1 + sigma2 / (mu**2 * e0)))


def schedule_best(t: Any, mu: float, sigma2: float, e0: float) -> Array:
    r"""What :func:`schedule_best_step` reaches: :math:`e_t = (1/e_0 + \mu^2 t/\sigma^2)^{-1}`.

    No schedule of fixed step sizes does better on :math:`\tfrac\mu2x^2`. Chapter `learning-rates`.

    Parameters
    ----------
    t : int or array
    mu, sigma2, e0 : float
        All positive; as in :func:`schedule_quadratic`.

    Examples
    --------
    >>> float(ol.theory.schedule_best(3, mu=1.0, sigma2=4.0, e0=4.0))
    1.0
    """
    mu, sigma2, e0 = checks.positive("mu", mu), checks.positive("sigma2", sigma2), checks.positive("e0", e0)
    return 1 / (1 / e0 + mu**2 * iteration(t, 0) / sigma2)


def schedule_bound(etas: Any, mu: float, sigma2: float, e0: float, L: float) -> Array:
    r"""SGD with any schedule of :math:`\eta_t \le 1/(2L)` on a mu-strongly convex mean of convex, smooth terms:
    :math:`\mathbb E\|x_t - x^*\|^2 \le e_t`, where :math:`e_{t+1} = (1 - \eta_t\mu)\,e_t + 2\eta_t^2\sigma^2`.

    It tends to 0 if :math:`\eta_t \to 0` and :math:`\sum\eta_t = \infty`. Chapter `learning-rates`; the single step:
    R. M. Gower et al. (2019), doi:10.48550/arXiv.1901.09401.

    Parameters
    ----------
    etas : array of shape (T,)
    mu : float
    sigma2 : float
        The expected squared norm of the stochastic gradient at x*: :math:`\sigma_*^2/b` for batches of b terms.
    e0 : float
        :math:`\|x_0 - x^*\|^2`.
    L : float
        The smoothness of a batch in expectation, :func:`sg_smoothness`; for batches of one that of the roughest term.

    Raises
    ------
    ValueError
        If a step exceeds 1/(2L), where the theorem says nothing.

    Examples
    --------
    >>> ol.theory.schedule_bound([0.25, 0.25], mu=1.0, sigma2=1.0, e0=4.0, L=2.0)
    array([4.     , 3.125  , 2.46875])
    """
    etas, L = _steps(etas), checks.positive("L", L)
    if etas.max() > (1 + 1e-12) / (2 * L):
        raise ValueError(f"etas must not exceed 1/(2L) = {1 / (2 * L):.3g}, got {etas.max():.3g}")
    mu, sigma2 = checks.positive("mu", mu), checks.nonnegative("sigma2", sigma2)
    e = [checks.nonnegative("e0", e0)]
    for eta in etas:
        e.append((1 - eta * mu) * e[-1] + 2 * eta**2 * sigma2)
    return np.array(e)


def schedule_last(etas: Any, G: float, R: float) -> float:
    r"""The last iterate of SGD with any schedule, f convex: for every h > 0

    .. math:: &\mathbb E f(x_T) - f^* \le \frac{R^2}{2h\,a_T^2} + \frac{hG^2}2\Bigl(1 + \sum_{k<T}s_k^2\Bigr), \\
              &a_0 = 1,\quad s_k = \frac{\eta_{T-1-k}}{h\,a_k},\quad a_{k+1} = a_k + s_k .

    Returned is the least value over a fine grid of h. At every point the stochastic gradient must be in the mean a
    (sub)gradient, and its squared norm at most G^2. Chapter `learning-rates`; the method of proof: M. Zamani,
    F. Glineur (2025), doi:10.48550/arXiv.2307.11134; A. Defazio et al. (2023), doi:10.48550/arXiv.2310.07831.

    Parameters
    ----------
    etas : array of shape (T,)
    G : float
        The root of the largest expected squared norm of a stochastic gradient.
    R : float
        :math:`\|x_0 - x^*\|`.

    Examples
    --------
    The linear decay of :func:`schedule_last_best` over three steps, and the best constant one:

    >>> G, R, T = 1.0, 1.0, 3
    >>> linear = R * T / (G * (T + 1) ** 1.5) * (1 - np.arange(T) / T)
    >>> round(ol.theory.schedule_last(linear, G, R), 6)
    0.5
    >>> round(min(ol.theory.schedule_last(np.full(T, eta), G, R) for eta in (0.2, 0.25, 0.3, 0.35)), 3)
    0.538
    """
    etas, G, R = _steps(etas), checks.positive("G", G), checks.positive("R", R)
    scale, low, high = R / G + etas.max(), -8.0, 2.0
    for _ in range(4):  # of the logarithm of h, ever finer about the least so far
        exponents = np.linspace(low, high, 41)
        h = scale * 10**exponents
        a, squares = np.ones_like(h), np.ones_like(h)
        for eta in etas[::-1]:
            s = eta / (h * a)
            a, squares = a + s, squares + s**2
        bound = R**2 / (2 * h * a**2) + h * G**2 / 2 * squares
        best, width = exponents[bound.argmin()], (high - low) / 40
        low, high = best - width, best + width
    return float(bound.min())


def schedule_last_best(t: Any, G: float, R: float) -> Array:
    r"""What t subgradients of slope at most G suffice for: :math:`GR/\sqrt{t + 1}`.

    With t = T this bounds :math:`\mathbb E f(x_T) - f^*` of SGD after T steps of linear decay,
    :math:`\eta_k = \frac{RT}{G(T+1)^{3/2}}(1 - k/T)`, on every convex f. No method that moves within the span of the
    subgradients can promise less. Chapter `learning-rates`; M. Zamani, F. Glineur (2025),
    doi:10.48550/arXiv.2307.11134; Y. Drori, M. Teboulle (2016), doi:10.48550/arXiv.1409.2636.

    Examples
    --------
    >>> float(ol.theory.schedule_last_best(3, G=2.0, R=3.0))
    3.0
    """
    return checks.positive("G", G) * checks.positive("R", R) / np.sqrt(iteration(t, 0) + 1)
