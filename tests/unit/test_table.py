"""Every method over the whole table of problems that it applies to; the exceptions are listed with their reason."""

import importlib
import pkgutil

import numpy as np
import pytest
from scipy import optimize

import optlib as ol

RNG = np.random.default_rng(0)
M = RNG.normal(size=(5, 5))
DENSE = ol.Quadratic(M @ M.T + np.eye(5), RNG.normal(size=5))
X, Y = RNG.normal(size=(40, 3)), (RNG.random(40) < 0.5).astype(float)
LOGISTIC = ol.EmpiricalRisk(ol.losses.Logistic(), X, Y, ol.penalties.L2(0.1))
RIDGE = ol.EmpiricalRisk(ol.losses.Squared(), X, X @ [1.0, 2.0, 3.0], ol.penalties.L2(0.1))
backtracking, wolfe, exact = ol.line_search.Backtracking(), ol.line_search.Wolfe(), ol.line_search.Exact()

falling = ol.schedules.StepDecay(0.05, factor=0.5, every=1500)
# name: (problem, start, a step that is safe for gradient methods there)
TABLE = {
    "dense quadratic": (DENSE, np.ones(5), 1 / DENSE.lipschitz),
    "diagonal quadratic": (ol.Quadratic([1.0, 30.0], [1.0, 1.0]), [5.0, -5.0], 1 / 30),
    "Rosenbrock": (ol.Rosenbrock(), [-1.2, 1.0], 1e-3),
    "Rosenbrock 4": (ol.Rosenbrock(4), [0.95, 0.9, 0.9, 0.8], 1e-3),
    "Himmelblau": (ol.Himmelblau(), [2.0, 2.0], 5e-3),
    "Beale": (ol.Beale(), [2.5, 0.3], 5e-3),
    "Booth": (ol.Booth(), [-3.0, -3.0], 1 / 18),
    "Huber": (ol.Huber1D(delta=0.5, L=2.0), [3.0], 0.5),
    "ridge": (RIDGE, np.zeros(3), 1 / RIDGE.lipschitz),
    "logistic": (LOGISTIC, np.zeros(3), 1 / LOGISTIC.lipschitz),
}
METHODS = {
    "gradient descent": lambda eta: ol.GradientDescent(eta),
    "gradient descent, Armijo": lambda eta: ol.GradientDescent(ol.line_search.Backtracking(c=0.3)),
    "gradient descent, Wolfe": lambda eta: ol.GradientDescent(ol.line_search.Wolfe(c2=0.1)),
    "gradient descent, exact": lambda eta: ol.GradientDescent(exact),
    "heavy ball": lambda eta: ol.HeavyBall(eta / 2, 0.8),
    "Nesterov": lambda eta: ol.Nesterov(eta / 2, 0.8),
    "SGD": lambda eta: ol.SGD(eta),
    "AdaGrad": lambda eta: ol.AdaGrad(0.5),
    "RMSProp": lambda eta: ol.RMSProp(falling, rho=0.9),
    "Adam": lambda eta: ol.Adam(falling),
    "AdamW": lambda eta: ol.AdamW(falling, weight_decay=0.0),
    "BFGS": lambda eta: ol.BFGS(),
    "BFGS, Armijo": lambda eta: ol.BFGS(backtracking),
    "L-BFGS": lambda eta: ol.LBFGS(),
    "L-BFGS, fixed step": lambda eta: ol.LBFGS(memory=2, step=1.0),
    "proximal gradient": lambda eta: ol.ProximalGradient(ol.penalties.Zero(), eta),
    "proximal gradient, search": lambda eta: ol.ProximalGradient(ol.penalties.Zero(), backtracking),
    "FISTA": lambda eta: ol.FISTA(ol.penalties.Zero(), eta),
    "FISTA, no restart": lambda eta: ol.FISTA(ol.penalties.Zero(), eta, restart=False),
    "FISTA, search": lambda eta: ol.FISTA(ol.penalties.Zero(), backtracking),
    "Newton": lambda eta: ol.Newton(),
    "Newton, Armijo": lambda eta: ol.Newton(backtracking),
    "Newton, Wolfe": lambda eta: ol.Newton(wolfe),
    "Newton, exact": lambda eta: ol.Newton(exact),
    "trust region, Steihaug": lambda eta: ol.TrustRegion("steihaug"),
    "trust region, dogleg": lambda eta: ol.TrustRegion("dogleg"),
    "trust region, exact": lambda eta: ol.TrustRegion("exact"),
    "trust region, Cauchy": lambda eta: ol.TrustRegion("cauchy"),
    "cubic Newton": lambda eta: ol.CubicNewton(),
    "perturbed gradient descent": lambda eta: ol.PerturbedGradientDescent(eta, radius=1e-3),
    "projected gradient": lambda eta: ol.ProjectedGradient(ol.sets.L2Ball(100.0), eta),
    "augmented Lagrangian": lambda eta: ol.AugmentedLagrangian(),
    "ADMM": lambda eta: ol.ADMM(ol.penalties.Zero(), rho=1 / eta),
    "consensus ADMM": lambda eta: ol.ConsensusADMM(blocks=3, rho=0.1),
    "distributed SGD": lambda eta: ol.DistributedSGD(3, eta),
}
NO_HESSIAN = "Huber's function has no second derivative"
NO_MODEL = "the curvature along -g turns negative on the way, so that the quadratic model has no minimiser"
NO_SUM = "there are no samples to share out to the blocks"
EXCEPTIONS = {
    **{
        (name, method): NO_SUM
        for name in (*TABLE, "plain function")
        if name not in ("ridge", "logistic")
        for method in ("consensus ADMM", "distributed SGD")
    },
    **{("Huber", name): NO_HESSIAN for name, make in METHODS.items() if make(0.1).requirements()},
    ("Rosenbrock", "gradient descent, exact"): NO_MODEL,
}


@pytest.mark.parametrize("problem", TABLE)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_solves_every_problem_that_it_applies_to(method, problem):
    p, x0, eta = TABLE[problem]
    run = METHODS[method](eta)
    if EXCEPTIONS.get((problem, method)) == NO_HESSIAN:
        with pytest.raises(ValueError, match="needs `hess"):
            ol.minimize(p, x0, run)
        return
    if EXCEPTIONS.get((problem, method)) == NO_SUM:
        with pytest.raises(ValueError, match=f"{type(run).__name__} needs a finite sum"):
            ol.minimize(p, x0, run)
        return
    tol = 1e-2 if problem.startswith("Rosenbrock") else 1e-6  # in the valley gradient methods take their time
    result = ol.minimize(p, x0, run, tol=tol, maxiter=60_000)
    if EXCEPTIONS.get((problem, method)) == NO_MODEL:
        assert result.status is ol.Status.LINE_SEARCH_FAILED
        return
    assert result.success, result.message
    assert np.linalg.norm(p.grad(result.x)) <= tol
    expected = p.minimum if hasattr(p, "minimum") else optimize.minimize(p, x0, jac=p.grad, tol=1e-9).fun
    assert result.fun == pytest.approx(expected, abs=10 * tol**2 + 1e-9)


def test_no_method_is_left_out_of_the_table():
    modules = [importlib.import_module(m.name) for m in pkgutil.iter_modules(ol.methods.__path__, "optlib.methods.")]
    classes = {c for m in modules for c in vars(m).values() if isinstance(c, type) and issubclass(c, ol.Method)}
    assert classes - {ol.Method} == {type(make(0.1)) for make in METHODS.values()}


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_a_custom_minimiser_of_scipy(name):
    """args, jac=True, hess, hessp, both styles of callback, StopIteration; the result is that of ol.minimize."""
    if ("plain function", name) in EXCEPTIONS:
        pytest.skip(EXCEPTIONS["plain function", name])
    a, seen = np.array([1.0, 3.0]), []
    method = METHODS[name](0.1)

    def fun(x, centre):
        r = x - centre
        return float((a * r**2 / 2 + r**4 / 4).sum()), a * r + r**3

    def hess(x, centre):
        return np.diag(a + 3 * (x - centre) ** 2)

    def hessp(x, v, centre):
        return hess(x, centre) @ v

    def whole(intermediate_result):
        seen.append((intermediate_result.fun, intermediate_result.nit))

    def third(xk):
        seen.append(xk)
        if len(seen) == 3:
            raise StopIteration

    second = {"hessp": hessp} if "hess" not in method.requirements() else {"hess": hess}
    given = {"x0": [1.0, -0.5], "args": (0.25,), "jac": True, "method": method, "tol": 1e-5, **second}
    result = optimize.minimize(fun, **given, options={"maxiter": 20_000}, callback=whole)
    problem = ol.Problem(fun, jac=True, args=(0.25,), **second)
    direct = ol.minimize(problem, [1.0, -0.5], method, tol=1e-5, maxiter=20_000)
    assert result.success, result.message
    assert np.array_equal(result.x, direct.x)
    # nfev and njev may differ, where one of the two is asked for alone: SciPy makes two functions of `jac=True`
    assert (result.nit, result.nhev) == (direct.nit, direct.nhev)
    assert result.nfev == pytest.approx(direct.nfev, abs=1)
    assert np.allclose(result.x, 0.25, atol=1e-4)
    assert seen == list(zip(direct.history.fun[1:], range(1, direct.nit + 1), strict=True))
    seen = []
    stopped = optimize.minimize(fun, **given, callback=third)
    assert (stopped.status, stopped.nit) == ((99, 3) if direct.nit >= 3 else (direct.status, direct.nit))
