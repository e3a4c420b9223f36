r"""Penalties :math:`\Omega(w)`: value, proximal map, and gradient where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optlib import checks
from optlib.typing import Array


class Penalty:
    r"""A convex penalty g with ``g(x)`` and ``g.prox(v, t)`` :math:`= \arg\min_x \tfrac12\|x-v\|^2 + t\,g(x)`."""

    def __call__(self, x: Array) -> float:
        raise NotImplementedError

    def prox(self, v: Array, t: float) -> Array:
        raise NotImplementedError


class SmoothPenalty(Penalty):
    """A penalty with a gradient and a constant ``curvature`` c: its Hessian is c I."""

    curvature: float

    def grad(self, x: Array) -> Array:
        raise NotImplementedError


@dataclass(frozen=True)
class Zero(SmoothPenalty):
    """No penalty.

    Examples
    --------
    >>> ol.penalties.Zero()(np.ones(3)), ol.penalties.Zero().prox(np.ones(3), 0.5)
    (0.0, array([1., 1., 1.]))
    """

    curvature = 0.0

    def __call__(self, x: Array) -> float:
        return 0.0

    def grad(self, x: Array) -> Array:
        return 0.0 * x

    def prox(self, v: Array, t: float) -> Array:
        return v


@dataclass(frozen=True)
class L2(SmoothPenalty):
    r"""The squared Euclidean norm, :math:`\tfrac{\lambda}{2}\|x\|_2^2`, with prox :math:`v/(1+t\lambda)`.

    Parameters
    ----------
    lam : float
        The strength :math:`\lambda \ge 0`.

    Raises
    ------
    TypeError, ValueError
        If ``lam`` is negative or no number.

    Examples
    --------
    >>> ol.penalties.L2(2.0)(np.array([3.0])), ol.penalties.L2(2.0).prox(np.array([3.0]), 1.0)
    (9.0, array([1.]))
    """

    lam: float

    def __post_init__(self) -> None:
        checks.nonnegative("lam", self.lam)

    @property
    def curvature(self) -> float:  # type: ignore[override]
        return self.lam

    def __call__(self, x: Array) -> float:
        return 0.5 * self.lam * float(x.dot(x))

    def grad(self, x: Array) -> Array:
        return self.lam * x

    def prox(self, v: Array, t: float) -> Array:
        return v / (1 + t * self.lam)


def soft_threshold(v: Array, t: Any) -> Array:
    r""":math:`\mathrm{sign}(v)\max(|v| - t, 0)`, entry by entry: v itself less what of it lies within [-t, t]."""
    return v - np.clip(v, -t, t)


@dataclass(frozen=True)
class L1(Penalty):
    r"""The 1-norm, :math:`\lambda\|x\|_1`, whose prox is the soft threshold
    :math:`\mathrm{sign}(v)\max(|v| - t\lambda, 0)`.

    Parameters
    ----------
    lam : float
        The strength :math:`\lambda \ge 0`.

    Raises
    ------
    TypeError, ValueError
        If ``lam`` is negative or no number.

    Examples
    --------
    >>> ol.penalties.L1(2.0)(np.array([3.0, -1.0])), ol.penalties.L1(2.0).prox(np.array([3.0, -1.0]), 1.0)
    (8.0, array([1., 0.]))
    """

    lam: float

    def __post_init__(self) -> None:
        checks.nonnegative("lam", self.lam)

    def __call__(self, x: Array) -> float:
        return self.lam * float(np.abs(x).sum())

    def prox(self, v: Array, t: float) -> Array:
        return soft_threshold(v, t * self.lam)


@dataclass(frozen=True)
class ElasticNet(Penalty):
    r"""The elastic net, :math:`\lambda_1\|x\|_1 + \tfrac{\lambda_2}{2}\|x\|_2^2`: soft threshold, then shrink by
    :math:`1/(1 + t\lambda_2)`.

    Parameters
    ----------
    lam1, lam2 : float
        :math:`\lambda_1, \lambda_2 \ge 0`.

    Raises
    ------
    TypeError, ValueError
        If one of them is negative or no number.

    Notes
    -----
    Source: H. Zou, T. Hastie (2005), doi:10.1111/j.1467-9868.2005.00503.x, the "naive" form.

    Examples
    --------
    >>> g = ol.penalties.ElasticNet(lam1=1.0, lam2=1.0)
    >>> g(np.array([2.0, 0.0])), g.prox(np.array([3.0, -1.0]), 1.0)
    (4.0, array([1., 0.]))
    """

    lam1: float
    lam2: float

    def __post_init__(self) -> None:
        checks.nonnegative("lam1", self.lam1)
        checks.nonnegative("lam2", self.lam2)

    def __call__(self, x: Array) -> float:
        return self.lam1 * float(np.abs(x).sum()) + 0.5 * self.lam2 * float(x.dot(x))

    def prox(self, v: Array, t: float) -> Array:
        return soft_threshold(v, t * self.lam1) / (1 + t * self.lam2)


@dataclass(frozen=True, eq=False)  # arrays have no single truth value
class GroupL2(Penalty):
    r"""The group lasso, :math:`\lambda\sum_{G} \sqrt{|G|}\,\|x_G\|_2`, over groups G that part the coordinates.

    Its prox shrinks each group as a whole: :math:`x_G = \max\bigl(0, 1 - t\lambda\sqrt{|G|}/\|v_G\|_2\bigr)\, v_G`. The
    weights :math:`\sqrt{|G|}` make groups of different size comparable.

    Parameters
    ----------
    lam : float
        The strength :math:`\lambda \ge 0`.
    groups : array of n integers
        The group of each coordinate; the same number, the same group.

    Raises
    ------
    TypeError, ValueError
        If ``lam`` is negative, or ``groups`` is no vector of integers; on use, if x has another length.

    Notes
    -----
    Source: M. Yuan, Y. Lin (2006), doi:10.1111/j.1467-9868.2005.00532.x.

    Examples
    --------
    >>> g = ol.penalties.GroupL2(1.0, groups=[0, 0, 1])
    >>> round(g(np.array([3.0, 4.0, 2.0])), 4), g.prox(np.array([0.3, 0.4, 2.0]), 1.0)
    (9.0711, array([0., 0., 1.]))
    """

    lam: float
    groups: Any

    def __post_init__(self) -> None:
        checks.nonnegative("lam", self.lam)
        groups = np.asarray(self.groups)
        if groups.ndim != 1 or groups.size == 0 or groups.dtype.kind not in "iu":
            raise ValueError(f"groups must be a vector of integers, one a coordinate, got {self.groups!r}")
        _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        for name, value in (("groups", groups), ("_member", member), ("_weights", np.sqrt(sizes))):
            object.__setattr__(self, name, value)  # set past the frozen guard, once

    def norms(self, x: Array) -> Array:
        r""":math:`\|x_G\|_2` of each group, in ascending order of their numbers."""
        if x.shape != self.groups.shape:
            raise ValueError(f"x must have shape {self.groups.shape}, one entry for each of groups, got {x.shape}")
        largest = float(np.abs(x).max()) or 1.0  # squares of tiny or huge entries would under- or overflow
        squares = np.bincount(self._member, (x / largest) ** 2)  # type: ignore[attr-defined]
        return np.asarray(largest * np.sqrt(squares))

    def __call__(self, x: Array) -> float:
        return self.lam * float(self._weights @ self.norms(x))  # type: ignore[attr-defined]

    def prox(self, v: Array, t: float) -> Array:
        norms, cut = self.norms(v), t * self.lam * self._weights  # type: ignore[attr-defined]
        shrink = np.zeros_like(norms)
        np.divide(norms - cut, norms, out=shrink, where=norms > cut)
        return np.asarray(shrink[self._member] * v)  # type: ignore[attr-defined]
