"""FISTA on a lasso beside scikit-learn's coordinate descent, to the same duality gap.

``python tests/benchmarks/lasso.py`` needs scikit-learn (group ``benchmarks`` of pyproject.toml). The target is a gap
of 1e-6 times the objective at 0, 1e-6 |y|^2 / 2n. Runs are interleaved; times are medians, of the process. FISTA
starts from X as rows, and 1/L is part of its time; scikit-learn is timed with X as rows, which it copies, as columns,
and with the Gram matrix.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
from time import process_time

import numpy as np

import optlib as ol

N, D, RUNS = 1000, 5000, 5


def fista(X, y, lam, target, restart=True, step=None):
    """Run until the gap, asked every tenth iteration, is below the target; the weights and the iterations made."""
    risk, g = ol.EmpiricalRisk(ol.losses.Squared(), X, y), ol.penalties.L1(lam)
    seen = []

    def callback(xk):
        seen.append(xk)
        if len(seen) % 10 == 0 and ol.duality_gap(risk, g, xk) <= target:
            raise StopIteration

    method = ol.FISTA(g, step or 1 / risk.lipschitz, restart)
    result = ol.minimize(risk, np.zeros(X.shape[1]), method, tol=0.0, maxiter=5000, callback=callback, record=False)
    return result.x, result.nit


def working_set(X, y, lam, target):
    """FISTA on the columns that correlate most with the residual, again until the gap of the whole is small."""
    (n, d), g = X.shape, ol.penalties.L1(lam)
    x, r, size = np.zeros(d), -y, 100
    for k in range(100):
        v = np.abs(X.T @ r) / n
        s = min(1.0, lam / v.max())  # the gap as in ol.duality_gap, with the products that are there already
        if ((r @ r + s**2 * (r @ r)) / 2 + s * (r @ y)) / n + g(x) <= target:
            break
        v[x != 0] = np.inf
        columns = np.argpartition(-v, size)[:size]
        part = ol.EmpiricalRisk(ol.losses.Squared(), np.ascontiguousarray(X[:, columns]), y)
        method, tol = ol.FISTA(g, 1 / part.lipschitz), (1e-2 if k == 0 else 1e-5) * lam
        found = ol.minimize(part, x[columns], method, tol=tol, record=False).x
        x = np.zeros(d)
        x[columns] = found
        r, size = part.X @ found - y, min(d - 1, max(100, 2 * np.count_nonzero(x)))
    return x, k


def main():
    try:
        from sklearn.linear_model import Lasso
    except ImportError:
        print("scikit-learn is not installed")
        return
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, D))
    w = np.zeros(D)
    w[rng.choice(D, 50, replace=False)] = rng.normal(size=50)
    y = X @ w + 0.1 * rng.normal(size=N)
    risk, columns, target = ol.EmpiricalRisk(ol.losses.Squared(), X, y), np.asfortranarray(X), 1e-6 * y @ y / (2 * N)
    most = np.abs(risk.grad(np.zeros(D))).max()

    def coordinates(X, lam, precompute=False):
        model = Lasso(alpha=lam, fit_intercept=False, tol=1e-6, precompute=precompute, max_iter=10_000).fit(X, y)
        return model.coef_, model.n_iter_

    for fraction in (0.1, 0.01):
        lam = fraction * most
        print(f"lasso {N} x {D}, lam = {fraction} of the largest, gap {target:.2e}")
        contenders = {
            "FISTA": lambda lam=lam: fista(X, y, lam, target),
            "FISTA, search": lambda lam=lam: fista(X, y, lam, target, step=ol.line_search.Backtracking()),
            "FISTA, no restart": lambda lam=lam: fista(X, y, lam, target, restart=False),
            "FISTA on a working set": lambda lam=lam: working_set(X, y, lam, target),
            "scikit-learn, rows": lambda lam=lam: coordinates(X, lam),
            "scikit-learn, columns": lambda lam=lam: coordinates(columns, lam),
            "scikit-learn, Gram": lambda lam=lam: coordinates(columns, lam, precompute=True),
        }
        times, answers = {name: [] for name in contenders}, {}
        for _ in range(RUNS):
            for name, run in contenders.items():
                start = process_time()
                answers[name] = run()
                times[name].append(process_time() - start)
        for name, (x, count) in answers.items():
            gap = ol.duality_gap(risk, ol.penalties.L1(lam), x)
            print(f"  {name:24}{1e3 * statistics.median(times[name]):8.0f} ms{count:6} iterations, gap {gap:.1e}")


if __name__ == "__main__":
    main()
