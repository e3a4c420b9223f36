r"""Losses :math:`\ell(z, y)` of a prediction :math:`z = x^\top w` and a label y, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit

from optlib.typing import Array


class Loss:
    r"""A loss that is smooth in z; ``curvature`` bounds its second derivative: :math:`0\le\ell''\le` it."""

    curvature: ClassVar[float]

    def encode(self, y: Array) -> Array:
        """The labels as the formula wants them, or an error that says which labels there may be."""
        return y

    def __call__(self, z: Array, y: Array) -> Array:
        r""":math:`\ell(z_i, y_i)`, of the shape of z."""
        raise NotImplementedError

    def derivative(self, z: Array, y: Array) -> Array:
        r""":math:`\ell'(z_i, y_i)` with respect to z."""
        raise NotImplementedError

    def second_derivative(self, z: Array, y: Array) -> Array:
        r""":math:`\ell''(z_i, y_i)` with respect to z."""
        raise NotImplementedError


@dataclass(frozen=True)
class Squared(Loss):
    r"""Half the squared residual, :math:`\ell(z, y) = \tfrac12 (z - y)^2`, for real y.

    Examples
    --------
    >>> ol.losses.Squared()(np.array([3.0]), np.array([1.0]))
    array([2.])
    """

    curvature: ClassVar[float] = 1.0

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
        if np.isin(y, (0, 1)).all():
            return 2 * y - 1
        if np.isin(y, (-1, 1)).all():
            return y
        raise ValueError(f"y must hold labels 0/1 or -1/+1 for Logistic, got {np.unique(y)[:5]}")

    def __call__(self, z: Array, y: Array) -> Array:
        return np.logaddexp(0.0, -y * z)

    def derivative(self, z: Array, y: Array) -> Array:
        return -y * expit(-y * z)

    def second_derivative(self, z: Array, y: Array) -> Array:
        return expit(z) * expit(-z)
