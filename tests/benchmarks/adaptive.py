"""What a step of AdaGrad, RMSProp and Adam costs beside the plain formula in a bare loop.

``python tests/benchmarks/adaptive.py`` prints a table. The objective is a diagonal quadratic, about the cheapest there
is, so that the update is seen. The bare loop allocates every array that the formula names; its gradient is the same.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import math

import numpy as np
from timing import seconds

import optlib as ol

ETA, EPS = 1e-3, 1e-8


def adagrad(g, state, t):
    s = state["s"] = state.get("s", 0.0) + g * g
    return ETA * g / (np.sqrt(s) + EPS)


def rmsprop(g, state, t):
    s = state["s"] = 0.99 * state.get("s", 0.0) + (1 - 0.99) * g * g
    return ETA * g / (np.sqrt(s) + EPS)


def adam(g, state, t):
    m = state["m"] = 0.9 * state.get("m", 0.0) + (1 - 0.9) * g
    v = state["v"] = 0.999 * state.get("v", 0.0) + (1 - 0.999) * g * g
    m_hat, v_hat = m / (1 - 0.9 ** (t + 1)), v / (1 - 0.999 ** (t + 1))
    return ETA * m_hat / (np.sqrt(v_hat) + EPS)


def bare(fun, x, direction, maxiter):
    """The loop that a user would write; ``fun`` gives value and gradient."""
    values, norms, state = [], [], {}
    for t in range(maxiter + 1):
        f, g = fun(x)
        values.append(f)
        norms.append(math.sqrt(g.dot(g)))
        if t < maxiter:
            x = x - direction(g, state, t)
    return values


def main():
    print(f"{'method':12}{'d':>8}{'bare us':>10}{'optlib us':>11}{'ratio':>8}")
    methods = [(adagrad, ol.AdaGrad(ETA, eps=EPS)), (rmsprop, ol.RMSProp(ETA, eps=EPS)), (adam, ol.Adam(ETA, eps=EPS))]
    for d, maxiter in ((10, 1000), (1000, 500), (100_000, 30)):
        A, b = np.linspace(1.0, 10.0, d), np.random.default_rng(0).normal(size=d)
        problem, x0, found = ol.Quadratic(A, b), np.ones(d), {}

        def fun(x, A=A, b=b):
            g = A * x - b
            return 0.5 * float(x.dot(g) - b.dot(x)), g

        for direction, method in methods:

            def optlib(method=method, problem=problem, x0=x0, maxiter=maxiter, found=found):
                found["optlib"] = ol.minimize(problem, x0, method, tol=0.0, maxiter=maxiter, record=False).history.fun

            def loop(fun=fun, direction=direction, x0=x0, maxiter=maxiter, found=found):
                found["bare"] = bare(fun, x0, direction, maxiter)

            (ours, plain), (ratio,) = seconds(optlib, loop, repeats=15)
            assert np.allclose(found["optlib"], found["bare"], rtol=1e-9)  # the same work was done
            ours, plain = (1e6 * s / (maxiter + 1) for s in (ours, plain))
            print(f"{type(method).__name__:12}{d:>8}{plain:>10.2f}{ours:>11.2f}{ratio:>8.3f}", flush=True)


if __name__ == "__main__":
    main()
