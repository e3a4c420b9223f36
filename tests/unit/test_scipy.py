"""Every method instance is a custom minimiser for SciPy."""

import numpy as np
import pytest
from scipy import optimize

import optlib as ol

START = np.array([-1.2, 1.0])


def minimize(method, fun=optimize.rosen, **keywords):
    return optimize.minimize(fun, START, method=method, **keywords)


NEWTON = {"jac": optimize.rosen_der, "hess": optimize.rosen_hess}
DAMPED = ol.Newton(ol.line_search.Backtracking())


def test_newton_through_scipy_is_newton():
    through, direct = minimize(DAMPED, **NEWTON, tol=1e-9), ol.minimize(ol.Rosenbrock(), START, DAMPED, tol=1e-9)
    assert np.array_equal(through.x, direct.x)
    for field in ("fun", "nit", "nfev", "njev", "nhev", "success", "status", "message", "optimality"):
        assert through[field] == direct[field], field
    assert np.array_equal(through.history.fun, direct.history.fun)
    assert np.allclose(through.x, minimize("Newton-CG", **NEWTON, tol=1e-9).x, atol=1e-6)


@pytest.mark.parametrize(
    "derivatives",
    [
        {"jac": optimize.rosen_der},
        {"jac": True, "fun": lambda x: (optimize.rosen(x), optimize.rosen_der(x))},
        {},
        {"jac": False},
        {"jac": "2-point"},  # SciPy turns it into None for a custom method
    ],
    ids=["callable", "True", "none", "False", "2-point"],
)
def test_gradients_of_every_kind(derivatives):
    method = ol.GradientDescent(ol.line_search.Backtracking())
    result = minimize(method, **derivatives, options={"maxiter": 20})
    direct = ol.minimize(ol.Rosenbrock(), START, method, maxiter=20)
    assert np.allclose(result.history.x, direct.history.x, rtol=1e-4)


def test_jac_true_computes_each_point_once():
    points = []

    def both(x):
        points.append(tuple(x))
        return optimize.rosen(x), optimize.rosen_der(x)

    result = minimize(ol.GradientDescent(1e-3), both, jac=True, options={"maxiter": 20})
    assert len(points) == len(set(points)) == 21
    assert result.nfev == 21


def test_args_hessp_and_hess():
    def f(x, a, b):
        return a * float(x @ x) + b

    result = minimize(
        ol.Newton(), f, args=(2.0, 1.0), jac=lambda x, a, b: 2 * a * x, hess=lambda x, a, b: 2 * a * np.eye(2)
    )
    assert (result.nit, result.fun) == (1, 1.0)
    exact = ol.GradientDescent(ol.line_search.Exact())
    result = minimize(exact, f, args=(2.0, 1.0), jac=lambda x, a, b: 2 * a * x, hessp=lambda x, v, a, b: 2 * a * v)
    assert (result.nit, result.fun) == (1, 1.0)
    with pytest.raises(ValueError, match="Newton needs `hess`"):
        minimize(ol.Newton(), jac=optimize.rosen_der)


def test_tol_and_options_reach_the_driver():
    loose = minimize(DAMPED, **NEWTON, tol=1.0)
    assert loose.nit < minimize(DAMPED, **NEWTON).nit
    assert minimize(DAMPED, **NEWTON, tol=1e-3, options={"tol": 1.0}).nit == loose.nit  # as SciPy: options win
    assert minimize(DAMPED, **NEWTON, options={"maxiter": 2}).status == ol.Status.MAXITER
    assert minimize(DAMPED, **NEWTON, options={"record": False}).history.x is None
    assert minimize(DAMPED, **NEWTON, options={"max_time": 1e-9}).status == ol.Status.MAX_TIME
    assert minimize(DAMPED, **NEWTON, options={"tol": None}).success


@pytest.mark.parametrize("name", ["maxiters", "gtol", "problem", "step", "Tol"])
def test_an_unknown_option_is_an_error_that_lists_the_known_ones(name):
    known = r"\['max_time', 'maxiter', 'progress', 'record', 'tol'\]"
    with pytest.raises(ValueError, match=f"unknown option '{name}'; Newton knows {known}"):
        minimize(DAMPED, **NEWTON, options={name: 1})


@pytest.mark.parametrize(
    "limits",
    [
        {"bounds": [(0, 2), (0, 2)]},
        {"bounds": optimize.Bounds(0, 2)},
        {"constraints": {"type": "eq", "fun": lambda x: x[0]}},
        {"constraints": [optimize.LinearConstraint(np.eye(2), 0, 1)]},
    ],
    ids=["bounds", "Bounds", "dict", "LinearConstraint"],
)
def test_bounds_and_constraints_are_refused_not_ignored(limits):
    with pytest.raises(ValueError, match="Newton takes neither bounds nor constraints"):
        minimize(DAMPED, **NEWTON, **limits)


def test_no_bounds_and_no_constraints_may_be_said():
    assert DAMPED(optimize.rosen, START, **NEWTON, bounds=None, constraints=None).success


def test_disp_prints_the_message_and_is_off_by_default(capsys):
    result = minimize(DAMPED, **NEWTON)
    assert capsys.readouterr().out == ""
    minimize(DAMPED, **NEWTON, options={"disp": True})
    assert capsys.readouterr().out == result.message + "\n"
    minimize(DAMPED, **NEWTON, options={"disp": False})
    assert capsys.readouterr().out == ""


def test_callbacks_of_both_styles_and_stop_iteration():
    points, results = [], []

    def whole(intermediate_result):
        results.append(intermediate_result)
        if len(results) == 3:
            raise StopIteration

    result = minimize(DAMPED, **NEWTON, callback=lambda xk: points.append(xk))
    assert np.array_equal(points, result.history.x[1:])
    stopped = minimize(DAMPED, **NEWTON, callback=whole)
    assert (stopped.status, stopped.success, stopped.nit) == (99, False, 3)
    assert [r.fun for r in results] == stopped.history.fun[1:].tolist()


def test_basinhopping_finds_the_deeper_basin():
    def f(x):
        return float(x[0] ** 4 - 2 * x[0] ** 2 + 0.3 * x[0])

    local = {"method": ol.GradientDescent(0.05), "jac": lambda x: 4 * x**3 - 4 * x + 0.3, "tol": 1e-8}
    result = optimize.basinhopping(f, [0.9], minimizer_kwargs=local, niter=20, stepsize=1.5, rng=0)
    assert result.x[0] < -1
    assert abs(4 * result.x[0] ** 3 - 4 * result.x[0] + 0.3) < 1e-7
    assert result.minimization_failures == 0


def test_x0_is_not_changed():
    minimize(DAMPED, **NEWTON)
    assert START.tolist() == [-1.2, 1.0]
    assert START.flags.writeable


def test_a_problem_handed_to_scipy_keeps_its_derivatives():
    result = optimize.minimize(ol.Rosenbrock(), [-1.2, 1.0], method=ol.Newton())
    assert (result.success, result.nit, result.nfev) == (True, 6, 7)


def test_derivatives_given_to_scipy_come_before_those_of_a_problem():
    asked = []
    optimize.minimize(
        ol.Rosenbrock(), START, method=ol.Newton(), jac=lambda x: asked.append("jac") or optimize.rosen_der(x),
        hess=optimize.rosen_hess,
    )  # fmt: skip
    assert len(asked) == 7
