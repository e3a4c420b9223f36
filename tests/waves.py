"""Sums of cosines: smooth, not convex, with every constant known. Instances for the tests of theorems."""

import numpy as np

import optlib as ol


def waves(rng, n):
    """f = sum 1 - cos(w_i x_i), minimum 0; L = max w^2, attained at the minimisers; M = max w^3."""
    w = rng.uniform(0.3, 3, size=n)
    p = ol.Problem(
        lambda x: float((1 - np.cos(w * x)).sum()),
        jac=lambda x: w * np.sin(w * x),
        hess=lambda x: np.diag(w**2 * np.cos(w * x)),
    )
    p.lipschitz = (w**2).max()
    return p, p.lipschitz, (w**3).max()


def oblique_waves(seed, n=4, rows=6):
    """f = sum cos(a_i'x + b_i), L = |A|^2, M, the lower bound -rows, and the generator that drew it."""
    rng = np.random.default_rng(seed)
    A, b = rng.normal(size=(rows, n)), rng.uniform(0, 2 * np.pi, size=rows)
    problem = ol.Problem(
        lambda x: float(np.cos(A @ x + b).sum()),
        jac=lambda x: -A.T @ np.sin(A @ x + b),
        hess=lambda x: -A.T @ (np.cos(A @ x + b)[:, None] * A),
    )
    L = np.linalg.norm(A, 2) ** 2
    return problem, L, L * np.linalg.norm(A, axis=1).max(), -float(rows), rng
