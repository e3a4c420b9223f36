"""The empirical risk: the mean loss over a data set plus a penalty."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from optlib import checks
from optlib.finite_sum import FiniteSum
from optlib.objectives.losses import Loss
from optlib.objectives.penalties import SmoothPenalty, Zero
from optlib.problem import Problem
from optlib.typing import Array, Matrix


class EmpiricalRisk(FiniteSum):
    r"""The empirical risk of a linear model,

    .. math:: f(w) = \frac1n \sum_{i=1}^n \ell(x_i^\top w, y_i) + \Omega(w).

    Gradient :math:`\frac1n X^\top \ell'(Xw, y) + \nabla\Omega(w)`; Hessian
    :math:`\frac1n X^\top \mathrm{diag}(\ell'')X + \nabla^2\Omega`.

    Parameters
    ----------
    loss : Loss
        From :mod:`optlib.losses`, for example ``Logistic()``.
    X : array or scipy.sparse matrix of shape (n, d)
        One sample a row. There is no intercept of its own: give X a column of ones. Dense data are kept, not
        copied: do not change them afterwards.
    y : array of shape (n,)
        Real values or labels, as the loss wants them.
    penalty : SmoothPenalty, optional
        From :mod:`optlib.penalties`; none by default.

    Attributes
    ----------
    n_samples : int
    lipschitz : float
        L: the loss's curvature bound times :math:`\sigma_{\max}(X)^2/n`, plus the penalty's.
    strong_convexity : float
        mu: a lower bound that holds everywhere. For the squared loss the smallest eigenvalue of the Hessian,
        for losses whose curvature vanishes at infinity the penalty's alone.

    Raises
    ------
    ValueError
        If X or y is empty, not finite, of the wrong shape, or y holds labels that the loss does not know.

    Examples
    --------
    >>> X, y = np.array([[1.0], [2.0]]), np.array([2.0, 4.0])
    >>> risk = ol.EmpiricalRisk(ol.losses.Squared(), X, y)
    >>> risk([0.0]), risk.grad([0.0]), round(risk.lipschitz, 6)
    (5.0, array([-5.]), 2.5)
    """

    def __init__(self, loss: Loss, X: Matrix, y: Any, penalty: SmoothPenalty | None = None) -> None:
        penalty = Zero() if penalty is None else penalty
        checks.instance("loss", loss, Loss, "a loss of optlib.losses, such as Logistic()")
        checks.instance("penalty", penalty, SmoothPenalty, "a smooth penalty of optlib.penalties, such as L2")
        X = X.tocsr().astype(float) if sparse.issparse(X) else checks.numeric("X", X)
        if X.ndim != 2 or 0 in X.shape:
            raise ValueError(f"X must have shape (n, d) with n, d >= 1, got {X.shape}")
        y = checks.numeric("y", y)
        if y.shape != X.shape[:1]:
            raise ValueError(f"y must have shape {X.shape[:1]}, one label a row of X, got {y.shape}")
        for name, values in (("X", X.data if sparse.issparse(X) else X), ("y", y)):
            if not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite")
        self._set(loss, X, loss.encode(y), penalty)

    def _set(self, loss: Loss, X: Matrix, y: Array, penalty: SmoothPenalty) -> None:
        self.loss, self.penalty, self.X, self.y = loss, penalty, X, y
        self.n_samples, self.dimension = X.shape
        Problem.__init__(self, self._risk, jac=self._risk_gradient, hess=self._risk_hessian, hessp=self._risk_hessp)

    def part(self, rows: Any) -> EmpiricalRisk:
        """The risk of these samples alone, with the same penalty; ``rows`` is a slice or an array of indices."""
        part = EmpiricalRisk.__new__(EmpiricalRisk)  # what is given here has been checked
        part._set(self.loss, self.X[rows], self.y[rows], self.penalty)
        return part

    @cached_property
    def _sigma_max_squared(self) -> float:
        if sparse.issparse(self.X) and self.X.count_nonzero() == 0:
            return 0.0
        if sparse.issparse(self.X) and min(self.X.shape) > 2:
            # a fixed start, so that the answer is the same at each call; random, so that it is orthogonal to nothing
            start = np.random.default_rng(0).standard_normal(min(self.X.shape))
            return float(svds(self.X, k=1, v0=start, return_singular_vectors=False)[0] ** 2)
        X = self.X.toarray() if sparse.issparse(self.X) else self.X
        return float(np.linalg.norm(X, 2) ** 2)

    @cached_property
    def lipschitz(self) -> float:
        return self.loss.curvature * self._sigma_max_squared / self.n_samples + self.penalty.curvature

    @cached_property
    def strong_convexity(self) -> float:
        z = np.array([0.0, 1e3, -1e3])  # a curvature that is the same far out is the same everywhere
        low = float(self.loss.second_derivative(z, np.ones(3)).min())
        if low < self.loss.curvature:
            return self.penalty.curvature
        gram = self.X.T @ self.X
        gram = gram.toarray() if sparse.issparse(gram) else gram
        smallest = float(np.linalg.eigvalsh(gram / self.n_samples)[0]) if self.n_samples >= len(gram) else 0.0
        return low * max(smallest, 0.0) + self.penalty.curvature

    def _risk(self, w: Array) -> float:
        return self._value_at(self.X @ w, w)

    def _risk_gradient(self, w: Array) -> Array:
        return self._gradient_at(self.X @ w, w)

    def _value_and_gradient(self, w: Array) -> tuple[float, Array]:
        self.nfev += 1
        self.njev += 1
        z = self.X @ w  # shared: one product with X for both
        return self._value_at(z, w), self._gradient_at(z, w)

    def _value_at(self, z: Array, w: Array) -> float:
        return float(self.loss(z, self.y).mean()) + self.penalty(w)

    def _gradient_at(self, z: Array, w: Array) -> Array:
        return self.X.T @ self.loss.derivative(z, self.y) / self.n_samples + self.penalty.grad(w)

    def _weights(self, w: Array) -> Array:
        return self.loss.second_derivative(self.X @ w, self.y) / self.n_samples

    def _risk_hessian(self, w: Array) -> Matrix:
        weights = self._weights(w)
        if sparse.issparse(self.X):
            return self.X.T @ self.X.multiply(weights[:, None]) + self.penalty.curvature * sparse.eye_array(w.size)
        return (self.X.T * weights) @ self.X + self.penalty.curvature * np.eye(w.size)

    def _risk_hessp(self, w: Array, v: Array) -> Array:
        return self.X.T @ (self._weights(w) * (self.X @ v)) + self.penalty.curvature * v
