"""Problem: values are right, counted, remembered, and never stale."""

import math
import warnings

import numpy as np
import pytest
from scipy import sparse

import optlib as ol
from optlib.problem import norm


def square(x):
    return float((x**2).sum())


def counts(p):
    return p.nfev, p.njev, p.nhev


def test_value_gradient_hessian_are_those_of_the_callables():
    p = ol.Problem(square, jac=lambda x: 2 * x, hess=lambda x: 2 * np.eye(x.size))
    assert p([3, 4]) == 25.0
    assert type(p([3, 4])) is float
    assert np.array_equal(p.grad([3, 4]), [6.0, 8.0])
    assert np.array_equal(p.hess([3, 4]), 2 * np.eye(2))
    assert np.array_equal(p.hessp([3, 4], np.array([1.0, 2.0])), [2.0, 4.0])


def test_asking_twice_at_a_point_computes_once():
    p = ol.Problem(square, jac=lambda x: 2 * x, hess=lambda x: 2 * np.eye(x.size))
    for _ in range(3):
        p([1.0, 2.0]), p.grad([1.0, 2.0]), p.value_and_grad([1.0, 2.0]), p.hess([1.0, 2.0])
    assert counts(p) == (1, 1, 1)
    p([1.0, 2.5])
    assert counts(p) == (2, 1, 1)
    p([1.0, 2.0])  # only the last point is remembered
    assert counts(p) == (3, 1, 1)


@pytest.mark.parametrize("first", ["__call__", "grad", "value_and_grad"])
def test_value_and_grad_computes_only_what_is_missing(first):
    p = ol.Problem(square, jac=lambda x: 2 * x)
    getattr(p, first)([3.0, 4.0])
    f, g = p.value_and_grad([3.0, 4.0])
    assert (f, g.tolist(), counts(p)) == (25.0, [6.0, 8.0], (1, 1, 0))


@pytest.mark.parametrize("first", ["__call__", "grad", "value_and_grad"])
def test_jac_true_computes_value_and_gradient_together_and_once(first):
    calls = []

    def both(x):
        calls.append(x.copy())
        return square(x), 2 * x

    p = ol.Problem(both, jac=True)
    getattr(p, first)([3.0, 4.0])
    f, g = p.value_and_grad([3.0, 4.0])
    assert (p([3.0, 4.0]), f) == (25.0, 25.0)
    assert np.array_equal(g, [6.0, 8.0])
    assert np.array_equal(p.grad([3.0, 4.0]), g)
    assert (len(calls), counts(p)) == (1, (1, 1, 0))


def test_never_stale_when_the_caller_changes_x_in_place():
    p = ol.Problem(square, jac=lambda x: 2 * x, hess=lambda x: np.diag(x))
    x = np.array([1.0, 2.0])
    assert p(x) == 5.0
    x[1] = 3.0  # the first entry stays: a test of it alone would not notice
    assert p(x) == 10.0
    assert np.array_equal(p.grad(x), [2.0, 6.0])
    x *= 2
    assert np.array_equal(p.hess(x), np.diag([2.0, 6.0]))
    assert p.value_and_grad(x)[0] == 40.0
    x[:] = 0.0
    assert np.array_equal(p.grad(x), [0.0, 0.0])
    assert x.flags.writeable


@pytest.mark.parametrize("asked", ["__call__", "grad", "value_and_grad", "hess"])
def test_never_stale_when_a_function_asks_for_another_point_itself(asked):
    def fresh(ask=lambda: None):
        def fun(x):
            ask()
            return square(x)

        def jac(x):
            ask()
            return 2 * x

        def hess(x):
            ask()
            return np.diag(x)

        return ol.Problem(fun, jac, hess)

    def ask():
        if not asking:
            asking.append(True)
            p([5.0, 6.0])
            asking.clear()

    asking: list[bool] = []
    p = fresh(ask)
    getattr(p, asked)([3.0, 4.0])
    for x in ([5.0, 6.0], [3.0, 4.0]):
        q = fresh()
        assert p(x) == q(x)
        assert np.array_equal(p.grad(x), q.grad(x))
        assert np.array_equal(p.hess(x), q.hess(x))


def test_within_a_run_points_of_every_kind_are_taken_and_none_can_be_changed():
    def method(p, x):
        yield ol.Iterate(x, *p.value_and_grad(x), 1.0)
        for kind in (np.array([1, 2]), [1, 2], (1, 2)):
            f, g = p.value_and_grad(kind)
            yield ol.Iterate(np.array([1.0, 2.0]), f, g, 1.0)
        y = np.array([3.0, 4.0])
        p.value_and_grad(y)
        y -= 1.0

    seen = []
    p = ol.Problem(lambda x: seen.append(x.dtype) or square(x), jac=lambda x: np.array([2, 4]))
    with pytest.raises(ValueError, match="read-only"):
        ol.minimize(p, [1.0, 1.0], method)
    assert set(seen) == {np.dtype(float)}
    assert p.grad([1.0, 2.0]).dtype == float


def test_what_is_remembered_cannot_be_changed():
    p = ol.Problem(square, jac=lambda x: 2 * x, hess=lambda x: 2 * np.eye(x.size))
    x = [1.0, 2.0]
    for handed_out in (p.grad(x), p.value_and_grad(x)[1], p.hess(x)):
        with pytest.raises(ValueError, match="read-only"):
            handed_out *= -1
    q = ol.Quadratic([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        q.value_and_grad(x)[1][0] = 7.0


def test_the_arrays_of_the_users_functions_stay_writable():
    slope, curvature = np.array([1.0, 2.0]), np.eye(2)
    p = ol.Problem(lambda x: float(slope @ x), jac=lambda x: slope, hess=lambda x: curvature)
    ol.minimize(p, [1.0, 1.0], ol.GradientDescent(), maxiter=2)
    p.hess([1.0, 1.0])
    assert slope.flags.writeable
    assert curvature.flags.writeable


def test_a_matrix_changed_afterwards_does_not_change_the_quadratic():
    A, b = np.eye(2), np.ones(2)
    q = ol.Quadratic(A, b)
    A *= 5
    b *= 5
    assert np.array_equal(q.grad([1.0, 1.0]), [0.0, 0.0])
    assert q.lipschitz == 1.0


def test_args_reach_every_callable():
    p = ol.Problem(
        lambda x, a, b: a * square(x) + b,
        jac=lambda x, a, b: 2 * a * x,
        hess=lambda x, a, b: 2 * a * np.eye(x.size),
        hessp=lambda x, v, a, b: 2 * a * v,
        args=(3.0, 1.0),
    )
    x = [1.0, 2.0]
    assert p(x) == 16.0
    assert np.array_equal(p.grad(x), [6.0, 12.0])
    assert np.array_equal(p.hess(x), 6 * np.eye(2))
    assert np.array_equal(p.hessp(x, np.ones(2)), [6.0, 6.0])
    assert ol.Problem(lambda x, a: a * square(x), args=3.0)([1.0]) == 3.0  # SciPy takes one bare argument too


def test_finite_differences_are_near_and_their_calls_are_counted():
    exact, p = ol.Rosenbrock(3), ol.Problem(lambda x: ol.Rosenbrock(3)(x))
    x = np.array([0.3, -0.7, 1.1])
    assert np.allclose(p.grad(x), exact.grad(x), rtol=1e-5)
    assert counts(p) == (4, 1, 0)  # n + 1 values
    p.grad(x)
    assert counts(p) == (4, 1, 0)
    assert p(x) == exact(x)
    assert ol.Problem(square, jac=False).grad([1.0]) == pytest.approx([2.0])  # SciPy's old spelling


@pytest.mark.parametrize("x", [1e-6, -1e-6, 1e4, -1e4, 1e6, -1e6])
def test_finite_differences_are_as_wide_as_the_point_is_far_out(x):
    p = ol.Problem(lambda x: float((x[0] - 1e-5) ** 2 + 3 * x[0] + 1))
    assert p.grad([x]) == pytest.approx([2 * (x - 1e-5) + 3], rel=1e-6)


def test_the_norm_neither_over_nor_underflows():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for scale in (0.0, 5e-324, 3e-170, 1e-150, 1.0, 1e150, 3e170, 1e307):
            assert norm(np.array([3.0, -4.0]) * scale) == pytest.approx(5 * scale, rel=1e-15, abs=0)
            assert norm(np.array([-4.0, -3.0]) * scale) == norm(np.array([3.0, -4.0]) * scale)
        assert norm(np.array([])) == 0.0
        assert norm(np.array([1.0, -math.inf])) == math.inf
        assert math.isnan(norm(np.array([math.nan, 1.0])))


def test_hessp_falls_back_on_hess_and_is_counted():
    p = ol.Problem(square, jac=lambda x: 2 * x, hessp=lambda x, v: 2 * v)
    assert np.array_equal(p.hessp([1.0, 2.0], np.array([3.0, 4.0])), [6.0, 8.0])
    assert counts(p) == (0, 0, 1)
    assert not p.lacks("hessp")
    assert p.lacks("hess")
    only_hess = ol.Problem(square, hess=lambda x: 2 * np.eye(2))
    assert not only_hess.lacks("hessp")
    assert not only_hess.lacks("hess")
    assert ol.Problem(square).lacks("hessp")


def test_sparse_hessian_stays_sparse():
    p = ol.Problem(square, hess=lambda x: 2 * sparse.eye_array(x.size, format="csc"))
    H = p.hess(np.ones(3))
    assert sparse.issparse(H)
    assert np.array_equal(H.toarray(), 2 * np.eye(3))


def test_one_variable_may_come_and_go_in_scipys_shapes():
    p = ol.Problem(lambda x: x**2, jac=lambda x: [[2 * x[0]]], hess=lambda x: 2.0)
    assert (p(3.0), p.grad(3.0).tolist(), p.hess(3.0).tolist()) == (9.0, [6.0], [[2.0]])


def test_uncounted_leaves_counters_and_memory_alone():
    p = ol.Problem(square, jac=lambda x: 2 * x)
    p.value_and_grad([1.0, 1.0])
    assert p.uncounted(np.array([3.0, 4.0])) == 25.0
    assert counts(p) == (1, 1, 0)
    p.value_and_grad([1.0, 1.0])
    assert counts(p) == (1, 1, 0)


def test_not_a_number_is_passed_on_and_not_remembered_as_another_point():
    p = ol.Problem(square, jac=lambda x: 2 * x)
    assert np.isnan(p([np.nan, 1.0]))
    assert p([0.0, 1.0]) == 1.0


def test_an_error_in_the_users_function_leaves_no_wrong_memory():
    fail = [True]

    def fun(x):
        if fail[0]:
            raise RuntimeError("sensor off")
        return square(x)

    p = ol.Problem(fun)
    with pytest.raises(RuntimeError, match="sensor off"):
        p([1.0, 2.0])
    fail[0] = False
    assert p([1.0, 2.0]) == 5.0
