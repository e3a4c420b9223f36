"""Objectives: values, derivatives and constants, against closed forms, differences and other libraries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse

import optlib as ol

RNG = np.random.default_rng(0)
M = RNG.normal(size=(4, 4))
X, W = RNG.normal(size=(30, 4)), RNG.normal(size=4)
Y = (X @ W + 0.5 * RNG.normal(size=30) > 0).astype(float)

PROBLEMS = {
    "dense quadratic": (ol.Quadratic(M @ M.T + np.eye(4), RNG.normal(size=4)), 4),
    "diagonal quadratic": (ol.Quadratic([1.0, 3.0, 10.0], [1.0, 2.0, 3.0]), 3),
    "indefinite quadratic": (ol.Quadratic([[0.0, 1.0], [1.0, 0.0]], [1.0, 2.0]), 2),
    "Rosenbrock 2": (ol.Rosenbrock(), 2),
    "Rosenbrock 5": (ol.Rosenbrock(5), 5),
    "Himmelblau": (ol.Himmelblau(), 2),
    "Beale": (ol.Beale(), 2),
    "Booth": (ol.Booth(), 2),
    "Huber": (ol.Huber1D(delta=0.5, L=3.0), 1),
    "least squares": (ol.EmpiricalRisk(ol.losses.Squared(), X, X @ W), 4),
    "ridge": (ol.EmpiricalRisk(ol.losses.Squared(), X, X @ W, ol.penalties.L2(0.3)), 4),
    "logistic": (ol.EmpiricalRisk(ol.losses.Logistic(), X, Y), 4),
    "logistic L2": (ol.EmpiricalRisk(ol.losses.Logistic(), X, Y, ol.penalties.L2(0.3)), 4),
    "logistic sparse": (ol.EmpiricalRisk(ol.losses.Logistic(), sparse.csr_array(X), Y, ol.penalties.L2(0.3)), 4),
}
everywhere = pytest.mark.parametrize("name", PROBLEMS)


def points(name, how_many=5):
    rng = np.random.default_rng(1)
    return PROBLEMS[name][0], rng.normal(size=(how_many, PROBLEMS[name][1])) + 0.3


@everywhere
def test_the_gradient_is_that_of_the_values(name):
    p, xs = points(name)
    for x in xs:
        assert ol.check_gradient(p, x) < 1e-8


@everywhere
def test_the_hessian_is_that_of_the_gradients(name):
    p, xs = points(name)
    if p.lacks("hess"):
        assert name == "Huber"  # its second derivative jumps
        return
    for x in xs:
        h = 1e-5
        differences = [(p.grad(x + h * e) - p.grad(x - h * e)) / (2 * h) for e in np.eye(x.size)]
        H = p.hess(x)
        H = H.toarray() if sparse.issparse(H) else H
        assert np.allclose(H, differences, rtol=1e-6, atol=1e-6 * np.abs(H).max())
        v = np.linspace(-1, 1, x.size) + 0.1
        assert np.allclose(p.hessp(x, v), H @ v, rtol=1e-12, atol=1e-12)


@everywhere
def test_value_and_gradient_together_are_those_apart(name):
    p, xs = points(name)
    for x in xs:
        f, g = p.value_and_grad(x)
        p(np.zeros_like(x))  # forget
        before = p.nfev, p.njev
        assert p(x) == pytest.approx(f, rel=1e-14)
        assert np.allclose(p.grad(x), g, rtol=1e-14, atol=1e-14)
        assert (p.nfev - before[0], p.njev - before[1]) == (1, 1)
        p(np.zeros_like(x))
        before = p.nfev, p.njev
        p.value_and_grad(x)
        assert (p.nfev - before[0], p.njev - before[1]) == (1, 1)


@everywhere
def test_known_minimisers_are_minimisers(name):
    p, _ = PROBLEMS[name]
    if name == "indefinite quadratic":
        with pytest.raises(ValueError, match="not positive definite"):
            _ = p.minimisers
        return
    if isinstance(p, ol.EmpiricalRisk):
        assert not hasattr(p, "minimisers")  # it depends on the data
        return
    rng = np.random.default_rng(2)
    assert p.minimisers.shape == (4 if name == "Himmelblau" else 1, p.dimension)
    for x in p.minimisers:
        assert np.abs(p.grad(x)).max() < 1e-12
        assert p(x) == pytest.approx(p.minimum, abs=1e-14)
        for d in rng.normal(size=(20, x.size)) * 1e-3:
            assert p(x + d) > p.minimum


@pytest.mark.parametrize("scale", [1e-10, -1.0, 1e10])
def test_a_matrix_is_symmetric_up_to_rounding_whatever_its_size(scale):
    assert ol.Quadratic(scale * np.array([[1.0, 0.0], [1e-16, 1.0]])).dimension == 2
    for wrong in (1e-6, 1e-11):
        with pytest.raises(ValueError, match="A must be symmetric"):
            ol.Quadratic(scale * np.array([[3.0, 1.0], [1.0 + 3 * wrong, 3.0]]))
        with pytest.raises(ValueError, match="A must be symmetric"):
            ol.Quadratic(scale * np.array([[3.0, 0.0], [3 * wrong, 3.0]]))


def test_a_hessian_times_a_vector_needs_no_matrix():
    for problem, Hv in ((ol.Quadratic([3.0, 3.0, 3.0]), [3.0, 3.0, 3.0]), (ol.Rosenbrock(3), [402.0, 202.0, -200.0])):
        problem.hess = None  # in 1e5 dimensions it would take 80 GB
        assert problem.hessp(np.ones(3), np.ones(3)).tolist() == Hv


def test_himmelblau_has_four_different_minimisers():
    minimisers = ol.Himmelblau().minimisers
    assert minimisers.shape == (4, 2)
    assert min(np.linalg.norm(a - b) for i, a in enumerate(minimisers) for b in minimisers[:i]) > 1


@pytest.mark.parametrize(
    ("problem", "x", "value"),
    [  # published, or by hand
        (ol.Himmelblau(), [0.0, 0.0], 170.0),
        (ol.Himmelblau(), [-0.270845, -0.923039], 181.617),  # the local maximum
        (ol.Beale(), [1.0, 1.0], 14.203125),
        (ol.Beale(), [0.0, 0.0], 14.203125),
        (ol.Booth(), [0.0, 0.0], 74.0),
        (ol.Rosenbrock(), [-1.2, 1.0], 24.2),
        (ol.Rosenbrock(3), [0.0, 0.0, 0.0], 2.0),
        (ol.Quadratic([[2.0, 1.0], [1.0, 3.0]], [1.0, -1.0]), [1.0, 2.0], 9.0 + 1.0),
        (ol.Huber1D(delta=1.0), [0.5], 0.125),
        (ol.Huber1D(delta=1.0), [-3.0], 2.5),
        (ol.Huber1D(delta=2.0, L=3.0), [4.0], 18.0),
    ],
)
def test_published_values(problem, x, value):
    assert problem(x) == pytest.approx(value, rel=1e-5)


def test_customary_starts():
    assert ol.Rosenbrock(np.int64(5)).x0.tolist() == [-1.2, 1.0, -1.2, 1.0, -1.2]  # NumPy's integers are integers
    assert ol.Beale().x0.tolist() == [1.0, 1.0]
    assert ol.Beale()(ol.Beale().x0) > 0
    assert ol.Himmelblau().x0.tolist() == ol.Booth().x0.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("problem", [ol.Himmelblau(), ol.Beale(), ol.Booth(), ol.Rosenbrock(4)])
def test_scipy_finds_a_stated_minimiser_too(problem):
    found = optimize.minimize(problem, problem.x0, jac=problem.grad, method="BFGS", tol=1e-10).x
    assert np.abs(problem.minimisers - found).max(axis=1).min() < 1e-6


# --- Constants: L and mu hold along random pairs of points ---------------------------------------------

WITH_CONSTANTS = [name for name, (p, _) in PROBLEMS.items() if hasattr(p, "lipschitz")]


@pytest.mark.parametrize("name", WITH_CONSTANTS)
def test_gradients_are_lipschitz_and_monotone_with_the_stated_constants(name):
    p, n = PROBLEMS[name]
    rng = np.random.default_rng(3)
    for scale in (0.1, 1.0, 30.0):
        for x, y in rng.normal(size=(40, 2, n)) * scale:
            d, r = p.grad(x) - p.grad(y), x - y
            assert np.linalg.norm(d) <= p.lipschitz * np.linalg.norm(r) * (1 + 1e-12)
            assert d @ r >= p.strong_convexity * (r @ r) - 1e-12 * p.lipschitz * (r @ r)


@pytest.mark.parametrize("name", ["dense quadratic", "diagonal quadratic", "indefinite quadratic", "Booth", "ridge"])
def test_on_quadratics_the_constants_are_the_extreme_eigenvalues(name):
    p, n = PROBLEMS[name]
    eigenvalues = np.linalg.eigvalsh(p.hess(np.zeros(n)))
    assert p.lipschitz == pytest.approx(np.abs(eigenvalues).max(), rel=1e-12)
    assert p.strong_convexity == pytest.approx(eigenvalues[0], rel=1e-12)


def test_logistic_curvature_bound_is_attained_at_zero():
    p = PROBLEMS["logistic"][0]
    assert p.lipschitz == pytest.approx(np.linalg.eigvalsh(p.hess(np.zeros(4)))[-1], rel=1e-12)
    assert (p.strong_convexity, PROBLEMS["logistic L2"][0].strong_convexity) == (0.0, 0.3)


@pytest.mark.parametrize("shape", [(2, 2), (40, 6), (6, 40), (5, 1), (1, 5)])
def test_constants_of_sparse_data_are_those_of_dense(shape):
    X = np.random.default_rng(5).normal(size=shape) * (np.random.default_rng(6).random(shape) < 0.5)
    X[0, 0] = 1.0
    dense, thin = (ol.EmpiricalRisk(ol.losses.Squared(), A, np.zeros(shape[0])) for A in (X, sparse.csr_array(X)))
    assert thin.lipschitz == pytest.approx(dense.lipschitz, rel=1e-10)
    assert thin.strong_convexity == pytest.approx(dense.strong_convexity, rel=1e-10, abs=1e-12)


def test_the_largest_singular_vector_may_be_orthogonal_to_the_vector_of_ones():
    X = np.diag(np.r_[0.1, 0.1, np.linspace(0.2, 1.0, 38)])
    X[0, :2] = X[1, :2] = 3.0, -3.0
    X = np.vstack([X, X[::-1]])
    thin = ol.EmpiricalRisk(ol.losses.Squared(), sparse.csr_array(X), np.zeros(80))
    assert thin.lipschitz == pytest.approx(np.linalg.norm(X, 2) ** 2 / 80, rel=1e-10)


@pytest.mark.parametrize(("n", "d"), [(4, 3), (3, 3), (3, 4)])
def test_least_squares_is_strongly_convex_only_where_samples_suffice(n, d):
    X = np.random.default_rng(9).normal(size=(n, d))
    for A in (X, sparse.csr_array(X)):
        risk = ol.EmpiricalRisk(ol.losses.Squared(), A, np.zeros(n))
        if n < d:
            assert risk.strong_convexity == 0.0  # exactly
        else:
            assert risk.strong_convexity == pytest.approx(np.linalg.svd(X, compute_uv=False)[-1] ** 2 / n, rel=1e-10)


def test_constants_of_sparse_data_are_the_same_at_each_call():
    X = sparse.random_array((200, 150), density=0.05, rng=np.random.default_rng(10))
    assert len({ol.EmpiricalRisk(ol.losses.Squared(), X, np.zeros(200)).lipschitz for _ in range(5)}) == 1


def test_sparse_data_stays_sparse():
    n = 50_000  # dense, it would take 20 GB
    thin = sparse.dia_array((np.r_[2.0, np.ones(n - 1)][None, :], [0]), shape=(n, n))
    risk = ol.EmpiricalRisk(ol.losses.Squared(), thin, np.zeros(n))
    assert risk.lipschitz == pytest.approx(4 / n, rel=1e-10)
    risk.hess = None
    assert risk.hessp(np.zeros(n), np.ones(n))[:2] * n == pytest.approx([4.0, 1.0])


def test_data_of_zeros_has_constants_zero():
    for X in (np.zeros((5, 4)), sparse.csr_array((5, 4))):
        assert ol.EmpiricalRisk(ol.losses.Hinge(), X, np.ones(5)).lipschitz == np.inf  # it has a kink all the same
        risk = ol.EmpiricalRisk(ol.losses.Squared(), X, np.ones(5), ol.penalties.L2(0.5))
        assert (risk.lipschitz, risk.strong_convexity) == (0.5, 0.5)


# --- Empirical risk -------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [ol.losses.Squared(), ol.losses.Logistic()], ids=repr)
@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array, np.asfortranarray])
def test_every_kind_of_matrix_gives_the_same_risk(loss, make):
    dense, other = (ol.EmpiricalRisk(loss, A, Y, ol.penalties.L2(0.1)) for A in (X, make(X)))
    for w in np.random.default_rng(7).normal(size=(5, 4)):
        assert other(w) == pytest.approx(dense(w), rel=1e-13)
        assert np.allclose(other.grad(w), dense.grad(w), rtol=1e-13, atol=1e-15)
        H = other.hess(w)
        assert np.allclose(H.toarray() if sparse.issparse(H) else H, dense.hess(w), rtol=1e-13, atol=1e-15)
        assert np.allclose(other.hessp(w, W), dense.hessp(w, W), rtol=1e-13)


def test_hessians_are_sparse_where_the_data_are():
    for penalty in (None, ol.penalties.L2(0.3)):
        for make, kind in ((np.asarray, np.ndarray), (sparse.csr_array, sparse.sparray)):
            assert isinstance(ol.EmpiricalRisk(ol.losses.Squared(), make(X), Y, penalty).hess(W), kind)


def test_data_may_be_lists_of_integers():
    risk = ol.EmpiricalRisk(ol.losses.Squared(), [[1, 2], [3, 4]], [1, 0])
    assert (risk([1, 1]), risk.grad([1, 1]).tolist()) == (13.25, [11.5, 16.0])


def test_the_risk_is_the_mean_loss_plus_the_penalty():
    w = np.array([0.5, -1.0, 0.2, 2.0])
    risk = ol.EmpiricalRisk(ol.losses.Logistic(), X, Y, ol.penalties.L2(0.3))
    sigma = 1 / (1 + np.exp(-X @ w))
    likelihood = -(Y * np.log(sigma) + (1 - Y) * np.log(1 - sigma)).mean()
    assert risk(w) == pytest.approx(likelihood + 0.15 * w @ w, rel=1e-13)
    assert np.allclose(risk.grad(w), X.T @ (sigma - Y) / 30 + 0.3 * w, rtol=1e-12)
    assert risk.n_samples == 30


def test_labels_of_both_kinds_are_the_same_problem():
    w = np.random.default_rng(8).normal(size=4)
    labels = (Y, 2 * Y - 1, Y.astype(bool), Y.astype(int).tolist())
    risks = [ol.EmpiricalRisk(ol.losses.Logistic(), X, y) for y in labels]
    assert len({risk(w) for risk in risks}) == 1
    ones = ol.EmpiricalRisk(ol.losses.Logistic(), X, np.ones(30))
    assert ones(w) == pytest.approx(np.logaddexp(0, -X @ w).mean())


def test_logistic_is_stable_far_out():
    z, loss = np.array([-1e4, -800.0, 800.0, 1e4]), ol.losses.Logistic()
    with np.errstate(all="raise", under="ignore"):
        assert loss(z, np.ones(4)).tolist() == [1e4, 800.0, 0.0, 0.0]
        assert loss(z, -np.ones(4)).tolist() == [0.0, 0.0, 800.0, 1e4]
        assert np.allclose(loss.derivative(z, np.ones(4)), [-1.0, -1.0, 0.0, 0.0], rtol=0, atol=1e-300)
        assert np.allclose(loss.second_derivative(z, np.ones(4)), 0.0, rtol=0, atol=1e-300)
    small = np.array([30.0])  # log(1 + e^-30): the digits are there
    assert loss(small, np.ones(1))[0] == pytest.approx(9.3576229688392989e-14, rel=1e-14)
    risk = ol.EmpiricalRisk(loss, np.array([[1e4], [-1e4]]), [1, 0])
    assert risk([-1.0]) == 1e4
    assert np.isfinite(risk.hess([1.0])).all()


@given(st.floats(-50, 50), st.sampled_from([-1.0, 1.0]))
def test_logistic_derivatives_are_those_of_the_formula(z, s):
    loss, z, s = ol.losses.Logistic(), np.array([z]), np.array([s])
    sigma = 1 / (1 + np.exp(-s * z))
    assert loss(z, s) == pytest.approx(-np.log(sigma), rel=1e-9, abs=1e-12)
    assert loss.derivative(z, s) == pytest.approx(-s / (1 + np.exp(s * z)), rel=1e-12)
    assert 0 <= loss.second_derivative(z, s)[0] <= loss.curvature
    assert loss.second_derivative(z, s) == pytest.approx(np.exp(-abs(z)) / (1 + np.exp(-abs(z))) ** 2, rel=1e-12)


def test_least_squares_and_ridge_agree_with_lstsq():
    y, lam = X @ W + RNG.normal(size=30), 0.3
    plain = ol.minimize(ol.EmpiricalRisk(ol.losses.Squared(), X, y), np.zeros(4), ol.Newton(), tol=1e-9)
    assert np.allclose(plain.x, np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-10)
    stacked = np.vstack([X, np.sqrt(30 * lam) * np.eye(4)])  # the mean, not the sum, of squares
    ridge = ol.EmpiricalRisk(ol.losses.Squared(), X, y, ol.penalties.L2(lam))
    result = ol.minimize(ridge, np.zeros(4), ol.GradientDescent(1 / ridge.lipschitz), tol=1e-10)
    assert result.success
    assert np.allclose(result.x, np.linalg.lstsq(stacked, np.append(y, np.zeros(4)), rcond=None)[0], rtol=1e-8)


def test_the_logistic_minimiser_is_that_of_scipy():
    risk = PROBLEMS["logistic L2"][0]

    def f(w):  # written apart from optlib
        return np.log1p(np.exp(-(2 * Y - 1) * (X @ w))).mean() + 0.15 * w @ w

    reference = optimize.minimize(
        f, np.zeros(4), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15, "maxiter": 5000}
    )
    result = ol.minimize(risk, np.zeros(4), ol.Newton(), tol=1e-12)
    assert result.fun == pytest.approx(reference.fun, rel=1e-12)
    assert np.allclose(result.x, reference.x, atol=1e-6)


# --- Penalties -----------------------------------------------------------------------------------------


@given(st.sampled_from([ol.penalties.Zero(), ol.penalties.L2(0.0), ol.penalties.L2(0.7)]), st.floats(0.01, 10))
def test_prox_is_the_minimiser_of_its_definition(penalty, t):
    v = np.array([1.5, -0.3, 0.0])
    x = penalty.prox(v, t)
    assert np.allclose(x - v + t * penalty.grad(x), 0, atol=1e-14)  # the gradient of the definition
    as_problem = ol.Problem(penalty, jac=penalty.grad)
    assert ol.check_gradient(as_problem, v) < 1e-9
    assert np.allclose(penalty.grad(v), penalty.curvature * v)


# --- check_gradient finds mistakes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: -2 * x,
        lambda x: x,
        lambda x: 2 * x + [0, 0, 1e-3],
        lambda x: 2 * x - [0, 0, 1e-3],
        lambda x: 2 * x[::-1],
    ],
    ids=["sign", "factor", "entry too large", "entry too small", "order"],
)
def test_check_gradient_finds_a_wrong_gradient(wrong):
    p = ol.Problem(lambda x: float(x @ x), jac=wrong)
    assert ol.check_gradient(p, [0.3, -1.0, 2.0]) > 1e-4


def test_check_gradient_is_relative_to_the_gradient():
    p = ol.Problem(lambda x: 1e6 * float(x @ x), jac=lambda x: 2e6 * x + [0.0, 1.0])
    for sign in (1.0, -1.0):
        assert ol.check_gradient(p, [sign, sign]) == pytest.approx(1 / 2e6, rel=1e-2)


def test_check_gradient_is_absolute_where_the_gradient_is_small():
    p = ol.Problem(lambda x: float(x @ x), jac=lambda x: 2 * x + 1e-3)
    assert ol.check_gradient(p, [0.1, -0.2]) == pytest.approx(1e-3, rel=1e-6)


@pytest.mark.parametrize("x", [1e6, -1e6, 1e-6])
def test_check_gradient_takes_differences_as_wide_as_the_point_is_far_out(x):
    p = ol.Problem(lambda x: float(np.log(x**2 + 1).sum()), jac=lambda x: 2 * x / (x**2 + 1))
    asked = []
    ol.check_gradient(ol.Problem(lambda z: asked.append(z[0]) or p(z), jac=p.grad), [x])
    assert max(asked) - min(asked) == pytest.approx(2 * np.cbrt(2.0**-52) * max(1.0, abs(x)), rel=1e-6)
