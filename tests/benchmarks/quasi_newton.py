"""BFGS and L-BFGS beside SciPy's, to the same norm of the gradient: ``python tests/benchmarks/quasi_newton.py``.

SciPy gets plain NumPy functions of value and gradient together, optlib the same ones or, where it says so, its own
objective. SciPy's L-BFGS-B stops by the largest entry of the gradient: its bound is chosen such that both end with
about the same norm, which is printed.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy import optimize
from scipy.special import expit
from timing import seconds

import optlib as ol

LAM = 1e-3


def rosenbrock(x):
    return optimize.rosen(x), optimize.rosen_der(x)


def logistic(n=5000, d=500):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) * np.geomspace(1, 10, d)
    s = np.where(rng.random(n) < expit(X @ rng.normal(size=d) / 10), 1.0, -1.0)

    def fun(w):
        z = X @ w
        return (
            float(np.logaddexp(0.0, -s * z).mean()) + 0.5 * LAM * float(w @ w),
            X.T @ (-s * expit(-s * z)) / n + LAM * w,
        )

    return fun, ol.EmpiricalRisk(ol.losses.Logistic(), X, s, ol.penalties.L2(LAM))


def compare(label, fun, problem, x0, ours, theirs, options, tol=1e-6, repeats=5):
    found = {}

    def optlib():
        found["ours"] = ol.minimize(problem, x0, ours, tol=tol, maxiter=10**5, record=False)

    def scipy():
        found["theirs"] = optimize.minimize(fun, x0, jac=True, method=theirs, options={"maxiter": 10**5, **options})

    (a, b), _ = seconds(optlib, scipy, repeats=repeats)
    o, s = found["ours"], found["theirs"]
    print(
        f"{label:36}{theirs:10}{1e3 * a:10.1f}{1e3 * b:10.1f}{b / a:8.2f}{o.nfev:8}{s.nfev:8}"
        f"{o.optimality:10.1e}{np.linalg.norm(s.jac):10.1e}",
        flush=True,
    )


def main():
    print(f"{'':46}{'optlib ms':>10}{'SciPy ms':>10}{'times':>8}{'evals':>8}{'evals':>8}{'|grad|':>10}{'|grad|':>10}")
    bfgs, lbfgs = {"gtol": 1e-6, "norm": 2}, {"gtol": 3e-7, "ftol": 0, "maxfun": 10**6}
    for n, repeats in ((2, 9), (100, 5), (500, 1)):
        x0 = ol.Rosenbrock(n).x0
        compare(
            f"Rosenbrock {n}",
            rosenbrock,
            ol.Problem(rosenbrock, jac=True),
            x0,
            ol.BFGS(),
            "BFGS",
            bfgs,
            repeats=repeats,
        )
    for n in (2, 100, 1000):
        x0 = ol.Rosenbrock(n).x0
        compare(f"Rosenbrock {n}", rosenbrock, ol.Problem(rosenbrock, jac=True), x0, ol.LBFGS(), "L-BFGS-B", lbfgs)
    fun, risk = logistic()
    x0 = np.zeros(500)
    compare("logistic 5000 x 500", fun, ol.Problem(fun, jac=True), x0, ol.LBFGS(), "L-BFGS-B", lbfgs)
    compare("logistic 5000 x 500, optlib's risk", fun, risk, x0, ol.LBFGS(), "L-BFGS-B", lbfgs)
    compare("logistic 5000 x 500, optlib's risk", fun, risk, x0, ol.BFGS(), "BFGS", bfgs, repeats=3)


if __name__ == "__main__":
    main()
