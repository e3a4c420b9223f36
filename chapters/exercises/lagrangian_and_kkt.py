"""Checks of the coding exercises of `lagrangian-and-kkt`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing

import optlib as ol


def _program(rng, n, m):
    """A positive definite A, and b, G, c of min x'Ax/2 - b'x subject to Gx <= c."""
    Q = rng.standard_normal((n, n))
    return Q @ Q.T + np.eye(n), rng.standard_normal(n), rng.standard_normal((m, n)), rng.standard_normal(m)


def _rows(G, c):
    """Gx <= c as a list of problems."""
    return [ol.Problem(lambda x, a=a, s=s: float(a @ x - s), jac=lambda x, a=a: a) for a, s in zip(G, c, strict=True)]


def _numbers(value):
    """The value as an array of finite numbers, or None where it is none."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return array if np.isfinite(array).all() else None


NAMES = ("stationarity", "primal feasibility", "dual feasibility", "complementarity")
HINTS = (
    "is it ||Ax - b + G'lam||?",
    "only what exceeds the level counts, max(0, Gx - c), as one norm",
    "only negative multipliers count, max(0, -lam), as one norm",
    "is it the norm of the products lam_j (Gx - c)_j, one by one?",
)


def check_qp_residuals(qp_residuals):
    """`qp_residuals(A, b, G, c, x, lam)` returns the four KKT residuals of a quadratic program."""
    rng = np.random.default_rng(0)
    for n, m in ((2, 1), (3, 2), (4, 6)):
        A, b, G, c = _program(rng, n, m)
        for x, lam in ((rng.standard_normal(n), rng.standard_normal(m)), (np.linalg.solve(A, b), np.zeros(m))):
            answer = qp_residuals(A.copy(), b.copy(), G.copy(), c.copy(), x.copy(), lam.copy())
            if missing(answer):
                return NOT_DONE
            numbers = _numbers(answer)
            if numbers is None or numbers.shape != (4,):
                return f"four finite numbers are wanted, {', '.join(NAMES)}, each the norm of a vector"
            right = ol.kkt_residuals(ol.Quadratic(A, b), x, _rows(G, c), lam=lam)
            for name, hint, mine, yours in zip(NAMES, HINTS, right, numbers, strict=True):
                if not np.isclose(yours, mine, atol=1e-8):
                    return f"{name} should be {mine:.4f} and is {yours:.4f}: {hint}"
    return PASSED


def check_multiplier_step(multiplier_step):
    """`multiplier_step(A, b, B, c, nu, rho)` returns x and the new nu."""
    rng = np.random.default_rng(1)
    for n, m in ((2, 1), (4, 2), (5, 3)):
        A, b, B, c = _program(rng, n, m)
        for rho in (0.3, 2.0, 50.0):
            nu = rng.standard_normal(m)
            before = nu.copy()
            answer = multiplier_step(A.copy(), b.copy(), B.copy(), c.copy(), nu, rho)
            if missing(answer):
                return NOT_DONE
            if not isinstance(answer, tuple | list) or len(answer) != 2:
                return "return two things, x and the new nu"
            x, new = map(_numbers, answer)
            if x is None or new is None:
                return "x and the new nu must be arrays of finite numbers"
            if x.shape != (n,) or new.shape != (m,):
                return f"x must have shape {(n,)} and the new nu {(m,)}; they have {x.shape} and {new.shape}"
            if not np.array_equal(nu, before):
                return "nu itself was changed: return a new array (nu + ..., not nu += ...)"
            if np.linalg.norm(A @ x - b + B.T @ (nu + rho * (B @ x - c))) > 1e-6 * (1 + rho):
                return "x does not minimise L_rho for the old nu: is its gradient there zero, with every sign right?"
            if np.linalg.norm(A @ x - b + B.T @ new) > 1e-6 * (1 + rho):
                return "after the update Ax - b + B'nu must be zero: is the new nu the old one plus rho (Bx - c)?"
    return PASSED


def check_water_filling(water_filling):
    """`water_filling(a, budget)` returns the x >= 0 with sum `budget` that maximises sum log(a + x)."""
    rng = np.random.default_rng(2)
    for a, budget in (
        (np.array([1.0, 2.0]), 3.0),
        (np.array([0.5, 5.0, 1.0]), 1.0),
        (rng.uniform(0.1, 3.0, 8), 0.2),
        (rng.uniform(0.1, 3.0, 20), 30.0),
        (np.array([2.0]), 1.5),
    ):
        x = water_filling(a.copy(), budget)
        if missing(x):
            return NOT_DONE
        x = _numbers(x)
        if x is None:
            return "x must be an array of finite numbers, one for each channel"
        if x.shape != a.shape:
            return f"x must have the shape of a, {a.shape}, and has {x.shape}"
        if (x < -1e-9).any():
            return f"an entry is negative, {x.min():.3g}: no channel can give power back"
        if abs(x.sum() - budget) > 1e-6 * budget:
            return f"the entries add up to {x.sum():.4g}, and the budget is {budget:.4g}"
        level = (a + x)[x > 1e-7 * budget]
        if np.ptp(level) > 1e-5 * level.max():
            return "where x > 0, all a + x must have one level, 1/nu; yours differ"
        if (a[x <= 1e-7 * budget] < level.max() * (1 - 1e-5)).any():
            return "a channel stays dry although its a lies below the water level"
    return PASSED
