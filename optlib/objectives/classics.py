"""Problems with known answers: quadratics and the classic test functions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import rosen, rosen_der, rosen_hess, rosen_hess_prod

from optlib import checks
from optlib.problem import Problem
from optlib.typing import Array


class Quadratic(Problem):
    r"""The quadratic :math:`f(x) = \tfrac12 x^\top A x - b^\top x` with A symmetric.

    Gradient :math:`Ax - b`, Hessian A. It has one minimiser, :math:`A^{-1}b`, if A is positive definite.

    Parameters
    ----------
    A : array of shape (n, n), symmetric, or of shape (n,)
        A one-dimensional A is the diagonal of a diagonal matrix.
    b : array of shape (n,), optional
        Zeros by default.

    Attributes
    ----------
    lipschitz, strong_convexity : float
        The largest eigenvalue of A in modulus, and the smallest eigenvalue of A (negative if f is not convex).
    minimisers : array of shape (1, n)
    minimum : float

    Raises
    ------
    ValueError
        If A is not symmetric or not finite, or b does not fit; on ``minimisers`` and ``minimum``, if A is not
        positive definite.

    Examples
    --------
    >>> q = ol.Quadratic([[2.0, 0.0], [0.0, 1.0]], [2.0, 1.0])
    >>> q([0.0, 0.0]), q.grad([0.0, 0.0]), q.minimisers
    (0.0, array([-2., -1.]), array([[1., 1.]]))
    """

    def __init__(self, A: Any, b: Any = None) -> None:
        A = checks.numeric("A", A).copy()
        if A.ndim not in (1, 2) or A.size == 0 or A.shape != A.shape[:1] * A.ndim:
            raise ValueError(f"A must have shape (n, n) or (n,), got {A.shape}")
        if not np.isfinite(A).all():
            raise ValueError("A must be finite")
        if A.ndim == 2 and not np.allclose(A, A.T, rtol=1e-12, atol=1e-12 * np.abs(A).max()):
            raise ValueError("A must be symmetric; use (A + A.T) / 2, which gives the same f")
        b = np.zeros(len(A)) if b is None else checks.vector("b", b)
        if b.shape != (len(A),):
            raise ValueError(f"b must have shape ({len(A)},), got {b.shape}")
        self.A, self.b, self.dimension = A, b, len(A)
        super().__init__(
            self._quadratic, jac=self._slope, hess=self._matrix, hessp=self._curvature
        )  # methods, not lambdas: they can be pickled and copied

    def _times(self, v: Array) -> Array:
        return self.A * v if self.A.ndim == 1 else self.A @ v

    def _quadratic(self, x: Array) -> float:
        return self._both(x)[0]

    def _slope(self, x: Array) -> Array:
        return self._times(x) - self.b

    def _matrix(self, x: Array) -> Array:
        return np.diag(self.A) if self.A.ndim == 1 else self.A

    def _curvature(self, x: Array, v: Array) -> Array:
        return self._times(v)

    def _both(self, x: Array) -> tuple[float, Array]:
        g = self._times(x) - self.b  # then f = x'(Ax)/2 - b'x = x'(g - b)/2
        return 0.5 * float(x.dot(g) - self.b.dot(x)), g

    def _value_and_gradient(self, x: Array) -> tuple[float, Array]:
        self.nfev += 1
        self.njev += 1
        return self._both(x)

    @cached_property
    def eigenvalues(self) -> Array:
        """The eigenvalues of A in ascending order, of shape (n,)."""
        return np.sort(self.A) if self.A.ndim == 1 else np.linalg.eigvalsh(self.A)

    @property
    def lipschitz(self) -> float:
        return float(np.abs(self.eigenvalues).max())

    @property
    def strong_convexity(self) -> float:
        return float(self.eigenvalues[0])

    @cached_property
    def minimisers(self) -> Array:
        if self.strong_convexity <= 0:
            raise ValueError(f"A is not positive definite (smallest eigenvalue {self.strong_convexity:.3g})")
        x = self.b / self.A if self.A.ndim == 1 else np.linalg.solve(self.A, self.b)
        return x[None, :]

    @property
    def minimum(self) -> float:
        return self._both(self.minimisers[0])[0]


class Rosenbrock(Problem):
    r"""Rosenbrock's valley, :math:`f(x) = \sum_{i=1}^{n-1} 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2`.

    Its minimum is 0 at :math:`(1, \dots, 1)`; for n >= 4 there is one more local minimiser near
    :math:`(-1, 1, \dots, 1)`. ``x0`` is the customary start (-1.2, 1, -1.2, 1, ...).
    Source: H. H. Rosenbrock (1960), doi:10.1093/comjnl/3.3.175.

    Parameters
    ----------
    n : int
        The dimension, at least 2.

    Examples
    --------
    >>> ol.Rosenbrock()([-1.2, 1.0])
    24.199999999999996
    """

    minimum = 0.0

    def __init__(self, n: int = 2) -> None:
        self.dimension = checks.natural("n", n, least=2)
        self.x0 = np.resize([-1.2, 1.0], n)
        self.minimisers = np.ones((1, n))
        super().__init__(rosen, jac=rosen_der, hess=rosen_hess, hessp=rosen_hess_prod)


class _Polynomial(Problem):
    """A sum of squares of two-variable residuals r(x): f = r'r, with their Jacobian and second derivatives."""

    dimension = 2
    minimum = 0.0
    minimisers: Array
    x0: Array

    def __init__(self) -> None:
        super().__init__(self._sum, jac=self._gradient_of_sum, hess=self._hessian_of_sum)

    def _sum(self, x: Array) -> float:
        r = self._residuals(*x)
        return float(r.dot(r))

    def _gradient_of_sum(self, x: Array) -> Array:
        return 2 * self._jacobian(*x).T @ self._residuals(*x)

    def _hessian_of_sum(self, x: Array) -> Array:
        J = self._jacobian(*x)
        return 2 * J.T @ J + 2 * np.tensordot(self._residuals(*x), self._curvatures(*x), 1)

    def _residuals(self, x: float, y: float) -> Array:
        raise NotImplementedError

    def _jacobian(self, x: float, y: float) -> Array:
        raise NotImplementedError

    def _curvatures(self, x: float, y: float) -> Array:
        raise NotImplementedError


class Himmelblau(_Polynomial):
    r"""Himmelblau's function, :math:`f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2`.

    Four minimisers with f = 0, four saddle points and one local maximum.
    Source: D. M. Himmelblau, *Applied Nonlinear Programming*, McGraw-Hill, 1972.

    Examples
    --------
    >>> ol.Himmelblau()([3.0, 2.0])
    0.0
    """

    def __init__(self) -> None:
        self.x0 = np.zeros(2)
        self.minimisers = np.array(
            [
                [3.0, 2.0],
                [-2.8051180869527448, 3.1313125182505730],
                [-3.7793102533777470, -3.2831859912861694],
                [3.5844283403304917, -1.8481265269644036],
            ]
        )
        super().__init__()

    def _residuals(self, x: float, y: float) -> Array:
        return np.array([x**2 + y - 11, x + y**2 - 7])

    def _jacobian(self, x: float, y: float) -> Array:
        return np.array([[2 * x, 1.0], [1.0, 2 * y]])

    def _curvatures(self, x: float, y: float) -> Array:
        return np.array([[[2.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]])


class Beale(_Polynomial):
    r"""Beale's function, :math:`f(x, y) = \sum_{i=1}^{3} \bigl(c_i - x(1 - y^i)\bigr)^2`, c = (1.5, 2.25, 2.625).

    Its minimum is 0 at (3, 0.5); it is flat far out and steep in the corners. ``x0`` is (1, 1).
    Source: problem 5 of J. J. Moré, B. S. Garbow, K. E. Hillstrom (1981), doi:10.1145/355934.355936.

    Examples
    --------
    >>> ol.Beale()([3.0, 0.5])
    0.0
    """

    _c, _i = np.array([1.5, 2.25, 2.625]), np.array([1.0, 2.0, 3.0])

    def __init__(self) -> None:
        self.x0 = np.ones(2)
        self.minimisers = np.array([[3.0, 0.5]])
        super().__init__()

    def _residuals(self, x: float, y: float) -> Array:
        return self._c - x * (1 - y**self._i)

    def _jacobian(self, x: float, y: float) -> Array:
        return np.column_stack([y**self._i - 1, x * self._i * y ** (self._i - 1)])

    def _curvatures(self, x: float, y: float) -> Array:
        mixed = self._i * y ** (self._i - 1)
        twice = x * np.array([0.0, 2.0, 6 * y])
        return np.array([[[0.0, m], [m, t]] for m, t in zip(mixed, twice, strict=True)])


class Booth(_Polynomial):
    r"""Booth's function, :math:`f(x, y) = (x + 2y - 7)^2 + (2x + y - 5)^2`, a quadratic with minimum 0 at (1, 3).

    Source: M. Jamil, X.-S. Yang (2013), problem 17, doi:10.1504/IJMMNO.2013.055204.

    Attributes
    ----------
    lipschitz, strong_convexity : float
        18 and 2, the eigenvalues of its Hessian.

    Examples
    --------
    >>> ol.Booth()([1.0, 3.0])
    0.0
    """

    lipschitz, strong_convexity = 18.0, 2.0

    def __init__(self) -> None:
        self.x0 = np.zeros(2)
        self.minimisers = np.array([[1.0, 3.0]])
        super().__init__()

    def _residuals(self, x: float, y: float) -> Array:
        return np.array([x + 2 * y - 7, 2 * x + y - 5])

    def _jacobian(self, x: float, y: float) -> Array:
        return np.array([[1.0, 2.0], [2.0, 1.0]])

    def _curvatures(self, x: float, y: float) -> Array:
        return np.zeros((2, 2, 2))


class Huber1D(Problem):
    r"""Huber's function of one variable, quadratic near 0 and linear beyond,

    .. math:: f(x) = \begin{cases} \tfrac{L}{2} x^2 & |x| \le \delta \\
              L\delta\,(|x| - \tfrac{\delta}{2}) & |x| > \delta. \end{cases}

    Convex and L-smooth. With delta = R / (2N + 1), started at R, it is the worst of all such functions for N
    steps of gradient descent with step 1/L: Y. Drori, M. Teboulle (2014), doi:10.1007/s10107-013-0653-0.

    Parameters
    ----------
    delta : float
        Where the quadratic ends, positive.
    L : float
        The curvature inside, positive.

    Examples
    --------
    >>> ol.Huber1D(delta=1.0)([3.0])
    2.5
    """

    dimension = 1
    minimum = 0.0

    def __init__(self, delta: float, L: float = 1.0) -> None:
        self.delta, self.lipschitz = checks.positive("delta", delta), checks.positive("L", L)
        self.strong_convexity = 0.0  # on the whole line: outside it is linear
        self.minimisers = np.zeros((1, 1))
        super().__init__(self._huber, jac=self._slope)

    def _huber(self, x: Array) -> float:
        inside = min(abs(x[0]), self.delta)
        return float(self.lipschitz * inside * (abs(x[0]) - inside / 2))

    def _slope(self, x: Array) -> Array:
        return self.lipschitz * np.clip(x, -self.delta, self.delta)
