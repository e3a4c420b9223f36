"""What a method may ask of an objective: its value, gradient and Hessian, counted and remembered."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg.blas import ddot, dnrm2
from scipy.optimize import approx_fprime

from optlib import checks
from optlib.typing import Array, Matrix

FLOAT = np.dtype(float)
ROOT_EPS = math.sqrt(np.finfo(float).eps)


def norm(v: Array) -> float:
    r"""The Euclidean norm :math:`\|v\|_2`, right and silent where squares of entries over- or underflow."""
    if not v.size:
        return 0.0
    square = ddot(v, v)  # BLAS itself: v.dot(v) takes twice the time, and warns where it overflows
    return math.sqrt(square) if 1e-280 < square < math.inf else float(dnrm2(v))  # dnrm2 scales, and is slower


class Problem:
    r"""An objective :math:`f:\mathbb{R}^n\to\mathbb{R}` with its derivatives.

    Each evaluation is counted (``nfev``, ``njev``, ``nhev``) and remembered until another point is asked
    for, so that asking twice at the same point computes once. What is remembered is handed out read-only.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args) -> float``; if ``jac`` is True, ``fun(x, *args) -> (float, array)``.
    jac : callable, True or None
        ``jac(x, *args)``, an array of shape (n,). None: forward differences
        (:func:`scipy.optimize.approx_fprime`), n + 1 calls of ``fun`` a gradient, about 8 correct digits.
    hess : callable, optional
        ``hess(x, *args)``, of shape (n, n), dense or :mod:`scipy.sparse`.
    hessp : callable, optional
        ``hessp(x, v, *args)``, the Hessian times ``v``; without it, ``hess`` is used.
    args : tuple
        Passed on to all of them.

    Raises
    ------
    TypeError
        If ``fun`` or one of the others is not callable.
    ValueError
        On evaluation, if a value is not a number, or a gradient or Hessian has the wrong shape.

    Examples
    --------
    >>> p = ol.Problem(lambda x: (x**2).sum(), jac=lambda x: 2 * x)
    >>> p([3.0, 4.0]), p.grad([3.0, 4.0]), p.nfev, p.njev
    (25.0, array([6., 8.]), 1, 1)
    """

    dimension: int | None = None  # n, for a subclass that knows it
    full: Problem | None = None  # a minibatch oracle's whole objective,
    every: int = 1  # which the driver evaluates every so many iterations

    def __init__(
        self,
        fun: Callable[..., Any],
        jac: Callable[..., Any] | bool | None = None,
        hess: Callable[..., Any] | None = None,
        hessp: Callable[..., Any] | None = None,
        args: tuple[Any, ...] = (),
    ) -> None:
        if not callable(fun):
            raise TypeError(f"fun must be callable, got {fun!r}")
        if jac is False:  # SciPy's old spelling of "there is none"
            jac = None
        for name, value in (("jac", jac), ("hess", hess), ("hessp", hessp)):
            if not (value is None or callable(value) or (name == "jac" and value is True)):
                allowed = "callable, True or None" if name == "jac" else "callable or None"
                raise TypeError(f"{name} must be {allowed}, got {value!r}")
        self._fun, self._jac, self._hess, self._hessp = fun, jac, hess, hessp
        self._args = args if isinstance(args, tuple) else (args,)
        self.nfev = self.njev = self.nhev = 0
        self._x: Array | None = None  # the point that is remembered, read-only
        self._f: float | None = None
        self._g: Array | None = None
        self._H: Matrix | None = None
        self._in_run = False

    def __call__(self, x: Any) -> float:
        """The value f(x)."""
        x = self._visit(x)
        if self._f is None:
            f = self.value_and_grad(x)[0] if self._jac is True else self._value(x)
            self._visit(x)  # `fun` may itself have asked for other points
            self._f = f
        return self._f

    def grad(self, x: Any) -> Array:
        """The gradient of f at x, of shape (n,)."""
        x = self._visit(x)
        if self._g is None:
            g = self.value_and_grad(x)[1] if self._jac is True else self._gradient(x)
            g.setflags(write=False)
            self._visit(x)
            self._g = g
        return self._g

    def value_and_grad(self, x: Any) -> tuple[float, Array]:
        """The value and the gradient at x, sharing what they have in common."""
        x = self._visit(x)
        if self._f is None and self._g is None:
            f, g = self._value_and_gradient(x)
            self._visit(x)
            self._f, self._g = f, g
            g.setflags(False)  # type: ignore[call-arg]  # read-only; the keyword `write` takes twice the time
            return self._f, self._g
        return self(x), self.grad(x)

    def hess(self, x: Any) -> Matrix:
        """The Hessian of f at x, of shape (n, n)."""
        x = self._visit(x)
        if self._H is None:
            if self._hess is None:
                raise ValueError("this problem has no `hess`: give Problem(..., hess=...)")
            self.nhev += 1
            H = self._hess(x, *self._args)
            H = (
                H.astype(float, copy=False)
                if sparse.issparse(H)
                else np.atleast_2d(checks.numeric("what hess returns", H))
            )
            if H.shape != (x.size, x.size):
                raise ValueError(f"hess must return shape {(x.size, x.size)}, got {H.shape}")
            if not sparse.issparse(H):
                H = H.view()  # so that the array that `hess` returned stays writable
                H.setflags(write=False)
            self._visit(x)
            self._H = H
        return self._H

    def hessp(self, x: Any, v: Array) -> Array:
        """The Hessian at x times the vector v, of shape (n,)."""
        if self._hessp is None:
            return self.hess(x) @ v
        x = self._visit(x)
        self.nhev += 1
        return self._shaped("hessp", self._hessp(x, v, *self._args), x)

    def uncounted(self, x: Any) -> float:
        """The value at x, neither counted nor remembered: for figures."""
        state = dict(self.__dict__)
        try:
            return self(x)
        finally:
            self.__dict__.update(state)

    def lacks(self, name: str) -> bool:
        """Whether ``hess`` or ``hessp`` cannot be had."""
        return self._hess is None and (name == "hess" or self._hessp is None)

    @contextmanager
    def run(self, on: bool = True) -> Iterator[None]:
        """While a method runs, every point is a fresh array: it is frozen instead of copied."""
        before, self._in_run = self._in_run, on
        try:
            yield
        finally:
            self._in_run = before

    # -- evaluation, counted; a subclass that can share work between f and g overrides the third --------
    def _value(self, x: Array) -> float:
        self.nfev += 1
        return _scalar(self._fun(x, *self._args))

    def _gradient(self, x: Array) -> Array:
        self.njev += 1
        if callable(self._jac):
            return self._shaped("jac", self._jac(x, *self._args), x)
        return self._shaped("jac", approx_fprime(x, self._value, ROOT_EPS * np.maximum(1.0, np.abs(x))), x)

    def _value_and_gradient(self, x: Array) -> tuple[float, Array]:
        if self._jac is not True:
            return self._value(x), self._gradient(x)
        self.nfev += 1
        self.njev += 1
        both = self._fun(x, *self._args)
        try:
            f, g = both
        except (TypeError, ValueError):
            raise ValueError(f"fun must return (f, g), as jac=True says, got {both!r}") from None
        return _scalar(f), self._shaped("jac", g, x)

    def _visit(self, x: Any) -> Array:
        """Move to x: forget what is remembered, unless it was computed at this very point."""
        last = self._x
        if last is not None and x is last:  # what is remembered is read-only, so it still holds the same numbers
            return last
        if not (self._in_run and type(x) is np.ndarray and x.dtype is FLOAT):
            x = np.atleast_1d(checks.numeric("x", x))
            if x.ndim != 1 or x.size == 0:
                raise ValueError(f"x must be one-dimensional and not empty, got shape {x.shape}")
        if last is not None and x.item(0) == last.item(0) and np.array_equal(x, last):
            return last
        if self.dimension is not None and x.size != self.dimension:
            raise ValueError(f"x must have shape ({self.dimension},), got {x.shape}")
        if not self._in_run or x.base is not None:  # somebody else may change x later
            x = x.copy()
        x.setflags(False)  # type: ignore[call-arg]
        self._x, self._f, self._g, self._H = x, None, None, None
        return x

    @staticmethod
    def _shaped(name: str, value: Any, x: Array) -> Array:
        if not (type(value) is np.ndarray and value.dtype is FLOAT):
            value = checks.numeric(f"what {name} returns", value)
        if value.shape != x.shape:
            if value.size != x.size:
                raise ValueError(f"{name} must return shape {x.shape}, got {value.shape}")
            value = value.reshape(x.shape)
        return value.copy()  # `jac` may fill the same array at each call


def _scalar(value: Any) -> float:
    if isinstance(value, float):  # np.float64 is one
        return float(value)
    try:
        array = np.asarray(value)
    except ValueError:  # a tuple of f and its gradient
        raise ValueError(f"fun must return one real number, got {value!r}; for (f, g) say jac=True") from None
    if array.size != 1 or array.dtype.kind not in "biuf":
        raise ValueError(f"fun must return one real number, got {value!r}")
    return float(array.item())
