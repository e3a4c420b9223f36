"""Checks of arguments that several theorems share: arrays, and numbers of a kind that only theorems ask for."""

from __future__ import annotations

from typing import Any

from optlib import checks
from optlib.typing import Array


def at_least(name: str, value: Any, least: float) -> Array:
    """``value`` as an array, none of its numbers below ``least``."""
    array = checks.numeric(name, value)
    if not (array >= least).all():
        raise ValueError(f"{name} must be at least {least}, got {array.min()}")
    return array


def iteration(t: Any, least: int) -> Array:
    """t as an array of iterations, none below ``least``."""
    return at_least("t", t, least)


def nonnegatives(name: str, value: Any) -> Array:
    """``value`` as an array, none of its numbers negative."""
    array = checks.numeric(name, value)
    if not (array >= 0).all():
        raise ValueError(f"{name} must not be negative, got {array.min()}")
    return array


def positives(name: str, value: Any) -> Array:
    """``value`` as an array of positive numbers."""
    array = checks.numeric(name, value)
    if not (array > 0).all():
        raise ValueError(f"{name} must be positive, got {array.min()}")
    return array


def share(name: str, value: Any) -> float:
    """A number in (0, 1]."""
    if not 0 < checks.real(name, value) <= 1:
        raise ValueError(f"{name} must lie in (0, 1], got {value!r}")
    return float(value)


def condition(kappa: float) -> float:
    """A condition number."""
    if checks.real("kappa", kappa) < 1:
        raise ValueError(f"kappa = L / mu must be at least 1, got {kappa!r}")
    return float(kappa)


def step_below(eta: float, limit: float, what: str, *, equal: bool = False) -> float:
    """A step size below ``limit``, or at most that, which is ``what`` in words."""
    if not (checks.positive("eta", eta) < limit or (equal and eta <= limit * (1 + 1e-12))):
        raise ValueError(f"eta must be {'at most' if equal else 'below'} {what} = {limit:.3g}, got {eta!r}")
    return float(eta)
