r"""Penalties :math:`\Omega(w)`: value, proximal map, and gradient where there is one."""

from __future__ import annotations

from dataclasses import dataclass

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
