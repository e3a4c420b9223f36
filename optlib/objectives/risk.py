"""The empirical risk: the mean loss over a data set plus a penalty."""

from __future__ import annotations

import math
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
    :math:`\frac1n X^\top \mathrm{diag}(\ell'')X + \nabla^2\Omega`. For a loss with K outputs w is a matrix W of
    shape (d, K), row by row: ``x = W.ravel()``, ``W = x.reshape(risk.shape)``.

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
    shape : tuple
        That of the weights, (d,) or (d, K).
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
        checks.instance(
            "penalty",
            penalty,
            SmoothPenalty,
            "a smooth penalty of optlib.penalties, such as L2 (one with kinks goes to ProximalGradient, FISTA or ADMM)",
        )
        X = X.tocsr().astype(float) if sparse.issparse(X) else checks.numeric("X", X)
        if X.ndim != 2 or 0 in X.shape:
            raise ValueError(f"X must have shape (n, d) with n, d >= 1, got {X.shape}")
        y = checks.numeric("y", y)
        if y.shape != X.shape[:1]:
            raise ValueError(f"y must have shape {X.shape[:1]}, one label a row of X, got {y.shape}")
        for name, values in (("X", X.data if sparse.issparse(X) else X), ("y", y)):
            if not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite")
        y = loss.encode(y)
        self._set(loss, X, y, penalty, loss.outputs(y))

    def _set(self, loss: Loss, X: Matrix, y: Array, penalty: SmoothPenalty, outputs: int) -> None:
        self.loss, self.penalty, self.X, self.y = loss, penalty, X, y
        self.n_samples = X.shape[0]
        self.shape = X.shape[1:] if outputs == 1 else (X.shape[1], outputs)  # of the weights W
        self.dimension = math.prod(self.shape)
        self._margins_of: Array | None = None  # the points that the two remembered arrays belong to
        self._curvatures_of: Array | None = None
        curved = loss.curvature < math.inf
        Problem.__init__(
            self,
            self._risk,
            jac=self._risk_gradient,
            hess=self._risk_hessian if curved else None,
            hessp=self._risk_hessp if curved else None,
        )

    def part(self, rows: Any) -> EmpiricalRisk:
        """The risk of these samples alone, with the same penalty; ``rows`` is a slice or an array of indices."""
        part = EmpiricalRisk.__new__(EmpiricalRisk)  # what is given here has been checked
        part._set(self.loss, self.X[rows], self.y[rows], self.penalty, (*self.shape, 1)[1])
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
        gram = X @ X.T if len(X) < X.shape[1] else X.T @ X  # its largest eigenvalue, much sooner than X's norm
        return float(np.linalg.eigvalsh(gram)[-1])

    @cached_property
    def lipschitz(self) -> float:
        if self.loss.curvature == math.inf:
            return math.inf
        return self.loss.curvature * self._sigma_max_squared / self.n_samples + self.penalty.curvature

    @cached_property
    def strong_convexity(self) -> float:
        if self.loss.least_curvature == 0 or self.n_samples < self.X.shape[1]:
            return self.penalty.curvature
        gram = self.X.T @ self.X
        gram = gram.toarray() if sparse.issparse(gram) else gram
        smallest = float(np.linalg.eigvalsh(gram / self.n_samples)[0])
        return self.loss.least_curvature * max(smallest, 0.0) + self.penalty.curvature

    # Value, gradient and Hessian at a point share what the point alone decides. A point is a frozen array of the base
    # class, so that "the same point" is "the same object".
    def _margins(self, w: Array) -> Array:
        """Z = X W, of shape (n,), or (n, K) for K outputs."""
        if self._margins_of is not w:
            self._z, self._margins_of = self.X @ w.reshape(self.shape), w
        return self._z

    def _curvatures(self, w: Array) -> Array:
        if self._curvatures_of is not w:
            self._c = self.loss.second_derivative(self._margins(w), self.y) / self.n_samples
            self._curvatures_of = w
        return self._c

    def _risk(self, w: Array) -> float:
        return float(self.loss(self._margins(w), self.y).mean()) + self.penalty(w)

    def _risk_gradient(self, w: Array) -> Array:
        slopes = self.loss.derivative(self._margins(w), self.y)
        return (self.X.T @ slopes).ravel() / self.n_samples + self.penalty.grad(w)

    def _value_and_gradient(self, w: Array) -> tuple[float, Array]:
        self.nfev += 1
        self.njev += 1
        return self._risk(w), self._risk_gradient(w)

    def _risk_hessian(self, w: Array) -> Matrix:
        c = self._curvatures(w)
        if c.ndim == 1:
            H = self._gram(c)
            identity = sparse.eye_array(w.size) if sparse.issparse(H) else np.eye(w.size)
            return H + self.penalty.curvature * identity
        (d, K), H = self.shape, np.empty((*self.shape, *self.shape))
        for k in range(K):
            for l in range(K):
                block = self._gram(c[:, k, l])
                H[:, k, :, l] = block.toarray() if sparse.issparse(block) else block
        return H.reshape(d * K, d * K) + self.penalty.curvature * np.eye(d * K)

    def _gram(self, c: Array) -> Matrix:
        """X' diag(c) X."""
        if sparse.issparse(self.X):
            return self.X.T @ self.X.multiply(c[:, None])
        if (c >= 0).all():  # NumPy knows that A'A is symmetric, and computes half of it
            A = np.sqrt(c)[:, None] * self.X
            return A.T @ A
        return self.X.T @ (c[:, None] * self.X)

    def _risk_hessp(self, w: Array, v: Array) -> Array:
        c, z = self._curvatures(w), self.X @ v.reshape(self.shape)
        slopes = c * z if c.ndim == 1 else np.einsum("ikl,il->ik", c, z)
        return (self.X.T @ slopes).ravel() + self.penalty.curvature * v
