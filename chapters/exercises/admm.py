"""Checks of the coding exercises of `admm`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing


def soft(v, t):
    return v - np.clip(v, -t, t)


def check_lasso_step(lasso_step):
    """`lasso_step(X, y, lam, rho, z, u)` returns x, z, u after one step on ||X w - y||^2 / (2n) + lam ||w||_1."""
    rng = np.random.default_rng(0)
    for n, d, lam, rho in ((20, 4, 0.3, 0.5), (8, 12, 0.2, 2.0), (30, 5, 0.6, 0.1)):
        X, y = rng.normal(size=(n, d)), 2 * rng.normal(size=n)
        z, u = rng.normal(size=(2, d))
        kept = z.copy(), u.copy()
        answer = lasso_step(X, y, lam, rho, z, u)
        if missing(answer):
            return NOT_DONE
        if not (np.array_equal(z, kept[0]) and np.array_equal(u, kept[1])):
            return "z or u itself was changed: make new arrays (u = u + ..., not u += ...)"
        sentence = _three(answer, (d,), (d,), (d,))
        if sentence:
            return sentence
        sentence = _lasso_step(answer, X, y, lam, rho, z, u)
        if sentence:
            return sentence
    return PASSED


def _lasso_step(answer, X, y, lam, rho, z, u):
    x, new, dual = (np.asarray(a, dtype=float) for a in answer)
    n, d = X.shape
    H, q, eye = X.T @ X / n, X.T @ y / n, np.eye(d)

    def is_close(a, b):
        return np.allclose(a, b, rtol=1e-7, atol=1e-9)

    if not is_close(x, np.linalg.solve(H + rho * eye, q + rho * (z - u))):
        for wrong, sentence in (
            (
                np.linalg.solve(H + rho * eye, q + rho * (z + u)),
                "the sign of u in the step for x is wrong: it is z - u",
            ),
            (np.linalg.solve(H + rho * eye, q + z - u), "rho is missing on the right: X^T y / n + rho (z - u)"),
            (np.linalg.solve(H + rho * eye, q + rho * z), "u is missing in the step for x: it is z - u"),
            (np.linalg.solve(H + eye, q + z - u), "rho is missing in the step for x"),
            (np.linalg.solve(H + eye, q + rho * (z - u)), "rho is missing on the left: X^T X / n + rho I"),
            (np.linalg.solve(n * H + rho * eye, n * q + rho * (z - u)), "the factor 1/n of the loss is missing"),
            (np.linalg.lstsq(H, q, rcond=None)[0], "x is the least-squares solution: the square with rho is missing"),
        ):
            if is_close(x, wrong):
                return sentence
        return "x does not solve (X^T X / n + rho I) x = X^T y / n + rho (z - u)"
    if not is_close(new, soft(x + u, lam / rho)):
        for wrong, sentence in (
            (soft(x + u, lam), "z is thresholded by lam: it must be lam / rho"),
            (soft(x + u, lam * rho), "z is thresholded by lam rho: it must be lam / rho"),
            (soft(x - u, lam / rho), "the sign of u in the step for z is wrong: it is x + u"),
            (soft(x, lam / rho), "u is missing in the step for z: it is x + u"),
            (soft(z + u, lam / rho), "the step for z needs the new x, and the old z stands there"),
            (x + u, "z was not thresholded"),
        ):
            if is_close(new, wrong):
                return sentence
        return "z is not the soft threshold of x + u by lam / rho"
    if not is_close(dual, u + x - new):
        for wrong, sentence in (
            (u - x + new, "the sign in the step for u is wrong: it is u + x - z"),
            (u + x - z, "the step for u needs the new z, and the old one stands there"),
            (u + rho * (x - new), "the scaled u moves by x - z, without rho"),
            (u, "u did not move: u + x - z"),
        ):
            if is_close(dual, wrong):
                return sentence
        return "the new u must be u + x - z, with the new x and z"
    return ""


def check_consensus_round(consensus_round):
    """`consensus_round(proxes, prox_g, rho, z, us)` returns xs, z, us after one round of consensus ADMM."""
    rng = np.random.default_rng(1)
    for N, d, rho in ((3, 4, 0.5), (5, 2, 2.0), (2, 6, 1.3)):
        a, c = rng.uniform(0.5, 2, size=(N, 1)), rng.normal(size=(N, d))
        proxes = [lambda v, a=a[i], c=c[i], rho=rho: (a * c + rho * v) / (a + rho) for i in range(N)]
        strengths, lam = [], 0.4

        def prox_g(v, t, strengths=strengths, lam=lam):
            strengths.append(t)
            return soft(np.asarray(v, dtype=float), t * lam)

        z, us = rng.normal(size=d), 2 * rng.normal(size=(N, d))
        kept = z.copy(), us.copy()
        answer = consensus_round(proxes, prox_g, rho, z, us)
        if missing(answer):
            return NOT_DONE
        if not (np.array_equal(z, kept[0]) and np.array_equal(us, kept[1])):
            return "z or us itself was changed: make new arrays"
        sentence = _three(answer, (N, d), (d,), (N, d))
        if sentence:
            return sentence
        xs, new, duals = (np.asarray(part, dtype=float) for part in answer)
        if not np.allclose(xs, (a * c + rho * (z - us)) / (a + rho)):
            if np.allclose(xs, (a * c + rho * (z + us)) / (a + rho)):
                return "the sign of u in the blocks' steps is wrong: block i starts from z - us[i]"
            if np.allclose(xs, (a * c + rho * z) / (a + rho)):
                return "u is missing in the blocks' steps: block i starts from z - us[i]"
            return "xs[i] must be proxes[i](z - us[i])"
        if not np.allclose(new, soft((xs + us).mean(axis=0), lam / (N * rho))):
            for wrong, sentence in (
                (soft((xs + us).mean(axis=0), lam / rho), "the strength of prox_g is 1/(N rho): N squares pull at z"),
                (soft((xs + us).mean(axis=0), lam * rho), "the strength of prox_g is 1/(N rho), not rho"),
                (soft(xs.mean(axis=0), lam / (N * rho)), "the mean is taken of x alone: it is the mean of x + u"),
                (soft((xs - us).mean(axis=0), lam / (N * rho)), "the sign of u in the mean is wrong: it is x + u"),
                (soft((xs + us).sum(axis=0), lam / (N * rho)), "z is made of the sum: it is the mean of x + u"),
                ((xs + us).mean(axis=0), "the prox of g is missing"),
            ):
                if np.allclose(new, wrong):
                    return sentence
            return "z must be prox_g(mean of xs[i] + us[i], 1/(N rho))"
        if not np.allclose(duals, us + xs - new):
            if np.allclose(duals, us + xs - z):
                return "the step for us needs the new z, and the old one stands there"
            if np.allclose(duals, us - xs + new):
                return "the sign in the step for us is wrong: us[i] + xs[i] - z"
            if np.allclose(duals, us + (xs - new).mean(axis=0)):
                return "each block moves its own u by its own x - z, not by the mean"
            return "the new us[i] must be us[i] + xs[i] - z"
    return PASSED


def _three(answer, *shapes):
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        return "three things are wanted: the new x, z and u"
    for name, part, shape in zip(("x", "z", "u"), answer, shapes, strict=True):
        if np.shape(part) != shape:
            return f"the new {name} must have shape {shape}, and has {np.shape(part)}"
    return ""
