r"""Compressors turn a vector of d numbers into a message of few bytes (chapter `distributed`).

A message is a tuple of arrays, as it travels: its size is the sum of their ``nbytes``. What the receiver makes of it is
:math:`C(v)`, and every compressor here is a contraction: :math:`\|C(v) - v\|^2 \le (1 - \delta)\|v\|^2` with a
:math:`\delta` in (0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optlib import checks
from optlib.typing import Array

Message = tuple[Any, ...]


class Compressor:
    """What workers send in place of a vector; one of your own needs ``compress`` and ``expand``."""

    def compress(self, v: Array) -> Message:
        """The message: a tuple of arrays."""
        raise NotImplementedError

    def expand(self, message: Message, d: int) -> Array:
        """The vector of d numbers that the receiver makes of it."""
        raise NotImplementedError

    def __call__(self, v: Array) -> Array:
        """C(v), what arrives."""
        return self.expand(self.compress(v), v.size)


def nbytes(message: Message) -> int:
    """How many bytes the arrays of a message hold."""
    return sum(part.nbytes for part in message)


@dataclass(frozen=True)
class Identity(Compressor):
    """No compression: 8 bytes a number, delta = 1.

    Examples
    --------
    >>> ol.compressors.Identity()(np.array([3.0, -1.0]))
    array([ 3., -1.])
    """

    def compress(self, v: Array) -> Message:
        return (v,)

    def expand(self, message: Message, d: int) -> Array:
        return np.asarray(message[0])


@dataclass(frozen=True)
class TopK(Compressor):
    r"""The k entries of largest modulus with their places, 12 bytes each; the rest is taken for 0.

    :math:`\delta = k/d`, :func:`optlib.theory.ds_top_k`. Among entries of equal modulus the first ones are sent; of
    fewer than k numbers all are.

    Raises
    ------
    TypeError, ValueError
        If k is no positive integer.

    Notes
    -----
    Source: S. U. Stich, J.-B. Cordonnier, M. Jaggi (2018), doi:10.48550/arXiv.1809.07599.

    Examples
    --------
    >>> ol.compressors.TopK(2)(np.array([3.0, -1.0, -4.0]))
    array([ 3.,  0., -4.])
    """

    k: int

    def __post_init__(self) -> None:
        checks.natural("k", self.k, least=1)

    def compress(self, v: Array) -> Message:
        places = np.argsort(-np.abs(v), kind="stable")[: self.k].astype(np.uint32)
        return places, v[places]

    def expand(self, message: Message, d: int) -> Array:
        places, values = message
        v = np.zeros(d)
        v[places] = values
        return v


@dataclass(frozen=True)
class Sign(Compressor):
    r"""The signs, one bit each, and one number for the scale: :math:`C(v) = \frac{\|v\|_1}{d}\,\mathrm{sign}(v)`.

    The sign of 0 counts as +. :math:`\delta = \|v\|_1^2 / (d\|v\|_2^2)`, :func:`optlib.theory.ds_sign`, at least 1/d. A
    message has :math:`\lceil d/8 \rceil + 8` bytes.

    Notes
    -----
    Source: S. P. Karimireddy, Q. Rebjock, S. U. Stich, M. Jaggi (2019), doi:10.48550/arXiv.1901.09847.

    Examples
    --------
    >>> ol.compressors.Sign()(np.array([3.0, -1.0, -5.0]))
    array([ 3., -3., -3.])
    """

    def compress(self, v: Array) -> Message:
        return np.packbits(v >= 0), np.abs(v).mean(keepdims=True)

    def expand(self, message: Message, d: int) -> Array:
        bits, scale = message
        return scale * (2.0 * np.unpackbits(bits, count=d) - 1.0)
