"""Step sizes of their own for every coordinate: AdaGrad, RMSProp, Adam, AdamW (chapter `adaptive`).

All operations are entry by entry, and eps stands outside the square root. An entry of the gradient beyond 1e150, whose
square would overflow, counts as 1e150: the step stays about ``lr``.
Sums and means are private and change in place: with fresh arrays a step at n = 1e5 takes 1.4 to 1.5 times as long.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from optlib import checks
from optlib.methods.base import Iterate, Method
from optlib.problem import Problem, norm
from optlib.steps.schedules import as_schedule
from optlib.typing import Array, Schedule

HUGE = 1e150


@dataclass(frozen=True)
class AdaGrad(Method):
    r"""AdaGrad, with the sum of squares s starting at 0,

    .. math:: s_{t+1} = s_t + g_t \odot g_t, \qquad x_{t+1} = x_t - \eta_t\, g_t / (\sqrt{s_{t+1}} + \varepsilon).

    ``optimality`` is the gradient norm :math:`\|g_t\|_2`. Variant: diagonal, no decay (as in torch.optim.Adagrad).

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`.
    eps : float
        :math:`\varepsilon > 0`, outside the square root.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor positive, or ``eps`` is not positive.

    Notes
    -----
    Source: J. Duchi, E. Hazan, Y. Singer (2011), J. Mach. Learn. Res. 12, 2121-2159.

    Examples
    --------
    >>> result = ol.minimize(ol.Quadratic([1.0, 100.0]), [1.0, 1.0], ol.AdaGrad(lr=0.5))
    >>> result.success, result.nit
    (True, 33)
    """

    lr: float | Schedule = 1e-2
    eps: float = 1e-10

    def __post_init__(self) -> None:
        as_schedule(self.lr)
        checks.positive("eps", self.eps)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, eta, s = as_schedule(self.lr), math.nan, np.zeros_like(x)
        for t in count():
            f, g = problem.value_and_grad(x)
            size = norm(g)
            yield Iterate(x, f, g, size, eta)
            eta, g = lr(t), _squarable(g, size)
            s += g * g
            x = x - eta * g / (np.sqrt(s) + self.eps)


@dataclass(frozen=True)
class RMSProp(Method):
    r"""RMSProp, with the running mean of squares s starting at 0,

    .. math:: s_{t+1} = \rho s_t + (1 - \rho)\, g_t \odot g_t, \qquad
              x_{t+1} = x_t - \eta_t\, g_t / (\sqrt{s_{t+1}} + \varepsilon).

    ``optimality`` is the gradient norm :math:`\|g_t\|_2`. Variant: no momentum, not centred, no bias correction (as
    in torch.optim.RMSprop).

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`. With a constant one the iterates end up in a cycle whose size is about ``lr``.
    rho : float
        :math:`\rho \in [0, 1)`, how slowly the mean forgets.
    eps : float
        :math:`\varepsilon > 0`, outside the square root.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor positive, ``rho`` lies outside [0, 1), or ``eps`` is not positive.

    Notes
    -----
    Source: T. Tieleman, G. Hinton (2012), Neural Networks for Machine Learning, lecture 6e.

    Examples
    --------
    >>> lr = ol.schedules.InverseTime(0.5)
    >>> result = ol.minimize(ol.Quadratic([1.0, 100.0]), [1.0, 1.0], ol.RMSProp(lr), maxiter=100)
    >>> bool(result.fun < 1e-3 * result.history.fun[0])
    True
    """

    lr: float | Schedule = 1e-3
    rho: float = 0.99
    eps: float = 1e-8

    def __post_init__(self) -> None:
        as_schedule(self.lr)
        checks.fraction("rho", self.rho, zero=True)
        checks.positive("eps", self.eps)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, eta, s, rho = as_schedule(self.lr), math.nan, np.zeros_like(x), self.rho
        for t in count():
            f, g = problem.value_and_grad(x)
            size = norm(g)
            yield Iterate(x, f, g, size, eta)
            eta, g = lr(t), _squarable(g, size)
            s *= rho
            s += (1 - rho) * g * g
            x = x - eta * g / (np.sqrt(s) + self.eps)


@dataclass(frozen=True)
class Adam(Method):
    r"""Adam, with the running means m and v starting at 0,

    .. math:: m_{t+1} &= \beta_1 m_t + (1 - \beta_1)\, g_t, &
              \hat m_{t+1} &= m_{t+1} / (1 - \beta_1^{t+1}), \\
              v_{t+1} &= \beta_2 v_t + (1 - \beta_2)\, g_t \odot g_t, &
              \hat v_{t+1} &= v_{t+1} / (1 - \beta_2^{t+1}), \\
              x_{t+1} &= x_t - \eta_t\, \hat m_{t+1} / (\sqrt{\hat v_{t+1}} + \varepsilon). &&

    Dividing by :math:`1 - \beta^{t+1}`, the sum of the weights so far, removes the pull of the start at 0.
    ``optimality`` is the gradient norm :math:`\|g_t\|_2`. Variant: as in torch.optim.Adam; no weight decay (see
    :class:`AdamW`).

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`, about the size of a step in every coordinate.
    beta1, beta2 : float
        In [0, 1): how slowly the means of g and of its square forget.
    eps : float
        :math:`\varepsilon > 0`, outside the square root.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor positive, ``beta1`` or ``beta2`` lies outside [0, 1), or ``eps`` is not
        positive.

    Notes
    -----
    With a constant ``lr`` it need not converge, even on convex problems: S. J. Reddi, S. Kale, S. Kumar (2018),
    doi:10.48550/arXiv.1904.09237. Source: D. P. Kingma, J. Ba (2015), doi:10.48550/arXiv.1412.6980.

    Examples
    --------
    >>> result = ol.minimize(ol.Quadratic([1.0, 100.0]), [1.0, 1.0], ol.Adam(lr=0.1), maxiter=1)
    >>> result.x  # the first step is lr times the sign of the gradient
    array([0.9, 0.9])
    """

    lr: float | Schedule = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        _check(self)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, eta, beta1, beta2 = as_schedule(self.lr), math.nan, self.beta1, self.beta2
        m, v = np.zeros_like(x), np.zeros_like(x)
        for t in count():
            f, g = problem.value_and_grad(x)
            size = norm(g)
            yield Iterate(x, f, g, size, eta)
            eta, g = lr(t), _squarable(g, size)
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * g * g
            c1, c2 = 1 - beta1 ** (t + 1), 1 - beta2 ** (t + 1)  # m / c1 and v / c2 are the hats
            p = np.sqrt(v / c2)
            p += self.eps
            np.divide(m, p, out=p)
            x = x - eta / c1 * p


@dataclass(frozen=True)
class AdamW(Method):
    r"""Adam with decoupled weight decay: with :math:`\hat m` and :math:`\hat v` as in :class:`Adam`,

    .. math:: x_{t+1} = x_t - \eta_t\, \hat m_{t+1} / (\sqrt{\hat v_{t+1}} + \varepsilon) - \eta_t \lambda\, x_t.

    The decay acts on x before the step and is not divided by :math:`\sqrt{\hat v}`, which is how it differs from
    :class:`Adam` on f plus an L2 penalty. ``optimality`` is the gradient norm :math:`\|g_t\|_2` of f alone: at the
    point where AdamW comes to rest it is not 0 unless ``weight_decay`` is. Variant: as in torch.optim.AdamW.

    Parameters
    ----------
    lr : float or schedule
        :math:`\eta_t > 0`, about the size of a step in every coordinate.
    beta1, beta2 : float
        In [0, 1): how slowly the means of g and of its square forget.
    eps : float
        :math:`\varepsilon > 0`, outside the square root.
    weight_decay : float
        :math:`\lambda \ge 0`.

    Raises
    ------
    TypeError, ValueError
        As for :class:`Adam`, and if ``weight_decay`` is negative.

    Notes
    -----
    Source: I. Loshchilov, F. Hutter (2019), doi:10.48550/arXiv.1711.05101.

    Examples
    --------
    >>> q = ol.Quadratic([1.0, 100.0])
    >>> ol.minimize(q, [1.0, 1.0], ol.AdamW(lr=0.1, weight_decay=0.5), maxiter=1).x  # 1 - 0.1 - 0.1 * 0.5
    array([0.85, 0.85])
    """

    lr: float | Schedule = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        _check(self)
        checks.nonnegative("weight_decay", self.weight_decay)

    def iterate(self, problem: Problem, x: Array) -> Iterator[Iterate]:
        lr, eta, lam, beta1, beta2 = as_schedule(self.lr), math.nan, self.weight_decay, self.beta1, self.beta2
        m, v = np.zeros_like(x), np.zeros_like(x)
        for t in count():
            f, g = problem.value_and_grad(x)
            size = norm(g)
            yield Iterate(x, f, g, size, eta)
            eta, g = lr(t), _squarable(g, size)
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * g * g
            c1, c2 = 1 - beta1 ** (t + 1), 1 - beta2 ** (t + 1)  # m / c1 and v / c2 are the hats
            p = np.sqrt(v / c2)
            p += self.eps
            np.divide(m, p, out=p)
            x = x - eta / c1 * p - eta * lam * x


def _check(method: Adam | AdamW) -> None:
    as_schedule(method.lr)
    checks.fraction("beta1", method.beta1, zero=True)
    checks.fraction("beta2", method.beta2, zero=True)
    checks.positive("eps", method.eps)


def _squarable(g: Array, size: float) -> Array:
    """g of norm ``size`` with entries whose squares, and sums of them, do not overflow."""
    return g if size <= HUGE else np.clip(g, -HUGE, HUGE)
