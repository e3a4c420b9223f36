r"""Schedules map the 0-based iteration k to a step size :math:`\eta_k > 0`.

Any callable ``int -> float`` will do; these are the usual ones. Parameters outside their range (``eta0`` not positive,
``factor`` outside (0, 1), ``every`` or ``steps`` no positive integer, ``eta_min`` above ``eta0``) are a TypeError or a
ValueError that names them; a method raises a ValueError where a schedule turns negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from optlib import checks
from optlib.typing import Schedule


def as_schedule(lr: float | Schedule, name: str = "lr") -> Schedule:
    """A number becomes :class:`Constant`, a callable stays; anything else is an error that names ``name``."""
    if not callable(lr):
        return Constant(checks.positive(name, lr))
    if isinstance(lr, type):
        raise TypeError(f"{name} must be an instance: write {lr.__name__}(...)")
    try:
        first = lr(0)
    except TypeError as error:
        raise TypeError(f"{name} must be a number or a function of the iteration alone, got {lr!r}") from error
    checks.nonnegative(f"{name}(0)", first)
    return lr


@dataclass(frozen=True)
class Constant:
    r""":math:`\eta_k = \eta_0`.

    Examples
    --------
    >>> ol.schedules.Constant(0.1)(7)
    0.1
    """

    eta0: float

    def __post_init__(self) -> None:
        checks.positive("eta0", self.eta0)

    def __call__(self, k: int) -> float:
        return self.eta0


@dataclass(frozen=True)
class InverseSqrt:
    r""":math:`\eta_k = \eta_0 / \sqrt{k + 1}`.

    Examples
    --------
    >>> ol.schedules.InverseSqrt(1.0)(3)
    0.5
    """

    eta0: float

    def __post_init__(self) -> None:
        checks.positive("eta0", self.eta0)

    def __call__(self, k: int) -> float:
        return self.eta0 / math.sqrt(k + 1)


@dataclass(frozen=True)
class InverseTime:
    r""":math:`\eta_k = \eta_0 / (k + 1)`.

    Examples
    --------
    >>> ol.schedules.InverseTime(1.0)(3)
    0.25
    """

    eta0: float

    def __post_init__(self) -> None:
        checks.positive("eta0", self.eta0)

    def __call__(self, k: int) -> float:
        return self.eta0 / (k + 1)


@dataclass(frozen=True)
class StepDecay:
    r""":math:`\eta_k = \eta_0\, \gamma^{\lfloor k / s \rfloor}`: times ``factor`` gamma every ``every`` = s steps.

    Examples
    --------
    >>> [ol.schedules.StepDecay(1.0, factor=0.5, every=2)(k) for k in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    eta0: float
    factor: float = 0.1
    every: int = 100

    def __post_init__(self) -> None:
        checks.positive("eta0", self.eta0)
        checks.fraction("factor", self.factor)
        checks.natural("every", self.every, least=1)

    def __call__(self, k: int) -> float:
        return self.eta0 * self.factor ** (k // self.every)


@dataclass(frozen=True)
class Cosine:
    r""":math:`\eta_k = \eta_{\min} + \tfrac12(\eta_0 - \eta_{\min})(1 + \cos(\pi k / T))`, and eta_min from k = T on.

    Source: I. Loshchilov, F. Hutter (2017), SGDR, eq. 5, without restarts, doi:10.48550/arXiv.1608.03983.

    Parameters
    ----------
    eta0 : float
    steps : int
        T, the number of steps of the half wave.
    eta_min : float
        Where it ends; above 0, so that every step size is positive, and below ``eta0``.

    Examples
    --------
    >>> round(ol.schedules.Cosine(1.0, steps=10, eta_min=0.1)(5), 3)
    0.55
    """

    eta0: float
    steps: int
    eta_min: float = 1e-8

    def __post_init__(self) -> None:
        checks.positive("eta0", self.eta0)
        checks.natural("steps", self.steps, least=1)
        if checks.positive("eta_min", self.eta_min) > self.eta0:
            raise ValueError(f"eta_min must not exceed eta0 = {self.eta0!r}, got {self.eta_min!r}")

    def __call__(self, k: int) -> float:
        wave = 1 + math.cos(math.pi * min(k, self.steps) / self.steps)
        return self.eta_min + 0.5 * (self.eta0 - self.eta_min) * wave


@dataclass(frozen=True)
class Warmup:
    r"""The first ``steps`` = W steps grow linearly: :math:`\eta_k = \min(1, \tfrac{k+1}{W})\, s(k)`, s the schedule.

    Examples
    --------
    >>> [ol.schedules.Warmup(0.8, steps=4)(k) for k in range(5)]
    [0.2, 0.4, 0.6000000000000001, 0.8, 0.8]
    """

    schedule: Any
    steps: int

    def __post_init__(self) -> None:
        # set past the frozen guard, once: a run then asks the schedule with no test of its type
        object.__setattr__(self, "_schedule", as_schedule(self.schedule, "schedule"))
        checks.natural("steps", self.steps, least=1)

    def __call__(self, k: int) -> float:
        return min(1.0, (k + 1) / self.steps) * self._schedule(k)  # type: ignore[attr-defined, no-any-return]
