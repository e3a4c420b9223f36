r"""Losses :math:`\ell(z, y)` of a prediction :math:`z = x^\top w` and a label y, entry by entry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit, logsumexp, softmax

from optlib import checks
from optlib.typing import Array


class Loss:
    r"""A loss that is convex in z.

    ``curvature`` bounds its second derivative from above and ``least_curvature`` from below:
    :math:`c_0 \le \ell'' \le c`, for all z; ``curvature`` is inf where there is no second derivative. A loss with K
    outputs takes z of shape (n, K), and its second derivatives have shape (n, K, K).
    """

    curvature: ClassVar[float]
    least_curvature: ClassVar[float] = 0.0

    def encode(self, y: Array) -> Array:
        """The labels as the formula wants them, or an error that says which labels there may be."""
        return y

    def outputs(self, y: Array) -> int:
        """K, the number of outputs that encoded labels ask for."""
        return 1

    def __call__(self, z: Array, y: Array) -> Array:
        r""":math:`\ell(z_i, y_i)`, one number a sample."""
        raise NotImplementedError

    def derivative(self, z: Array, y: Array) -> Array:
        r""":math:`\ell'(z_i, y_i)` with respect to z, of its shape; a subgradient where there is a kink."""
        raise NotImplementedError

    def second_derivative(self, z: Array, y: Array) -> Array:
        r""":math:`\ell''(z_i, y_i)` with respect to z."""
        raise NotImplementedError


def _signs(loss: Loss, y: Array) -> Array:
    """Labels 0/1 or -1/+1 as -1/+1."""
    if np.isin(y, (0, 1)).all():
        return 2 * y - 1
    if np.isin(y, (-1, 1)).all():
        return y
    raise ValueError(f"y must hold labels 0/1 or -1/+1 for {type(loss).__name__}, got {np.unique(y)[:5]}")


@dataclass(frozen=True)
class Squared(Loss):
    r"""Half the squared residual, :math:`\ell(z, y) = \tfrac12 (z - y)^2`, for real y.

    Examples
    --------
    >>> ol.losses.Squared()(np.array([3.0]), np.array([1.0]))
    array([2.])
    """

    curvature: ClassVar[float] = 1.0
    least_curvature: ClassVar[float] = 1.0

    def __call__(self, z: Array, y: Array) -> Array:
        return 0.5 * (z - y) ** 2

    def derivative(self, z: Array, y: Array) -> Array:
        return z - y

    def second_derivative(self, z: Array, y: Array) -> Array:
        return np.ones_like(z)


@dataclass(frozen=True)
class Logistic(Loss):
    r"""The logistic loss, :math:`\ell(z, s) = \log(1 + e^{-sz})` with :math:`s = \pm 1`.

    Labels are given as 0/1 or as -1/+1. With y in {0, 1} this is the negative log-likelihood
    :math:`-y\log\sigma(z) - (1-y)\log(1-\sigma(z))`, :math:`\sigma(z) = 1/(1+e^{-z})`. Written with
    :func:`numpy.logaddexp` and :func:`scipy.special.expit` it neither overflows nor loses its digits, for z
    of any size.

    Raises
    ------
    ValueError
        If a label is neither 0/1 nor -1/+1.

    Examples
    --------
    >>> loss, z, s = ol.losses.Logistic(), np.array([-1e4, 0.0, 1e4]), np.array([1.0, 1.0, 1.0])
    >>> loss(z, s).round(4), loss.derivative(z, s)
    (array([1.000e+04, 6.931e-01, 0.000e+00]), array([-1. , -0.5, -0. ]))
    """

    curvature: ClassVar[float] = 0.25

    def encode(self, y: Array) -> Array:
        return _signs(self, y)

    def __call__(self, z: Array, y: Array) -> Array:
        return np.logaddexp(0.0, -y * z)

    def derivative(self, z: Array, y: Array) -> Array:
        return -y * expit(-y * z)

    def second_derivative(self, z: Array, y: Array) -> Array:
        return expit(z) * expit(-z)


@dataclass(frozen=True)
class CrossEntropy(Loss):
    r"""The cross-entropy of the softmax, for K classes and labels y in 0, ..., K - 1,

    .. math:: \ell(z, y) &= \log\sum_{k} e^{z_k} - z_y, \qquad \nabla\ell = p - e_y, \\
              \nabla^2\ell &= \mathrm{diag}(p) - p p^\top, \qquad p = \mathrm{softmax}(z).

    The risk's variable is W of shape (d, K), row by row: ``x = W.ravel()``, ``W = x.reshape(d, K)``. The curvature is
    at most 1/2: :math:`v^\top\nabla^2\ell\, v` is the variance of a variable with values :math:`v_k`, which is at most
    :math:`(\max_k v_k - \min_k v_k)^2/4 \le \|v\|^2/2`. Logits of any size are safe.

    Parameters
    ----------
    classes : int, optional
        K >= 2; by default the largest label plus 1.

    Raises
    ------
    TypeError, ValueError
        If ``classes`` is no integer of at least 2; if a label is no integer from 0 to K - 1.

    Examples
    --------
    >>> loss, z, y = ol.losses.CrossEntropy(), np.array([[0.0, 0.0], [1e4, 0.0]]), np.array([0, 1])
    >>> loss(z, y).round(3).tolist(), loss.derivative(z, y)[0]
    ([0.693, 10000.0], array([-0.5,  0.5]))
    """

    classes: int | None = None
    curvature: ClassVar[float] = 0.5

    def __post_init__(self) -> None:
        if self.classes is not None:
            checks.natural("classes", self.classes, least=2)

    def encode(self, y: Array) -> Array:
        limit = math.inf if self.classes is None else self.classes
        if not ((y == np.floor(y)) & (y >= 0) & (y < limit)).all():
            known = "0, 1, 2, ..." if self.classes is None else f"0 to {self.classes - 1}"
            raise ValueError(f"y must hold integer labels {known} for CrossEntropy, got {np.unique(y)[:5]}")
        return y.astype(int)

    def outputs(self, y: Array) -> int:
        return max(2, int(y.max()) + 1) if self.classes is None else self.classes

    def __call__(self, z: Array, y: Array) -> Array:
        return np.asarray(logsumexp(z, axis=1)) - z[np.arange(len(y)), y]

    def derivative(self, z: Array, y: Array) -> Array:
        p = softmax(z, axis=1)
        p[np.arange(len(y)), y] -= 1
        return np.asarray(p)

    def second_derivative(self, z: Array, y: Array) -> Array:
        p = softmax(z, axis=1)
        return p[:, :, None] * (np.eye(z.shape[1]) - p[:, None, :])


@dataclass(frozen=True)
class Hinge(Loss):
    r"""The hinge loss, :math:`\ell(z, s) = \max(0, 1 - sz)` with :math:`s = \pm 1`, of the support vector machine.

    Labels 0/1 or -1/+1. Not differentiable at :math:`sz = 1`, where ``derivative`` gives the subgradient 0; it has no
    second derivative, so that its risk has no Hessian and no finite ``lipschitz``.

    Raises
    ------
    ValueError
        If a label is neither 0/1 nor -1/+1.

    Examples
    --------
    >>> loss, z, s = ol.losses.Hinge(), np.array([-1.0, 0.5, 1.0]), np.ones(3)
    >>> loss(z, s), loss.derivative(z, s)
    (array([2. , 0.5, 0. ]), array([-1., -1.,  0.]))
    """

    curvature: ClassVar[float] = math.inf

    def encode(self, y: Array) -> Array:
        return _signs(self, y)

    def __call__(self, z: Array, y: Array) -> Array:
        return np.maximum(0.0, 1 - y * z)

    def derivative(self, z: Array, y: Array) -> Array:
        return np.where(y * z < 1, -y, 0.0)


@dataclass(frozen=True)
class SquaredHinge(Loss):
    r"""The squared hinge loss, :math:`\ell(z, s) = \max(0, 1 - sz)^2` with :math:`s = \pm 1`, once differentiable.

    Labels 0/1 or -1/+1. ``second_derivative`` is 2 where :math:`sz < 1` and 0 elsewhere (at the kink of the derivative
    too).

    Raises
    ------
    ValueError
        If a label is neither 0/1 nor -1/+1.

    Examples
    --------
    >>> loss, z, s = ol.losses.SquaredHinge(), np.array([-1.0, 0.5, 1.0]), np.ones(3)
    >>> loss(z, s), loss.derivative(z, s)
    (array([4.  , 0.25, 0.  ]), array([-4., -1., -0.]))
    """

    curvature: ClassVar[float] = 2.0

    def encode(self, y: Array) -> Array:
        return _signs(self, y)

    def __call__(self, z: Array, y: Array) -> Array:
        return np.maximum(0.0, 1 - y * z) ** 2

    def derivative(self, z: Array, y: Array) -> Array:
        return -2 * y * np.maximum(0.0, 1 - y * z)

    def second_derivative(self, z: Array, y: Array) -> Array:
        return np.where(y * z < 1, 2.0, 0.0)


@dataclass(frozen=True)
class Huber(Loss):
    r"""Huber's loss of the residual r = z - y: quadratic for small ones, linear for outliers,

    .. math:: \ell = \tfrac12 r^2 \ \text{ for } |r| \le \delta, \qquad
              \ell = \delta\,(|r| - \tfrac12\delta) \ \text{ else}.

    Parameters
    ----------
    delta : float
        :math:`\delta > 0`, from where a residual counts as an outlier.

    Raises
    ------
    TypeError, ValueError
        If ``delta`` is not positive.

    Notes
    -----
    Source: P. J. Huber (1964), doi:10.1214/aoms/1177703732.

    Examples
    --------
    >>> loss, z, y = ol.losses.Huber(delta=1.0), np.array([0.5, 3.0]), np.zeros(2)
    >>> loss(z, y), loss.derivative(z, y)
    (array([0.125, 2.5  ]), array([0.5, 1. ]))
    """

    delta: float = 1.0
    curvature: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        checks.positive("delta", self.delta)

    def __call__(self, z: Array, y: Array) -> Array:
        r = np.abs(z - y)
        inside = np.minimum(r, self.delta)
        return inside * (r - 0.5 * inside)

    def derivative(self, z: Array, y: Array) -> Array:
        return np.clip(z - y, -self.delta, self.delta)

    def second_derivative(self, z: Array, y: Array) -> Array:
        return np.where(np.abs(z - y) <= self.delta, 1.0, 0.0)
