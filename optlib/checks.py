"""Checks of arguments: each error names the argument and says what was expected."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from optlib.typing import Array


def real(name: str, value: Any) -> float:
    """``value`` as a finite float, or an error that names it."""
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return float(value)


def positive(name: str, value: Any) -> float:
    """``value`` as a finite float above 0."""
    if (number := real(name, value)) <= 0:
        raise ValueError(f"{name} must be positive, got {value!r}")
    return number


def nonnegative(name: str, value: Any) -> float:
    """``value`` as a finite float of at least 0."""
    if (number := real(name, value)) < 0:
        raise ValueError(f"{name} must not be negative, got {value!r}")
    return number


def fraction(name: str, value: Any, *, zero: bool = False) -> float:
    """``value`` as a float in (0, 1), or in [0, 1) if ``zero`` is allowed."""
    number = real(name, value)
    if not (0 < number < 1 or (zero and number == 0)):
        raise ValueError(f"{name} must lie in {'[' if zero else '('}0, 1), got {value!r}")
    return number


def natural(name: str, value: Any, *, least: int = 0) -> int:
    """``value`` as an int of at least ``least``."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value!r}")
    return int(value)


def instance(name: str, value: Any, kind: type, expected: str) -> None:
    """``value`` must be an instance of ``kind``; ``expected`` tells which ones there are."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {expected}, got {value!r}")


def vector(name: str, value: Any) -> Array:
    """A fresh, finite, one-dimensional float array of at least one entry; a number becomes shape (1,)."""
    array = np.atleast_1d(numeric(name, value))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be one-dimensional and not empty, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array}")
    return array.copy()


def numeric(name: str, value: Any) -> Array:
    """``value`` as a float array, or an error that names it."""
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name} must be an array of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        got = repr(value) if array.dtype == object else f"an array of type {array.dtype}"
        raise TypeError(f"{name} must hold real numbers, got {got}")
    return array.astype(float, copy=False)
