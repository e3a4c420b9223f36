"""Newton-type methods beside SciPy's on a logistic risk: ``python tests/benchmarks/trust_region.py``.

5000 samples, 500 features of very different size. SciPy gets plain NumPy functions, the margins of a point and its
curvatures computed once as optlib's risk does. All run to a gradient norm of 1e-6; where a method of SciPy measures
something else, its bound is set so that the norm comes out no larger, which is printed.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy import optimize
from scipy.special import expit
from timing import seconds

import optlib as ol

LAM, TOL = 1e-3, 1e-6


class Plain:
    """The risk as a user would write it for SciPy, sharing what a point alone decides."""

    def __init__(self, X, s):
        self.X, self.s, self.at, self.nfev, self.nhev = X, s, None, 0, 0

    def _move(self, w):
        if self.at is None or not np.array_equal(w, self.at):
            self.at, self.z, self.c = w.copy(), self.X @ w, None

    def fun(self, w):
        self._move(w)
        self.nfev += 1
        f = float(np.logaddexp(0.0, -self.s * self.z).mean()) + 0.5 * LAM * float(w @ w)
        return f, self.X.T @ (-self.s * expit(-self.s * self.z)) / len(self.s) + LAM * w

    def _curvatures(self, w):
        self._move(w)
        if self.c is None:
            self.c = expit(self.z) * expit(-self.z) / len(self.s)
        return self.c

    def hess(self, w):
        self.nhev += 1
        A = np.sqrt(self._curvatures(w))[:, None] * self.X
        return A.T @ A + LAM * np.eye(w.size)

    def hessp(self, w, v):
        self.nhev += 1
        return self.X.T @ (self._curvatures(w) * (self.X @ v)) + LAM * v


def data(n=5000, d=500):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)) * np.geomspace(1, 10, d)
    return X, np.where(rng.random(n) < expit(X @ rng.normal(size=d) / 10), 1.0, -1.0)


def main():
    X, s = data()
    w0, found = np.zeros(X.shape[1]), {}

    def ours(name, method):
        def call():
            risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, s, ol.penalties.L2(LAM))
            result = ol.minimize(risk, w0, method, tol=TOL, record=False)
            found[name] = (result.optimality, result.nit, result.nfev, result.nhev)

        return call

    def theirs(name, second, **options):
        def call():
            p = Plain(X, s)
            result = optimize.minimize(
                p.fun, w0, jac=True, method=name, options=options, **{second: getattr(p, second)}
            )
            found[name] = (np.linalg.norm(result.jac), result.nit, p.nfev, p.nhev)

        return call

    sides = {
        "optlib TrustRegion steihaug": ours("optlib TrustRegion steihaug", ol.TrustRegion("steihaug", max_radius=1e6)),
        "optlib Newton": ours("optlib Newton", ol.Newton(ol.line_search.Backtracking())),
        "optlib TrustRegion exact": ours("optlib TrustRegion exact", ol.TrustRegion("exact")),
        "Newton-CG": theirs("Newton-CG", "hessp", xtol=1e-9),
        "trust-ncg": theirs("trust-ncg", "hessp", gtol=TOL, max_trust_radius=1e6),
        "trust-krylov": theirs("trust-krylov", "hessp", gtol=TOL),
        "trust-exact": theirs("trust-exact", "hess", gtol=TOL),
    }
    medians, _ = seconds(*sides.values(), repeats=5)
    print(f"{'':30}{'ms':>8}{'|grad|':>10}{'steps':>7}{'f, g':>7}{'H, Hv':>7}")
    for name, time in zip(sides, medians, strict=True):
        size, nit, nfev, nhev = found[name]
        print(f"{name:30}{1e3 * time:8.1f}{size:10.1e}{nit:7}{nfev:7}{nhev:7}")


if __name__ == "__main__":
    main()
