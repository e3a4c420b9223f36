"""What optlib's driver costs beside the loop that a user would write.

``python tests/benchmarks/driver.py`` prints a table. Each row runs gradient descent twice, interleaved: a bare NumPy
loop (value, gradient, stop test, lists of f and of the gradient's norm) and ``ol.minimize`` with the same evaluations.
The ratio is the median over the pairs; times are of the process, so that other programs disturb little.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads would add noise, and cost time of both equally

import math
import statistics
import subprocess
import sys
from time import process_time

import numpy as np
from scipy.special import expit

import optlib as ol

PAIRS = 25


def bare(fun, x, eta, maxiter, tol):
    """The loop that a user would write; ``fun`` gives value and gradient."""
    values, norms = [], []
    for _ in range(maxiter + 1):
        f, g = fun(x)
        size = math.sqrt(g.dot(g))
        values.append(f)
        norms.append(size)
        if size <= tol:
            break
        x = x - eta * g
    return np.array(values), np.array(norms)


def quadratic(d, rng):
    """A dense quadratic, or a diagonal one in high dimension: the cheapest objectives there are."""
    b = rng.normal(size=d)
    if d > 1000:
        A = np.linspace(1.0, 10.0, d)

        def fun(x):
            g = A * x - b
            return 0.5 * float(x.dot(g) - b.dot(x)), g
    else:
        M = rng.normal(size=(d, d))
        A = M @ M.T / d + np.eye(d)

        def fun(x):
            g = A @ x - b
            return 0.5 * float(x.dot(g) - b.dot(x)), g

    return fun, ol.Quadratic(A, b)


def logistic(d, rng):
    """The logistic risk of 500 samples (50 in high dimension) with an L2 penalty."""
    n, lam = (50 if d > 1000 else 500), 0.1
    X, s = rng.normal(size=(n, d)), rng.choice([-1.0, 1.0], size=n)

    def fun(w):
        z = X @ w
        f = float(np.logaddexp(0.0, -s * z).mean()) + 0.5 * lam * float(w.dot(w))
        return f, X.T @ (-s * expit(-s * z)) / n + lam * w

    return fun, ol.EmpiricalRisk(ol.losses.Logistic(), X, s, ol.penalties.L2(lam))


def compare(fun, problem, x0, eta, maxiter):
    """Median times of an iteration in microseconds, bare and by optlib, and the median ratio of the pairs."""
    method, times = ol.GradientDescent(eta), []
    for _ in range(PAIRS):
        start = process_time()
        values, norms = bare(fun, x0, eta, maxiter, 0.0)
        middle = process_time()
        result = ol.minimize(problem, x0, method, tol=0.0, maxiter=maxiter, record=False)
        times.append((middle - start, process_time() - middle))
        assert np.allclose(result.history.fun, values, rtol=1e-9)  # the same work was done
        assert len(result.history.optimality) == len(norms)
    ratio = statistics.median(b / a for a, b in times)
    return *(1e6 * statistics.median(column) / (maxiter + 1) for column in zip(*times, strict=True)), ratio


def import_time(package):
    """Seconds of a fresh interpreter that imports the package, median of five."""

    def once():
        start = os.times()
        subprocess.run([sys.executable, "-c", f"import {package}"], check=True)
        end = os.times()
        return end.children_user + end.children_system - start.children_user - start.children_system

    return statistics.median(once() for _ in range(5))


def main():
    print(f"{'objective':24}{'d':>8}{'bare us':>10}{'optlib us':>11}{'ratio':>8}")
    costs = []
    for name, make in (("quadratic", quadratic), ("logistic", logistic)):
        for d, maxiter in ((10, 2000), (1000, 200), (100_000, 40)):
            rng = np.random.default_rng(0)
            fun, problem = make(d, rng)
            x0, eta = rng.normal(size=d), 0.5 / problem.lipschitz
            for label, p in ((f"{name}, optlib's", problem), (f"{name}, own function", ol.Problem(fun, jac=True))):
                plain, ours, ratio = compare(fun, p, x0, eta, maxiter)
                if d == 10:
                    costs.append(ours - plain)
                print(f"{label:24}{d:>8}{plain:>10.2f}{ours:>11.2f}{ratio:>8.3f}")
    overhead = statistics.median(costs)
    print(
        f"\nThe driver adds about {overhead:.1f} us an iteration at d = 10: a ratio of 1.2 where one iteration of the"
    )
    print(f"bare loop takes {overhead / 0.2:.0f} us, of 1.05 where it takes {overhead / 0.05:.0f} us.")
    print(f"Import: scipy.optimize {import_time('scipy.optimize'):.2f} s, optlib {import_time('optlib'):.2f} s")


if __name__ == "__main__":
    main()
