"""The driver: every way a run can end, and what it leaves behind."""

import math
import re
import time
import weakref
from itertools import count

import numpy as np
import pytest

import optlib as ol
from optlib.methods.driver import ADVICE

Q = ol.Quadratic([1.0, 10.0], [1.0, -1.0])
GD = ol.GradientDescent(0.1)
START = [2.0, 1.0]
NAN_LEFT = ol.Problem(lambda x: x[0] - math.log(x[0]) if x[0] > 0 else math.nan, jac=lambda x: 1 - 1 / x)


def gradient_descent(problem, x, eta=0.1):
    """What a student writes."""
    step = math.nan
    while True:
        f, g = problem.value_and_grad(x)
        yield ol.Iterate(x, f, g, float(np.linalg.norm(g)), step)
        x, step = x - eta * g, eta


def singular(problem, x):
    f, g = problem.value_and_grad(x)
    yield ol.Iterate(x, f, g, 1.0)
    np.linalg.solve(np.zeros((2, 2)), g)


def stop(xk):
    raise StopIteration


def slow(xk):
    time.sleep(0.3)


# name of the status: (problem, x0, method, keywords, iterations, words of the message)
ENDINGS = {
    "CONVERGED": (Q, START, GD, {}, 132, r"optimality 9.1e-07 <= tol 1e-06"),
    "MAXITER": (Q, START, GD, {"maxiter": 5}, 5, r"5 iterations made, optimality \S+ > tol 1e-06: raise maxiter"),
    "MAX_TIME": (Q, START, GD, {"max_time": 0.25, "callback": slow}, 1, "max_time passed after 1 iterations"),
    "NON_FINITE": (NAN_LEFT, [1.1], ol.GradientDescent(4.1), {}, 2, "not finite after iteration 2 .*last finite"),
    "DIVERGED": (Q, START, ol.GradientDescent(0.3), {}, 40, r"grown from \d+ to \S+e\+13 in 40 iterations.*below 2/L"),
    "LINE_SEARCH_FAILED": (
        ol.Quadratic([1.0, -1.0]), [1.0, 2.0], ol.Newton(ol.line_search.Backtracking()), {}, 0,
        "line search failed at iteration 0: p is no descent direction",
    ),
    "SINGULAR": (Q, START, singular, {}, 0, r"singular linear system at iteration 0 .Singular matrix.: try another x0"),
    "EXHAUSTED": (
        Q, START, lambda p, x: (it for it, _ in zip(GD.iterate(p, x), range(3), strict=False)), {}, 2,
        "the generator ended after 2 iterations: let it yield for ever",
    ),
    "INFEASIBLE": (
        Q, START, ol.AugmentedLagrangian(eq=[lambda x: x[0], lambda x: x[0] - 1]), {}, 11,
        "constraints seem to contradict each other: .* violated by 0.71, however large the penalty; check them",
    ),
    "STOPPED": (Q, START, GD, {"callback": stop}, 1, "the callback raised StopIteration at iteration 1"),
}  # fmt: skip


def end(name):
    problem, x0, method, keywords, nit, words = ENDINGS[name]
    return problem, ol.minimize(problem, x0, method, **keywords), nit, words


def test_every_status_is_in_the_table_and_has_advice():
    assert set(ENDINGS) == {status.name for status in ol.Status}
    assert set(ADVICE) == set(ol.Status)
    assert [int(status) for status in ol.Status] == [*range(9), 99]  # saved results keep their meaning


@pytest.mark.parametrize("name", ENDINGS)
def test_ending(name):
    _, result, nit, words = end(name)
    assert (result.status.name, result.success) == (name, name == "CONVERGED")
    assert result.nit == nit
    assert re.search(words, result.message), result.message


@pytest.mark.parametrize("name", ENDINGS)
def test_the_result_and_the_history_are_consistent(name):
    problem, result, _, _ = end(name)
    h = result.history
    assert len(h) == result.nit + 1
    assert {len(a) for a in (h.nit, h.fun, h.optimality, h.step, h.time, h.x)} == {result.nit + 1}
    assert h.nit.tolist() == list(range(result.nit + 1))
    assert h.nit.dtype == int
    assert result.fun == problem(result.x)
    assert np.array_equal(result.jac, problem.grad(result.x))
    assert (h.fun[-1], h.optimality[-1]) == (result.fun, result.optimality)
    assert np.array_equal(h.x[-1], result.x)
    assert np.array_equal(h.x[0], ENDINGS[name][1])
    assert [problem(x) for x in h.x] == h.fun.tolist()
    assert (np.diff(h.time) >= 0).all()
    assert h.time[0] >= 0
    assert math.isnan(h.step[-1])
    assert np.isfinite(h.fun).all()
    assert np.isfinite(h.x).all()
    result.x[:] = 7.0  # the caller's to change
    result.jac[:] = 7.0
    assert not np.array_equal(h.x[-1], result.x)
    assert not np.array_equal(problem.grad(h.x[-1]), result.jac)


def test_the_step_in_the_history_is_the_one_taken_from_its_iterate():
    rule = ol.line_search.Backtracking(start=0.9)
    for method in (ol.GradientDescent(ol.schedules.InverseTime(0.1)), ol.GradientDescent(rule), ol.Newton(rule)):
        result = ol.minimize(Q, START, method, maxiter=6, tol=0)
        h = result.history
        for t in range(result.nit):
            g = Q.grad(h.x[t])
            direction = -np.linalg.solve(Q.hess(h.x[t]), g) if isinstance(method, ol.Newton) else -g
            assert np.allclose(h.x[t] + h.step[t] * direction, h.x[t + 1], rtol=1e-13, atol=1e-15)
    assert ol.minimize(Q, START, ol.GradientDescent(ol.schedules.InverseTime(0.1)), maxiter=3).history.step[
        :3
    ] == pytest.approx([0.1, 0.05, 0.1 / 3])


def test_a_start_that_is_not_in_the_domain_is_said_and_returned():
    result = ol.minimize(NAN_LEFT, [-1.0], GD)
    assert (result.status, result.nit, len(result.history)) == (ol.Status.NON_FINITE, 0, 1)
    assert result.x.tolist() == [-1.0]
    assert (result.history.nit.tolist(), result.history.time.tolist()) == ([0], [0.0])
    for value, slope in ((math.inf, 1.0), (-math.inf, 1.0), (1.0, math.nan), (1.0, math.inf)):
        bad = ol.Problem(lambda x, value=value: value, jac=lambda x, slope=slope: slope * np.ones(1))
        assert ol.minimize(bad, [1.0], GD).status is ol.Status.NON_FINITE


def test_tol_and_maxiter_at_their_borders():
    at_minimiser = ol.minimize(Q, Q.minimisers[0], GD)
    assert (at_minimiser.nit, at_minimiser.status) == (0, ol.Status.CONVERGED)
    none = ol.minimize(Q, START, GD, maxiter=0)
    assert (none.nit, none.status, none.nfev, none.njev) == (0, ol.Status.MAXITER, 1, 1)
    first = ol.minimize(Q, START, GD)
    exact = ol.minimize(Q, START, GD, tol=first.history.optimality[7])  # "<=", not "<"
    assert (exact.nit, exact.success) == (7, True)
    assert not ol.minimize(Q, START, GD, tol=0, maxiter=7).success
    assert ol.minimize(Q, START, GD, maxiter=first.nit).success  # convergence at the last step is convergence


def test_time_is_in_seconds_since_the_start():
    before = time.perf_counter()
    result = ol.minimize(Q, START, GD, callback=slow, maxiter=1)
    after = time.perf_counter()
    assert 0 <= result.history.time[0] < result.history.time[-1] <= after - before


def test_maxiter_advice_looks_at_the_run():
    assert "lower the step, as f has grown" in ol.minimize(Q, START, ol.GradientDescent(0.25), maxiter=3).message
    assert "try another step" in ol.minimize(Q, START, GD, maxiter=3).message


def test_counters_are_those_of_the_run():
    p = ol.Quadratic([1.0, 10.0])
    p.value_and_grad([5.0, 5.0])
    a = ol.minimize(p, START, GD, maxiter=5, tol=0)
    b = ol.minimize(p, [2.0, 2.0], ol.Newton())  # one step on a quadratic
    assert (a.nfev, a.njev, a.nhev) == (6, 6, 0)
    assert (b.nfev, b.njev, b.nhev) == (2, 2, 1)
    assert (p.nfev, p.njev) == (9, 9)


def test_finite_differences_are_charged():
    result = ol.minimize(lambda x: float(x @ x), [1.0, 2.0], GD, maxiter=2, tol=0)
    assert (result.nfev, result.njev) == (3 * (1 + 3), 3)


def test_derivatives_may_be_given_to_minimize():
    result = ol.minimize(
        lambda x: float(x @ x), [1.0, 2.0], ol.Newton(), jac=lambda x: 2 * x, hess=lambda x: 2 * np.eye(2)
    )
    assert (result.nit, result.nhev) == (1, 1)
    both = ol.minimize(lambda x: (float(x @ x), 2 * x), [1.0], ol.GradientDescent(0.5), jac=True)
    assert (both.nit, both.nfev, both.njev) == (1, 2, 2)


# --- x0, iterates and histories are safe from changes ---------------------------------------------------


def test_x0_is_not_changed_and_not_kept():
    x0 = np.array(START)
    result = ol.minimize(Q, x0, GD, maxiter=3)
    assert x0.tolist() == START
    assert x0.flags.writeable
    x0[:] = 9.0
    assert result.history.x[0].tolist() == START


def test_iterates_are_read_only_and_history_cannot_be_corrupted():
    def in_place(problem, x):
        while True:
            f, g = problem.value_and_grad(x)
            yield ol.Iterate(x, f, g, float(np.linalg.norm(g)))
            x -= 0.1 * g

    def gradient_in_place(problem, x):
        while True:
            f, g = problem.value_and_grad(x)
            yield ol.Iterate(x, f, g, float(np.linalg.norm(g)))
            g *= 0.1
            x = x - g

    def without_problem(problem, x):
        while True:
            yield ol.Iterate(x, 1.0, x, 1.0)
            x += 1

    for method in (in_place, gradient_in_place, without_problem):
        with pytest.raises(ValueError, match="read-only") as caught:
            ol.minimize(Q, START, method)
        assert caught.value.__notes__ == ["iterates and gradients are never changed: write x = x - step, not x -= step"]
    assert np.array_equal(Q.grad(START), [1.0, 11.0])  # and the problem is as it was


def test_other_errors_of_the_users_function_pass_through_untouched():
    def fun(x):
        raise ValueError("sensor off")

    with pytest.raises(ValueError, match="sensor off") as caught:
        ol.minimize(fun, START, GD)
    assert not hasattr(caught.value, "__notes__")


def test_after_an_error_the_problem_copies_its_points_again():
    p = ol.Problem(lambda x: float(x @ x), jac=lambda x: 2 * x)

    def fails(problem, x):
        yield ol.Iterate(x, *problem.value_and_grad(x), 1.0)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        ol.minimize(p, START, fails)
    x = np.array([1.0, 2.0])
    p(x)
    x[0] = 3.0
    assert p(x) == 13.0


# --- Callbacks, recording, progress ----------------------------------------------------------------------


def test_callback_gets_the_point_after_each_step():
    seen = []
    result = ol.minimize(Q, START, GD, maxiter=4, callback=lambda xk: seen.append(xk))
    assert np.array_equal(seen, result.history.x[1:])
    seen[0][:] = 5.0  # a copy: the caller's to change
    assert not np.array_equal(result.history.x[1], seen[0])


def test_callback_gets_the_intermediate_result_if_it_asks_for_it():
    seen = []

    def callback(intermediate_result):
        seen.append(intermediate_result)

    h = ol.minimize(Q, START, GD, maxiter=4, callback=callback).history
    assert [r.nit for r in seen] == [1, 2, 3, 4]
    assert [r.fun for r in seen] == h.fun[1:].tolist()
    assert [r.optimality for r in seen] == h.optimality[1:].tolist()
    assert [r.step for r in seen] == h.step[:-1].tolist()
    assert np.array_equal([r.x for r in seen], h.x[1:])
    assert np.array_equal([r.jac for r in seen], [Q.grad(x) for x in h.x[1:]])


def test_a_builtin_without_a_signature_may_be_a_callback():
    assert ol.minimize(Q, START, GD, callback=max, maxiter=3).nit == 3


def test_stop_iteration_keeps_the_iterate_that_it_saw():
    seen = []

    def callback(xk):
        seen.append(xk)
        if len(seen) == 3:
            raise StopIteration

    result = ol.minimize(Q, START, GD, callback=callback)
    assert (int(result.status), result.nit) == (99, 3)
    assert np.array_equal(result.x, seen[-1])


def test_recording():
    small, large = np.ones(100), np.ones(101)

    def history(x0, **record):
        return ol.minimize(ol.Quadratic(np.ones(len(x0))), x0, GD, maxiter=2, **record).history.x

    assert history(small).shape == (3, 100)
    assert history(large) is None
    assert history(large, record=True).shape == (3, 101)
    assert history(small, record=False) is None


def test_progress_is_the_bar_of_tqdm(capsys):
    ol.minimize(Q, START, GD, maxiter=7, tol=0, progress=True)
    shown = capsys.readouterr().err
    assert "7/7" in shown
    assert shown.endswith("\n")  # it is closed
    ol.minimize(Q, START, GD, maxiter=7)
    ol.newton_root(lambda x: x**2 - 2, 1.0, lambda x: 2 * x)
    assert capsys.readouterr().err == ""


def test_points_that_are_not_recorded_are_not_kept():
    alive, kept = [], []

    def method(problem, x):
        for it in GD.iterate(problem, x):
            alive.append(weakref.ref(it.x))
            yield it

    ol.minimize(
        Q, START, method, maxiter=50, record=False, callback=lambda xk: kept.append(sum(r() is not None for r in alive))
    )
    assert max(kept) <= 3


def test_results_print_and_histories_have_a_length():
    result = ol.minimize(Q, START, GD, maxiter=3)
    assert "MAXITER" in repr(result.status)
    assert "message" in repr(result)
    assert len(result.history) == 4


# --- A student's own method -----------------------------------------------------------------------------


def test_a_generator_function_is_a_method():
    own, ours = ol.minimize(Q, START, gradient_descent), ol.minimize(Q, START, GD)
    assert np.array_equal(own.history.x, ours.history.x)
    assert np.array_equal(own.history.step, ours.history.step, equal_nan=True)
    assert (own.nfev, own.njev, own.message) == (ours.nfev, ours.njev, ours.message)


def test_a_method_of_ones_own_class_is_one_too():
    class SignDescent(ol.Method):
        def iterate(self, problem, x):
            for t in count(1):
                f, g = problem.value_and_grad(x)
                yield ol.Iterate(x, f, g, float(np.abs(g).max()))
                x = x - np.sign(g) / t

    result = ol.minimize(Q, START, SignDescent(), tol=0.5, maxiter=200)
    assert result.success


def test_methods_can_be_compared_by_zip():
    a, b = ol.GradientDescent(0.05), ol.HeavyBall(0.05, beta=0.0)
    for (x, y), _ in zip(
        zip(a.iterate(Q, np.array(START)), b.iterate(Q, np.array(START)), strict=False), range(20), strict=False
    ):
        assert np.array_equal(x.x, y.x)
        assert (x.fun, x.optimality) == (y.fun, y.optimality)
    assert not np.array_equal(x.x, START)


def test_methods_are_frozen_and_compare_by_value():
    with pytest.raises(AttributeError):
        GD.step = 0.2
    assert ol.GradientDescent(0.1) == GD != ol.GradientDescent(0.2)
    assert repr(ol.HeavyBall(0.1, 0.5)) == "HeavyBall(lr=0.1, beta=0.5)"


def test_a_method_can_be_run_twice():
    method = ol.HeavyBall(0.05, 0.9)
    a, b = (ol.minimize(Q, START, method, maxiter=20) for _ in range(2))
    assert np.array_equal(a.history.x, b.history.x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_finite_is_said():
    at_start = ol.minimize(lambda x: float(np.log(-1.0 - x[0] ** 2)), [1.0], ol.GradientDescent(0.1), jac=lambda x: x)
    assert "at x0: start where f is defined" in at_start.message
    problem = ol.Problem(lambda x: float(x[0] ** 2), jac=lambda x: 2 * x, hess=lambda x: [[np.nan]])
    lost = ol.minimize(problem, [1.0], ol.Newton())
    assert lost.status is ol.Status.NON_FINITE
    assert "the point after iteration 0 is not finite" in lost.message
    assert lost.x == [1.0]
    points = (np.array([a, 1.0]) for a in (1.0, np.inf))  # one entry suffices
    lost = ol.minimize(Q, [1.0, 1.0], lambda p, x: (ol.Iterate(x, float(x[0]), x, 1.0) for x in points))
    assert "the point after iteration 0 is not finite" in lost.message


# -- Users who reuse arrays, ask in callbacks, or ask for other points while one is computed ---------------------


def test_a_gradient_that_refills_one_array_gives_the_same_run():
    buffer = np.empty(2)

    def both(x):
        np.multiply([1.0, 10.0], x, out=buffer)
        return 0.5 * x.dot(buffer), buffer

    for method in (GD, ol.GradientDescent(ol.line_search.Backtracking()), ol.GradientDescent(ol.line_search.Wolfe())):
        reused = ol.minimize(ol.Problem(both, jac=True), START, method)
        fresh = ol.minimize(ol.Quadratic([1.0, 10.0]), START, method)
        assert reused.status is fresh.status
        np.testing.assert_allclose(reused.history.fun, fresh.history.fun, rtol=1e-12, atol=1e-300)


def test_a_function_that_asks_for_other_points_does_not_mix_them_up():
    h = 1e-6
    p = ol.Problem(lambda x: float(x[0] ** 2), jac=lambda x: [(p(x) - p(x - h)) / h])
    f, g = p.value_and_grad([3.0])
    assert (f, p([3.0]), p(np.array([3.0]) - h)) == (9.0, 9.0, (3.0 - h) ** 2)
    np.testing.assert_allclose(g, [6.0], rtol=1e-5)


def test_a_callback_may_ask_and_keeps_its_arrays():
    probe = np.zeros(2)

    def callback(xk):
        Q(probe)
        probe[:] += 1.0
        xk[:] = 0.0

    result = ol.minimize(Q, START, GD, callback=callback, maxiter=5)
    np.testing.assert_array_equal(result.history.fun, ol.minimize(Q, START, GD, maxiter=5).history.fun)
    assert probe.tolist() == [5.0, 5.0]

    def whole(intermediate_result):
        intermediate_result.x[:] = 0.0

    assert ol.minimize(Q, START, GD, callback=whole, maxiter=5).fun == result.fun


def test_a_run_within_a_callback_leaves_the_outer_run_alone():
    inner = lambda xk: ol.minimize(Q, xk, GD, maxiter=3)  # noqa: E731
    outer = ol.minimize(Q, START, GD, callback=inner, maxiter=20)
    np.testing.assert_array_equal(outer.history.x, ol.minimize(Q, START, GD, maxiter=20).history.x)


def test_a_view_that_its_owner_changes_does_not_reach_the_history():
    def views(problem, x):
        z = np.append(x, 0.0)
        while True:
            f, g = problem.value_and_grad(z[:2])
            yield ol.Iterate(z[:2], f, g, float(np.linalg.norm(g)), 0.1)
            z[:2] -= 0.1 * g

    history = ol.minimize(Q, START, views, maxiter=10).history
    np.testing.assert_allclose(history.fun, [Q(x) for x in history.x], rtol=1e-14)


@pytest.mark.parametrize("place", ["fun", "callback"])
def test_an_error_of_the_users_own_is_raised(place):
    def fail(x):
        raise np.linalg.LinAlgError("mine")

    keywords = {"callback": fail} if place == "callback" else {}
    problem = ol.Problem(fail if place == "fun" else Q, jac=lambda x: x)
    with pytest.raises(np.linalg.LinAlgError, match="mine"):
        ol.minimize(problem, START, GD, **keywords)


def test_divergence_downwards_is_no_matter_of_the_step():
    down = ol.minimize(ol.Quadratic([1.0, -1.0]), [1.0, 1.0], ol.GradientDescent(0.5))
    assert down.status is ol.Status.DIVERGED
    assert "f has fallen all the while, and seems to be unbounded below" in down.message
    assert "smaller step" not in down.message


def test_a_schedule_that_turns_negative_is_an_error_that_names_it():
    """A line that falls to 0 and goes on falling is an easy mistake, and its steps lead uphill."""
    for method in (ol.GradientDescent(lambda k: 0.1 * (1 - k / 5)), ol.Adam(lambda k: 0.1 * (1 - k / 5))):
        with pytest.raises(ValueError, match=r"schedule of step or lr gives -0.0\d+ at k = 6"):
            ol.minimize(Q, START, method)
        assert ol.minimize(Q, START, method, maxiter=6).nit == 6  # 0, at k = 5, is a step


def test_one_long_step_is_no_divergence():
    root = ol.newton_root(lambda x: x**3 - 2, 1e-4, lambda x: 3 * x**2, maxiter=100)
    assert root.success
    np.testing.assert_allclose(root.x, [2 ** (1 / 3)], rtol=1e-12)


@pytest.mark.parametrize(
    ("measures", "nit"),
    [
        ([1.0, 1e13, 1e14, 1e15], 2),
        ([1.0, 1e14, 1e13, 1e14, 1e15], 4),  # twice in a row
        ([1.0, 1e13, 1e13, 1e14, 1e14, 1e13], None),
        ([1.0, 1e10, 1e11, 1e12, 1e11], None),  # not beyond recovery
        ([1e-3, 1e10, 1e11, 1e12, 1e11], None),  # small beginnings count as 1
    ],
)
@pytest.mark.parametrize("every", [1, 3])
def test_divergence_is_growth_twice_in_a_row_beyond_recovery(measures, nit, every):
    seen = iter(measures)
    terms = ol.FiniteSum(lambda x, rows: (0.0, x), 3, jac=True)
    oracle = terms.minibatch(1, every=every)

    def method(problem, x):  # the driver asks on the full objective every so many iterations
        while True:
            yield ol.Iterate(x, 0.0, x, next(seen) if problem is terms else 0.0)

    result = ol.minimize(oracle, [1.0], method, maxiter=(len(measures) - 1) * every)
    assert result.status is (ol.Status.DIVERGED if nit else ol.Status.MAXITER)
    assert result.nit == every * (nit or len(measures) - 1)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_tiny_and_huge_gradients_are_told_from_zero_and_infinity():
    for scale in (1e-170, 1e170):
        p = ol.Problem(lambda x: 0.0, jac=lambda x, s=scale: s * np.array([3.0, 4.0]))
        assert ol.minimize(p, START, GD, tol=0, maxiter=0).optimality == pytest.approx(5 * scale, rel=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_point_at_infinity_is_no_minimiser():
    for tol in (1e-6, 0.0):
        run = ol.minimize(
            lambda x: float(np.exp(-x[0]) + x[1] ** 2), [1.0, 0.0], ol.GradientDescent(1e308), tol=tol,
            jac=lambda x: np.array([-1e10 * np.exp(-x[0]), 2 * x[1]]),
        )  # fmt: skip
        assert run.status is ol.Status.NON_FINITE


def with_extras(problem, x):
    for t in range(100):
        f, g = problem.value_and_grad(x)
        yield ol.Iterate(x, f, g, 1.0, extras={"number": float(t), "array": t * np.ones(2)})


def test_extras_are_recorded_numbers_always_and_arrays_where_x_is():
    p = ol.Quadratic([1.0, 2.0])
    result = ol.minimize(p, [1.0, 1.0], with_extras, maxiter=3)
    assert result.history.extras["number"].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert result.history.extras["array"].tolist() == [[t, t] for t in range(4)]
    assert result.extras["array"].tolist() == [3.0, 3.0]
    thin = ol.minimize(p, [1.0, 1.0], with_extras, maxiter=3, record=False)
    assert set(thin.history.extras) == {"number"}
    assert thin.extras["array"].tolist() == [3.0, 3.0]
    plain = ol.minimize(p, [1.0, 1.0], ol.GradientDescent(0.1))
    assert plain.extras is None
    assert plain.history.extras == {}


def test_extras_of_a_stochastic_run_are_those_of_the_run():
    oracle = ol.FiniteSum(lambda x, rows: (0.0, x), 4, jac=True).minibatch(2)
    result = ol.minimize(oracle, [1.0, 1.0], with_extras, maxiter=5)
    assert result.history.nit.tolist() == result.history.extras["number"].tolist() == [0, 2, 4, 5]
