"""The problems of Moré, Garbow and Hillstrom: from their published starts to their published minima."""

import numpy as np
import pytest
from problems import PROBLEMS
from scipy import optimize

import optlib as ol

METHODS = {
    "Newton": ol.Newton(ol.line_search.Backtracking()),
    "BFGS": ol.BFGS(),
    "L-BFGS": ol.LBFGS(),
    "trust region, Steihaug": ol.TrustRegion("steihaug"),
    "trust region, dogleg": ol.TrustRegion("dogleg"),
    "trust region, exact": ol.TrustRegion("exact"),
    "cubic Newton": ol.CubicNewton(),
}
INDEFINITE = "on its way Newton's direction goes uphill, which damping cannot mend, and the run says so"
SLOW = "where the Hessian is indefinite the dogleg is a step along the gradient, in a long curved valley"
INFINITY = "it follows a slope that falls for ever, towards a value that is no minimum at a point"
EXCEPTIONS = {
    **{
        ("Newton", name): (INDEFINITE, ol.Status.LINE_SEARCH_FAILED)
        for name in ("Powell badly scaled", "Brown badly scaled", "Beale", "Wood", "Kowalik and Osborne", "Biggs EXP6")
    },
    ("trust region, dogleg", "Osborne 1"): (SLOW, ol.Status.MAXITER),
    ("trust region, dogleg", "Biggs EXP6"): (SLOW, ol.Status.MAXITER),
    ("trust region, exact", "Biggs EXP6"): (INFINITY, ol.Status.MAXITER),
}


def reached(f, minima):
    return any(abs(f - minimum) <= 1e-5 * minimum + 1e-8 for minimum in minima)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")  # trial steps far out, which are then rejected
def test_published_minima_from_published_starts(method, name):
    p = PROBLEMS[name]()
    excepted = (method, name) in EXCEPTIONS
    result = ol.minimize(p, p.x0, METHODS[method], tol=1e-8, maxiter=500 if excepted else 3000)
    if excepted:
        assert result.status is EXCEPTIONS[method, name][1]
        return
    assert reached(result.fun, p.minima), result.message  # whatever the status: some are flat below rounding


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_problems_themselves(name):
    p = PROBLEMS[name]()
    rng = np.random.default_rng(0)
    x = p.x0 + 0.1 * rng.normal(size=p.x0.size)
    assert ol.check_gradient(p, x) < 1e-5
    v = rng.normal(size=x.size)
    h = 1e-6
    difference = (p.grad(x + h * v) - p.grad(x - h * v)) / (2 * h)
    assert np.allclose(p.hess(x) @ v, difference, rtol=1e-4, atol=1e-5 * np.abs(difference).max())
    best = optimize.least_squares(lambda x: np.real(p.residuals(x)), p.x0, xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    assert reached(p(best), p.minima)
