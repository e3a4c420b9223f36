"""Checks of the coding exercises of `projected-gradient`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing

import optlib as ol


def check_project_simplex(project_simplex):
    """`project_simplex(v)` returns the nearest vector of probabilities."""
    rng = np.random.default_rng(0)
    cases = [np.array([0.5, 1.0, -3.0]), np.array([-2.0, -1.0]), np.array([7.0]), np.full(4, 3.0)]
    cases += [scale * rng.standard_normal(n) for n in (2, 5, 30) for scale in (0.1, 1.0, 100.0)]
    for v in cases:
        before = v.copy()
        p = project_simplex(v)
        if missing(p):
            return NOT_DONE
        try:
            p = np.asarray(p, dtype=float)
        except (TypeError, ValueError):
            return f"the answer must be one vector of numbers, not {p!r}"
        if not np.array_equal(v, before):
            return "v itself was changed (sorting in place?): work on a copy"
        if p.shape != v.shape:
            return f"the answer must have the shape of v, {v.shape}, and has {p.shape}"
        if not np.isfinite(p).all():
            return f"for v = {v.round(2)} the answer is not finite: {p}"
        if (p < -1e-12 * (1 + np.abs(v).max())).any():
            return f"probabilities are not negative; for v = {v.round(2)} you return {p.round(3)}"
        if not np.isclose(p.sum(), 1):
            return f"probabilities add up to 1; for v = {v.round(2)} yours add up to {p.sum():.4g}"
        again = np.asarray(project_simplex(p.copy()), dtype=float)
        if not np.allclose(again, p):
            return (
                "a vector of probabilities must stay as it is; yours moves (is that softmax, or a clip and a division?)"
            )
        # The angle: (v - p)'(y - p) is largest at a vertex y of the simplex.
        if (v - p).max() - (v - p) @ p > 1e-8 * (1 + np.abs(v).max()):
            nearer = ol.sets.Simplex().project(v)
            return (
                f"for v = {v.round(2)} there is a nearer point: yours is {np.linalg.norm(v - p):.4f} away, "
                f"the nearest {np.linalg.norm(v - nearer):.4f}; in the right one all positive entries lost the same tau"
            )
    return PASSED


def check_projected_gradient(projected_gradient):
    """`projected_gradient(grad, project, x0, eta, steps)` returns the last iterate."""
    rng = np.random.default_rng(1)
    sets = (ol.sets.L2Ball(1.0), ol.sets.Box(-0.5, 0.5), ol.sets.Simplex())
    for i in range(6):
        C, n = sets[i % 3], 2 + i
        A = rng.standard_normal((n, n))
        f = ol.Quadratic(A @ A.T + np.eye(n), 5 * rng.standard_normal(n))
        x0, eta = 3 * rng.standard_normal(n), 1 / f.lipschitz
        before = x0.copy()
        first = projected_gradient(f.grad, C.project, x0, eta, 0)
        if missing(first):
            return NOT_DONE
        if not np.array_equal(x0, before):
            return "x0 itself was changed: x = x - ..., not x -= ..."
        if isinstance(first, tuple) or np.shape(first) != x0.shape:
            return f"return the last iterate alone, with the shape of x0, {x0.shape}; this is not: {first!r}"
        if not np.allclose(first, C.project(x0)):
            return "after no steps the answer is the start, projected: it must lie in the set"
        asked = []

        def grad(x, f=f, asked=asked):
            asked.append(np.array(x))
            return f.grad(x)

        one = projected_gradient(grad, C.project, x0, eta, 1)
        start = C.project(x0)
        right = C.project(start - eta * f.grad(start))
        if C(np.asarray(one)) != 0:
            return "an iterate lies outside the set: the projection comes after the gradient step"
        if not asked:
            return "with steps = 1 yours asks for no gradient: are there `steps` steps, and is grad called?"
        if not np.allclose(asked[0], start):
            return "the first gradient must be taken at the projected start: that is x_0"
        if not np.allclose(one, right):
            if np.allclose(one, C.project(start + eta * f.grad(start))):
                return "the step goes uphill: mind the sign"
            if np.allclose(one, start - eta * C.project(f.grad(start))):
                return "project the point, not the gradient: it keeps its length"
            return "after one step the answer is not P(x - eta grad f(x)): is eta in, and nothing else?"
        many = np.asarray(projected_gradient(f.grad, C.project, x0, eta, 4000))
        rest = np.linalg.norm(many - C.project(many - eta * f.grad(many))) / eta
        if rest > 1e-6:
            return f"after 4000 steps the gradient mapping is still {rest:.1e}: does the loop start anew each time?"
        ten = [np.asarray(projected_gradient(f.grad, C.project, x0, eta, k)) for k in (9, 10)]
        if not np.allclose(ten[1], C.project(ten[0] - eta * f.grad(ten[0]))):
            return "the answer after 10 steps is not one step further than after 9: are there `steps` steps?"
    return PASSED
