"""Checks of arguments that several theorems share."""

from __future__ import annotations

from typing import Any

from optlib import checks
from optlib.typing import Array


def iteration(t: Any, least: int) -> Array:
    """t as an array of iterations, none below ``least``."""
    t = checks.numeric("t", t)
    if not (t >= least).all():
        raise ValueError(f"t must be at least {least}, got {t.min() if t.size else t}")
    return t


def condition(kappa: float) -> float:
    """A condition number."""
    if checks.real("kappa", kappa) < 1:
        raise ValueError(f"kappa = L / mu must be at least 1, got {kappa!r}")
    return float(kappa)
