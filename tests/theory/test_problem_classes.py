"""The theorems of the chapter on classes of problems: equalities by enumeration and seeds, bounds at each iterate."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optlib as ol
from optlib import theory

seeds = st.integers(0, 2**32 - 1)


def risk_and_terms(seed, n, d=3, lam=0.1):
    """A regularised logistic risk, a point, and the gradients of its n terms there, one a row."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n).astype(float)
    y[:2] = 0, 1
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), rng.normal(size=(n, d)) * 2, y, ol.penalties.L2(lam))
    w = rng.normal(size=d)
    return risk, w, np.array([risk.part([i]).grad(w) for i in range(n)])


def spread(terms):
    """sigma: the root of the mean squared distance from the mean."""
    return np.sqrt(((terms - terms.mean(axis=0)) ** 2).sum(axis=1).mean())


def squared(errors):
    return (np.atleast_2d(errors) ** 2).sum(axis=-1)


# --- Unbiased, and the variance ----------------------------------------------------------------------------


@given(seeds, st.integers(2, 5))
@settings(max_examples=10)
def test_pc_variance_by_enumeration(seed, n):
    risk, w, terms = risk_and_terms(seed, n)
    g, sigma = risk.grad(w), spread(terms)
    for size in range(1, n + 1):
        for replace, batches in ((True, product(range(n), repeat=size)), (False, combinations(range(n), size))):
            if replace and size > 4:
                continue
            estimates = np.array([terms[list(B)].mean(axis=0) for B in batches])
            assert estimates.mean(axis=0) == pytest.approx(g, rel=1e-10, abs=1e-13)  # unbiased
            expected = float(theory.pc_variance(size, sigma, n, replace))
            assert squared(estimates - g).mean() == pytest.approx(expected, rel=1e-10, abs=1e-25)
            u = np.array([0.6, -0.8, 0.0])  # and along a direction
            along = float(theory.pc_variance(size, (terms @ u).std(), n, replace))
            assert (((estimates - g) @ u) ** 2).mean() == pytest.approx(along, rel=1e-10, abs=1e-25)


@pytest.mark.parametrize("replace", [True, False])
def test_pc_variance_of_the_oracle_over_seeds(replace):
    """What optlib's oracle draws, first batch and a later one of the epoch: mean and variance, within 4.5 errors."""
    risk, w, terms = risk_and_terms(5, 40)
    g, sigma, runs = risk.grad(w), spread(terms), 1500
    for size in (1, 6, 25, 40):
        oracles = [risk.minibatch(size, seed=seed, replace=replace) for seed in range(runs)]
        for position in range(2):
            estimates = np.array([oracle.value_and_grad(w)[1] for oracle in oracles])
            length = size if replace else min(size, 40 - position * size % 40)  # the second block of 25 has 15 rows
            variance = float(theory.pc_variance(length, sigma, 40, replace))
            along = estimates @ (g / np.linalg.norm(g))
            assert abs(along.mean() - np.linalg.norm(g)) <= 4.5 * along.std() / np.sqrt(runs) + 1e-12
            assert squared(estimates.mean(axis=0) - g)[0] <= 6 * variance / runs + 1e-24
            errors = squared(estimates - g)
            assert abs(errors.mean() - variance) <= 4.5 * errors.std() / np.sqrt(runs) + 1e-24


def test_pc_variance_batches_of_one_epoch_depend_on_each_other():
    """Two blocks of one shuffle: inner products of their errors have mean -sigma^2 / (n - 1), by enumeration."""
    risk, w, terms = risk_and_terms(3, 6)
    errors, n = terms - risk.grad(w), 6
    inner = [errors[list(p[:2])].mean(axis=0) @ errors[list(p[2:5])].mean(axis=0) for p in permutations(range(n))]
    assert np.mean(inner) == pytest.approx(-(spread(terms) ** 2) / (n - 1), rel=1e-10)
    # and a weighted sum over a shuffled list in general
    c = np.array([0.5, -1.0, 2.0, 0.0, 0.3, 0.1])
    sums = np.array([c @ errors[list(p)] for p in permutations(range(n))])
    expected = spread(terms) ** 2 * (n * (c @ c) - c.sum() ** 2) / (n - 1)
    assert squared(sums).mean() == pytest.approx(expected, rel=1e-10)


@given(seeds, st.integers(2, 400), st.floats(0.01, 10))
@settings(max_examples=50)
def test_pc_batch_size(seed, n, relative):
    sigma = np.random.default_rng(seed).uniform(0.1, 5)
    for replace in (True, False):
        needed = float(theory.pc_batch_size(relative * sigma, sigma, n, replace))
        assert replace or needed <= n
        if needed >= 1:
            assert float(theory.pc_variance(needed, sigma, n, replace)) == pytest.approx((relative * sigma) ** 2)
        sizes = np.arange(1, n + 1)
        enough = theory.pc_variance(sizes, sigma, n, replace) <= (relative * sigma) ** 2
        clear = np.abs(sizes - needed) > 1e-9 * n
        assert (enough == (sizes >= needed))[clear].all()


def test_pc_batch_size_four_times_the_batch_for_half_the_error():
    assert theory.pc_batch_size(0.5, 3.0, 100, replace=True) == 4 * theory.pc_batch_size(1.0, 3.0, 100, replace=True)
    assert float(theory.pc_batch_size(1e-9, 3.0, 100)) == pytest.approx(100.0)  # exact: all of them


@given(seeds, st.integers(2, 6))
@settings(max_examples=10)
def test_pc_split(seed, n):
    _, _, terms = risk_and_terms(seed, n)
    for m in range(1, n):
        for k in range(1, n - m + 1):
            pairs = [(A, B) for A in combinations(range(n), m) for B in combinations(sorted(set(range(n)) - set(A)), k)]
            difference = [terms[list(A)].mean(axis=0) - terms[list(B)].mean(axis=0) for A, B in pairs]
            expected = float(theory.pc_split(m, k, spread(terms), n))
            assert squared(difference).mean() == pytest.approx(expected, rel=1e-10, abs=1e-25)


def test_pc_split_estimates_the_error_for_the_population():
    """Samples from a population of 5 patients: E||grad f - grad R||^2 = sigma_D^2 / n, and s^2 is unbiased for it."""
    _, _, population = risk_and_terms(8, 5)
    truth, sigma_D = population.mean(axis=0), spread(population)
    for n in (2, 3):
        data = [population[list(rows)] for rows in product(range(5), repeat=n)]  # all samples with replacement
        errors = squared([terms.mean(axis=0) - truth for terms in data])
        assert errors.mean() == pytest.approx(sigma_D**2 / n, rel=1e-10)
        s2 = np.mean([float(theory.pc_split(1, 1, spread(terms), n)) / 2 for terms in data])
        assert s2 == pytest.approx(sigma_D**2, rel=1e-10)
        for size in range(1, n + 1):  # a minibatch of the data is a sample of the population
            batches = [terms[list(B)].mean(axis=0) for terms in data for B in combinations(range(n), size)]
            assert squared(np.array(batches) - truth).mean() == pytest.approx(sigma_D**2 / size, rel=1e-10)


def test_the_training_minimum_is_optimistic():
    """E min F_m <= min F <= E F(minimiser of F_m), and the first grows with m: all samples of a tiny population."""
    population, w, _ = risk_and_terms(4, 4, d=2)

    def solve(p):
        return ol.minimize(p, w, ol.Newton(ol.line_search.Backtracking()), tol=1e-11)

    best, before = solve(population).fun, -np.inf
    for m in (1, 2, 3):
        runs = [solve(population.part(list(rows))) for rows in product(range(4), repeat=m)]
        minimum = np.mean([run.fun for run in runs])
        assert before < minimum < best < np.mean([population(run.x) for run in runs])
        before = minimum


# --- Downhill or not ---------------------------------------------------------------------------------------


@given(seeds, st.integers(2, 5))
@settings(max_examples=15)
def test_pc_uphill(seed, n):
    risk, w, terms = risk_and_terms(seed, n)
    g = risk.grad(w)
    length = np.linalg.norm(g)
    along = (terms @ g / length).std()
    for size in range(1, n + 1):
        for replace, batches in ((True, product(range(n), repeat=size)), (False, combinations(range(n), size))):
            if replace and size > 4:
                continue
            slopes = np.array([terms[list(B)].mean(axis=0) @ g for B in batches])
            uphill = (slopes <= 1e-12 * length**2).mean()
            assert uphill <= float(theory.pc_uphill(size, along, length, n, replace)) + 1e-12


@pytest.mark.parametrize(("n", "zeros"), [(2, 1), (10, 7), (50, 1)])
def test_pc_uphill_is_attained_by_terms_that_are_zero_or_one_vector(n, zeros):
    terms = np.where(np.arange(n) < zeros, 0.0, 3.0)
    assert (terms * terms.mean() <= 0).mean() == zeros / n
    assert float(theory.pc_uphill(1, terms.std(), terms.mean(), n)) == pytest.approx(zeros / n, rel=1e-12)


# --- Penalty and ball --------------------------------------------------------------------------------------


def plain_logistic(seed, n=30, d=4):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n).astype(float)
    y[:2] = 0, 1
    X = rng.normal(size=(n, d)) * rng.uniform(0.3, 3)
    return ol.EmpiricalRisk(ol.losses.Logistic(), X, y), lambda lam: ol.EmpiricalRisk(
        ol.losses.Logistic(), X, y, ol.penalties.L2(lam)
    )


def solved(p):
    return ol.minimize(p, np.zeros(p.dimension), ol.Newton(ol.line_search.Backtracking()), tol=1e-11).x


@given(seeds, st.floats(1e-3, 10))
@settings(max_examples=15)
def test_pc_sublevel_radius(seed, lam):
    _, penalised = plain_logistic(seed)
    F = penalised(lam)
    x0 = np.zeros(4)
    h = ol.minimize(F, x0, ol.GradientDescent(1 / F.lipschitz), tol=0, maxiter=60).history
    assert (np.diff(h.fun) <= 1e-12).all()
    radii = theory.pc_sublevel_radius(F(x0), lam)
    assert (np.linalg.norm(h.x, axis=1) <= radii).all()
    rng = np.random.default_rng(seed)
    for _ in range(20):  # far points of the sublevel set, found along rays
        u = rng.normal(size=4)
        u /= np.linalg.norm(u)
        inside = [r for r in np.linspace(0, 1.5, 60) * radii if F(r * u) <= F(x0)]
        assert max(inside) <= radii


def test_pc_sublevel_radius_is_attained():
    F = ol.EmpiricalRisk(ol.losses.Squared(), [[1.0]], [1.0], ol.penalties.L2(1.0))
    assert F([1.0]) == F([0.0])
    assert float(theory.pc_sublevel_radius(F([0.0]), 1.0)) == 1.0
    assert F([1.0 + 1e-6]) > F([0.0])


@given(seeds)
@settings(max_examples=15)
def test_pc_radius_lower_and_the_way_from_penalty_to_ball_and_back(seed):
    f, penalised = plain_logistic(seed)
    zero, lams = np.zeros(4), np.geomspace(1e-2, 100, 7)
    g, L = np.linalg.norm(f.grad(zero)), f.lipschitz
    ws = [solved(penalised(lam)) for lam in lams]
    radii = np.array([np.linalg.norm(w) for w in ws])
    assert (theory.pc_radius_lower(lams, g, L) <= radii * (1 + 1e-9)).all()
    assert (np.diff(radii) < 0).all()  # a stronger penalty, a smaller ball
    assert (np.diff([f(w) for w in ws]) > 0).all()
    for lam, w, r in zip(lams[2:], ws[2:], radii[2:], strict=True):  # there and back
        ball = ol.minimize(f, zero, ol.FISTA(ol.sets.L2Ball(r), 1 / L), tol=1e-9, maxiter=3000).x
        assert ball == pytest.approx(w, abs=1e-5)
        assert np.linalg.norm(f.grad(ball)) / r == pytest.approx(lam, rel=1e-4)


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.1, 3), st.floats(0, 6)), min_size=1, max_size=4), st.floats(-1, 1)
)
@settings(max_examples=30)
def test_pc_radius_lower_without_convexity(waves, exponent):
    """f = sum of a sin(b w + c), minimised on a grid: lam |w| <= |f'| <= sum |a| b at every minimiser."""
    lam, top = 10.0**exponent, sum(abs(a) * b for a, b, _ in waves)
    w = np.linspace(-1, 1, 40001) * (top / lam + 0.1)
    F = sum(a * np.sin(b * w + c) for a, b, c in waves) + lam / 2 * w**2
    g, L = abs(sum(a * b * np.cos(c) for a, b, c in waves)), sum(abs(a) * b**2 for a, b, _ in waves)
    if L > 0:
        assert abs(w[F.argmin()]) >= float(theory.pc_radius_lower(lam, g, L)) - 2 * (w[1] - w[0])


def test_pc_radius_lower_is_attained_by_a_round_bowl():
    a, L, lams = np.array([3.0, -1.0]), 2.0, np.array([0.1, 1.0, 10.0])
    radii = [np.linalg.norm(solved(ol.Quadratic([L + lam, L + lam], L * a))) for lam in lams]
    assert radii == pytest.approx(theory.pc_radius_lower(lams, L * np.linalg.norm(a), L), rel=1e-10)


def test_no_penalty_reaches_the_small_balls_of_a_function_that_is_not_convex():
    """f = -w^4 + 2/3 w^6: w_lam jumps from 0 to beyond sqrt(3)/2 at lam = 3/4."""
    w = np.linspace(0, 1.2, 120001)
    f = -(w**4) + 2 / 3 * w**6
    for lam in (0.01, 0.5, 0.74):
        assert w[(f + lam / 2 * w**2).argmin()] > np.sqrt(3) / 2
    for lam in (0.76, 1.0, 10.0):
        assert w[(f + lam / 2 * w**2).argmin()] == 0
    for r in (0.2, 0.5, 0.8):
        assert w[np.where(w <= r, f, np.inf).argmin()] == pytest.approx(r, abs=1e-5)
