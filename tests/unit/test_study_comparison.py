"""The study of the chapter `comparison`: its problems are right, its accounts are honest, its verdicts stand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from studies.comparison import ENTRIES, NAMES, TOLERANCES, Protocol, costs, run, study
from studies.guide import html_table, load, table, total, verdicts
from studies.problems import all_cases, quadratic

import optlib as ol

CASES = {case.name: case for case in all_cases()}
ENTRY = {entry.name: entry for entry in ENTRIES}


@pytest.mark.parametrize("name", CASES)
def test_the_minimum_is_the_minimum(name):
    case, rng = CASES[name], np.random.default_rng(1)
    penalty, step = case.g, 1 / getattr(case.f, "lipschitz", 1e3)
    x0 = case.to_x(case.start(rng))
    best = ol.minimize(case.f, x0, ol.FISTA(penalty, step), tol=1e-9, maxiter=50_000)
    first = case.f(x0) + penalty(x0)
    assert abs(best.fun - case.minimum) < 1e-9 * (first - case.minimum)


@pytest.mark.parametrize("name", CASES)
def test_what_methods_without_a_prox_are_given_is_the_same_objective(name):
    case, rng = CASES[name], np.random.default_rng(2)
    plain = case.plain or case.f
    for _ in range(3):
        z = case.start(rng)
        x = case.to_x(z)
        assert plain(z) == pytest.approx(case.f(x) + case.g(x), rel=1e-12)
        assert ol.check_gradient(plain, z) < 1e-6
        H, h = plain.hess(z), 1e-5
        slopes = [(plain.grad(z + h * e) - plain.grad(z - h * e)) / (2 * h) for e in np.eye(z.size)]
        assert np.allclose(H, slopes, atol=1e-5 * max(1.0, np.abs(H).max()))
    if case.decay:
        assert case.risk(z) + 0.5 * case.decay * z @ z == pytest.approx(case.f(z), rel=1e-12)


def test_kappa_is_what_it_says():
    for kappa in (10, 1e4):
        f = quadratic(kappa, 12).f
        assert (f.lipschitz, f.strong_convexity) == pytest.approx((1, 1 / kappa))


def test_calls_are_counted_as_the_protocol_says():
    case = quadratic(10, d=8)
    z = case.start(np.random.default_rng(3))
    gaps = case.f(z) - case.minimum
    gd = run(ENTRY["GD"], case, 1.0, 3, 1000)
    x, t = z, 0
    while case.f(x) - case.minimum > 1e-6 * gaps:
        x, t = x - case.f.grad(x), t + 1
    assert gd.at(1e-6) == t + 1  # the start's gradient is a call too
    assert run(ENTRY["Newton"], case, math.nan, 3, 1000).at(1e-8) == 2 + 8  # two points and a Hessian
    assert run(ENTRY["ADMM"], case, 1e-9, 3, 1000).at(1e-8) == 2 + 8  # two points and a factorisation
    assert (np.diff(gd.calls) >= 0).all()
    assert gd.spent <= 1000


def test_a_batch_costs_its_share_and_the_budget_holds():
    case = CASES["odd digits"]
    found = run(ENTRY["SGD"], case, 0.3, 1, budget=3)
    n = case.f.n_samples
    paid = found.calls[np.isfinite(found.calls)] * n / case.batch
    assert np.allclose(paid, paid.round(), atol=1e-9)
    assert 2.9 < found.spent <= 3
    assert run(ENTRY["Newton"], case, math.nan, 1, budget=3).calls.min() == math.inf  # not one Hessian


@pytest.mark.parametrize(("twin", "name"), [("SGD", "GD"), ("Prox", "GD"), ("AdamW", "Adam")])
def test_twins_are_the_same_method(twin, name):
    case = quadratic(100, d=10)
    assert ENTRY[twin].twin(case) == name
    a, b = (run(ENTRY[entry], case, 0.3, 1, 300) for entry in (twin, name))
    assert np.array_equal(a.calls, b.calls)
    assert a.lowest == pytest.approx(b.lowest, rel=1e-9)
    assert ENTRY["SGD"].twin(CASES["odd digits"]) is None
    assert ENTRY["AdamW"].twin(CASES["tumours"]) is None
    assert ENTRY["Prox"].twin(CASES["lasso"]) is None


def test_a_run_that_goes_wrong_is_a_run_that_never_arrives():
    case = quadratic(10, d=5)
    diverged = run(ENTRY["GD"], case, 10.0, 1, 1000)
    assert (diverged.calls == math.inf).all()
    assert diverged.spent < 1000
    stuck = replace(case, minimum=case.minimum - 1.0)  # a gap that cannot close must not run for ever
    assert run(ENTRY["ADMM"], stuck, 1e-4, 1, 200).spent <= 200


@pytest.fixture(scope="module")
def small():
    cases = [quadratic(10, d=6), CASES["shares"]]
    return cases, study(cases, Protocol(grid=np.array([0.1, 1.0]), budget=80, starts=3))


def test_tuning_takes_the_fewest_calls_and_new_starts_are_new(small):
    cases, results = small
    for (problem, name), r in results.items():
        assert len(r.runs) == 3
        if ENTRY[name].tuned:
            calls = [trial.at(1e-6) for trial in r.trials]
            assert calls[list(r.grid).index(r.eta)] == min(calls)
            assert len(r.solving) == np.isfinite(calls).sum()
        assert not any(r.runs[0] is trial for trial in r.trials), problem
    assert costs(results, cases).shape == (6, 12)
    assert np.array_equal(costs(results, cases, 1e-2)[:3, NAMES.index("GD")], results[cases[0].name, "GD"].calls(1e-2))


def test_the_table_says_what_the_runs_did(small):
    cases, results = small
    rows = table(results, cases)
    row, calls = rows["shares", "Prox"], results["shares", "Prox"].calls(1e-6)
    assert (row["least"], row["median"], row["most"]) == (calls.min(), np.median(calls), calls.max())
    assert total(rows, "GD", "solved") == sum(rows[c.name, "GD"]["solved"] for c in cases)
    assert rows["quadratic 10", "L-BFGS"]["tuning"] == 0


def test_the_long_version_bears_out_every_line_of_the_guide():
    rows = load()
    assert set(rows) == {(problem, name) for problem in CASES for name in NAMES}
    assert [v.advice for v in verdicts(rows) if not v.holds] == []


def test_a_verdict_can_fail():
    rows = load()
    rows["lasso", "GD"] = rows["lasso", "GD"] | {"median": 5.0}
    rows["tumours", "L-BFGS"] = rows["tumours", "L-BFGS"] | {"median": math.inf}
    failed = [v.advice for v in verdicts(rows) if not v.holds]
    assert len(failed) == 3
    assert "never" in verdicts(rows)[0].numbers


def test_a_table_scrolls_in_its_own_box():
    found = html_table(["method", "b"], [["GD", "x" * 80]], "What it shows. And more.")
    assert "overflow-x:auto" in found
    assert found.count("position:sticky") == 2
    assert 'aria-label="What it shows"' in found
    assert "sticky" not in html_table(["advice"], [["a long sentence that would fill a phone"]], "Advice.")


def test_tolerances_fall():
    assert (np.diff(TOLERANCES) < 0).all()
