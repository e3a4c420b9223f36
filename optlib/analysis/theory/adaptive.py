r"""Theorems of the chapter `adaptive`.

The regret of x_0, ..., x_{T-1} against u on convex losses is :math:`\sum_{t<T} f_t(x_t) - f_t(u)`, and
:math:`s = \sum_{t<T} g_t \odot g_t` is the sum of the squared gradients seen. In the bounds of the regret the last axis
of ``s`` holds the coordinates; with s after each round, of shape (T, n), they give the bound after each round.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optlib import checks
from optlib.analysis.theory._arguments import iteration, nonnegatives, positives
from optlib.typing import Array

__all__ = [
    "ad_adagrad",
    "ad_adamw_box",
    "ad_adamw_rest",
    "ad_bias_correction",
    "ad_first_step",
    "ad_fixed_steps",
    "ad_forgetting",
    "ad_hindsight",
    "ad_step_bound",
]


def ad_fixed_steps(s: Any, R: Any, eta: Any) -> Array:
    r"""Regret of :math:`x_{t+1} = x_t - \eta \odot g_t`, with one fixed step for each coordinate, on convex losses:

    .. math:: \mathrm{Reg}_T(u) \le \sum_i \Bigl(\frac{R_i^2}{2\eta_i} + \frac{\eta_i}{2} s_i\Bigr),
              \qquad R_i = |x_{0,i} - u_i|.

    With all steps alike this is online gradient descent's bound. Attained by linear losses against :math:`u = x_T`.
    Chapter `adaptive`; M. Zinkevich (2003), International Conference on Machine Learning, 928-936.

    Parameters
    ----------
    s : array of shape (..., n)
        Sums of squared gradients.
    R, eta : float or array of shape (n,)

    Examples
    --------
    >>> float(ol.theory.ad_fixed_steps([4.0, 1.0], R=1.0, eta=0.5))
    3.25
    """
    s, R, eta = _sizes("s", s), _sizes("R", R), _sizes("eta", eta, zero=False)
    return (R**2 / (2 * eta) + eta / 2 * s).sum(axis=-1)


def ad_hindsight(s: Any, R: Any) -> Array:
    r"""The infimum of :func:`ad_fixed_steps` over all :math:`\eta` for given s: :math:`\sum_i R_i\sqrt{s_i}`, taken at
    :math:`\eta_i = R_i/\sqrt{s_i}` if all of these are positive. Such steps can be known only afterwards.

    Chapter `adaptive`; J. Duchi, E. Hazan, Y. Singer (2011), J. Mach. Learn. Res. 12, 2121-2159.

    Examples
    --------
    >>> float(ol.theory.ad_hindsight([4.0, 1.0], R=1.0))
    3.0
    """
    return (_sizes("R", R) * np.sqrt(_sizes("s", s))).sum(axis=-1)


def ad_adagrad(s: Any, D: Any, eta: float, eps: float = 0.0) -> Array:
    r"""Regret of AdaGrad on convex losses, with :math:`D_i \ge \max_{t<T} |x_{t,i} - u_i|`:

    .. math:: \mathrm{Reg}_T(u) \le \sum_i \Bigl(\frac{D_i^2}{2\eta}\bigl(\sqrt{s_i} + \varepsilon\bigr)
              + \eta\sqrt{s_i}\Bigr).

    It holds as well if each step is followed by a projection onto a box that holds u. With all
    :math:`D_i = D` and :math:`\eta = D/\sqrt2` it is :math:`\sqrt2` times :func:`ad_hindsight`, but for epsilon. The
    ratio to the measured regret comes as near to 1 as one likes for small :math:`\eta/D`. Chapter `adaptive`;
    J. Duchi, E. Hazan, Y. Singer (2011), J. Mach. Learn. Res. 12, 2121-2159.

    Parameters
    ----------
    s : array of shape (..., n)
        Sums of squared gradients.
    D : float or array of shape (n,) or (..., n)
    eta : float
    eps : float, optional

    Examples
    --------
    >>> float(ol.theory.ad_adagrad([4.0, 1.0], D=1.0, eta=0.5))
    4.5
    """
    s, D, eta = np.sqrt(_sizes("s", s)), _sizes("D", D), checks.positive("eta", eta)
    return (D**2 / (2 * eta) * (s + checks.nonnegative("eps", eps)) + eta * s).sum(axis=-1)


def ad_bias_correction(t: Any, beta: float) -> Array:
    r"""The sum of the weights of a running mean that starts at 0: after t >= 1 steps of
    :math:`m \leftarrow \beta m + (1 - \beta) g`, :math:`m = (1 - \beta)\sum_{k<t}\beta^{t-1-k} g_k` has weights with
    the sum :math:`1 - \beta^t`.

    So :math:`\mathbb E\,m = (1 - \beta^t)\,\mathbb E\,g` if all gradients have the same mean, exactly; and
    :math:`m = (1 - \beta^t)\,g` if they are all equal. Chapter `adaptive`; D. P. Kingma, J. Ba (2015), section 3,
    doi:10.48550/arXiv.1412.6980.

    Examples
    --------
    >>> ol.theory.ad_bias_correction([1, 2], beta=0.5)
    array([0.5 , 0.75])
    """
    return 1 - checks.fraction("beta", beta, zero=True) ** iteration(t, 1)


def ad_first_step(g: Any, eta: float, eps: float) -> Array:
    r"""The first step of AdaGrad and of Adam, whatever the betas: :math:`x_1 - x_0 = -\eta\,g/(|g| + \varepsilon)`.

    Chapter `adaptive`; a special case of :func:`ad_step_bound`, as its length is at most eta.

    Examples
    --------
    >>> ol.theory.ad_first_step([3.0, -0.01], eta=0.1, eps=1e-8).round(6)
    array([-0.1,  0.1])
    """
    g = checks.numeric("g", g)
    return -checks.positive("eta", eta) * g / (np.abs(g) + checks.positive("eps", eps))


def ad_step_bound(t: Any, beta1: float, beta2: float) -> Array:
    r"""The longest step that Adam can make, in units of eta: after t >= 1 gradients, whatever they are,

    .. math:: \frac{|\hat m|}{\sqrt{\hat v}} \le
              \frac{1 - \beta_1}{1 - \beta_1^t}
              \sqrt{\frac{1 - \beta_2^t}{1 - \beta_2}\cdot\frac{1 - \gamma^t}{1 - \gamma}}, \qquad
              \gamma = \beta_1^2/\beta_2 < 1,

    in each coordinate. Attained by gradients proportional to :math:`(\beta_2/\beta_1)^k`, k = 0, ..., t - 1. It is 1
    for t = 1 and for :math:`\beta_1 = \beta_2`, and never exceeds its limit
    :math:`(1-\beta_1)/\sqrt{(1-\beta_2)(1-\gamma)}`, which ``t = inf`` gives. Chapter `adaptive`, where it is proved;
    D. P. Kingma, J. Ba (2015), section 2.1, doi:10.48550/arXiv.1412.6980, state the smaller
    :math:`(1 - \beta_1)/\sqrt{1 - \beta_2}`, which is no bound.

    Raises
    ------
    TypeError, ValueError
        If :math:`\beta_1^2 \ge \beta_2`, when no bound holds for all t.

    Examples
    --------
    >>> ol.theory.ad_step_bound([1, np.inf], beta1=0.9, beta2=0.999).round(3)
    array([1.  , 7.27])
    """
    beta1, beta2 = checks.fraction("beta1", beta1, zero=True), checks.fraction("beta2", beta2)
    gamma = beta1**2 / beta2
    if gamma >= 1:
        raise ValueError(f"beta1 must be below sqrt(beta2) = {math.sqrt(beta2):.4g}, got {beta1!r}")
    t = iteration(t, 1)
    sums = (1 - beta2**t) / (1 - beta2) * (1 - gamma**t) / (1 - gamma)
    return (1 - beta1) / (1 - beta1**t) * np.sqrt(sums)


def ad_adamw_box(t: Any, x0: float, eta: float, lam: float, beta1: float, beta2: float) -> Array:
    r"""AdamW's iterates stay in a box, whatever the gradients: with B the limit of :func:`ad_step_bound` and
    :math:`\eta\lambda \le 1`, in each coordinate

    .. math:: |x_t| \le (1 - \eta\lambda)^t\,|x_0| + \bigl(1 - (1 - \eta\lambda)^t\bigr)\frac B\lambda .

    Attained for :math:`\beta_1 = \beta_2`, so that B = 1, by a constant gradient and epsilon = 0, from an :math:`x_0`
    on the side to which it pushes. Chapter `adaptive`.

    Parameters
    ----------
    t : int or array
    x0 : float
        :math:`|x_0|`.
    eta, lam, beta1, beta2 : float

    Raises
    ------
    TypeError, ValueError
        If :math:`\eta\lambda > 1`, and as :func:`ad_step_bound`.

    Examples
    --------
    >>> float(ol.theory.ad_adamw_box(1, x0=2.0, eta=0.1, lam=0.5, beta1=0.9, beta2=0.9))  # 2 - 0.1 + 0.1
    2.0
    """
    eta, lam = checks.positive("eta", eta), checks.positive("lam", lam)
    if eta * lam > 1:
        raise ValueError(f"eta * lam must be at most 1, got {eta * lam:.4g}")
    kept = (1 - eta * lam) ** iteration(t, 0)
    return kept * checks.nonnegative("x0", x0) + (1 - kept) * ad_step_bound(math.inf, beta1, beta2) / lam


def ad_adamw_rest(x: Any, lam: float, eps: float) -> Array:
    r"""The gradient of f at a point x where AdamW rests, :math:`g/(|g| + \varepsilon) = -\lambda x` in each coordinate:

    .. math:: g = -\frac{\varepsilon\lambda x}{1 - \lambda|x|}, \qquad |x| < 1/\lambda .

    For Adam on f with the penalty :math:`\frac\lambda2\|x\|^2` it is :math:`-\lambda x`, without epsilon and without
    a box. As epsilon vanishes, what is left are the points that satisfy the first-order conditions for a minimum of f
    on the box :math:`|x_i| \le 1/\lambda`. Chapter `adaptive`; S. Xie, Z. Li (2024), doi:10.48550/arXiv.2404.04454.

    Raises
    ------
    TypeError, ValueError
        If :math:`|x| \ge 1/\lambda` in some coordinate: AdamW rests nowhere there.

    Examples
    --------
    >>> float(ol.theory.ad_adamw_rest(0.5, lam=1.0, eps=1e-8))
    -1e-08
    """
    x, lam = checks.numeric("x", x), checks.positive("lam", lam)
    if not (lam * np.abs(x) < 1).all():
        raise ValueError(f"x must lie within 1 / lam = {1 / lam:.4g}, got {x}")
    return -checks.positive("eps", eps) * lam * x / (1 - lam * np.abs(x))


def ad_forgetting(C: float) -> float:
    r"""How far Adam is driven the wrong way by Reddi, Kale and Kumar's losses, :math:`Cx, -x, -x` in turn on
    :math:`[-1, 1]`, in units of eta. With :math:`\beta_1 = 0`, :math:`\beta_2 = 1/(1 + C^2)`, a constant eta,
    epsilon = 0, and each step followed by a projection onto the interval,

    .. math:: x_{3k+3} \ge \min(1,\ x_{3k} + q\,\eta), \qquad
              q = \frac1{\sqrt2} + \frac1{\sqrt{1 + 2\beta_2}} - 1 > 0 .

    The best fixed point is -1, and Adam ends at +1. Returns q; it is attained by the first three rounds in the limit of
    a large C. Chapter `adaptive`; S. J. Reddi, S. Kale, S. Kumar (2018), theorem 1, doi:10.48550/arXiv.1904.09237.

    Raises
    ------
    TypeError, ValueError
        If C is at most 2, when -1 is not the only best point.

    Examples
    --------
    >>> round(ol.theory.ad_forgetting(C=4.0), 3)
    0.653
    """
    if checks.real("C", C) <= 2:
        raise ValueError(f"C must exceed 2, got {C!r}")
    return 1 / math.sqrt(2) + 1 / math.sqrt(1 + 2 / (1 + C**2)) - 1


def _sizes(name: str, value: Any, zero: bool = True) -> Array:
    """Numbers none of which is negative, or all of which are positive; a single one is an array of shape (1,)."""
    return np.atleast_1d(nonnegatives(name, value) if zero else positives(name, value))
