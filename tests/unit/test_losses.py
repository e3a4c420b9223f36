"""Every loss against differences and closed forms, and the risk that is made of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import log_softmax

import optlib as ol

RNG = np.random.default_rng(0)
N, D, K = 30, 4, 3
X = RNG.normal(size=(N, D))
SIGNS, REALS, CLASSES = RNG.choice([-1.0, 1.0], N), RNG.normal(size=N), RNG.integers(K, size=N)
LOSSES = {
    "squared": (ol.losses.Squared(), REALS),
    "logistic": (ol.losses.Logistic(), SIGNS),
    "squared hinge": (ol.losses.SquaredHinge(), SIGNS),
    "Huber": (ol.losses.Huber(0.7), REALS),
    "cross-entropy": (ol.losses.CrossEntropy(), CLASSES),
    "hinge": (ol.losses.Hinge(), SIGNS),
}
SMOOTH = [name for name in LOSSES if name != "hinge"]


def risk(name, make=np.asarray, lam=0.1):
    loss, y = LOSSES[name]
    return ol.EmpiricalRisk(loss, make(X), y, ol.penalties.L2(lam))


def logits(name, rng, n=6):
    return rng.normal(size=(n, K) if name == "cross-entropy" else n) * 2


# --- The losses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
@given(seed=st.integers(0, 2**32 - 1))
def test_derivatives_are_those_of_central_differences(name, seed):
    rng = np.random.default_rng(seed)
    loss, y = LOSSES[name]
    z, y = logits(name, rng), loss.encode(y)[:6]
    direction, h = rng.normal(size=z.shape), 1e-6

    def along(values):
        return (values * direction).reshape(6, -1).sum(axis=1)

    kink = np.abs(y * z - 1) if "hinge" in name else np.abs(np.abs(z - y) - 0.7) if name == "Huber" else np.ones(6)
    away = kink > 1e-4  # differences across a kink say nothing
    up, down = z + h * direction, z - h * direction
    slope = (loss(up, y) - loss(down, y)) / (2 * h)
    assert np.allclose(along(loss.derivative(z, y))[away], slope[away], rtol=1e-6, atol=1e-7)
    if name == "hinge":
        return
    bend = along(loss.derivative(up, y) - loss.derivative(down, y)) / (2 * h)
    second = loss.second_derivative(z, y)
    if name == "cross-entropy":
        quadratic = np.einsum("ikl,ik,il->i", second, direction, direction)
    else:
        quadratic = second * direction**2
    assert np.allclose(quadratic[away], bend[away], rtol=1e-5, atol=1e-6)
    size = (direction**2).reshape(6, -1).sum(axis=1)
    assert (quadratic <= loss.curvature * size * (1 + 1e-12)).all()
    assert (quadratic >= loss.least_curvature * size - 1e-12).all()


def test_values_in_closed_form():
    z, one = np.array([-2.0, 0.0, 0.5, 1.0, 3.0]), np.ones(5)
    assert ol.losses.Hinge()(z, one).tolist() == [3.0, 1.0, 0.5, 0.0, 0.0]
    assert ol.losses.Hinge().derivative(z, one).tolist() == [-1.0, -1.0, -1.0, 0.0, 0.0]
    assert ol.losses.Hinge()(z, -one).tolist() == [0.0, 1.0, 1.5, 2.0, 4.0]
    assert ol.losses.SquaredHinge()(z, one).tolist() == [9.0, 1.0, 0.25, 0.0, 0.0]
    assert ol.losses.SquaredHinge().second_derivative(z, one).tolist() == [2.0, 2.0, 2.0, 0.0, 0.0]
    assert ol.losses.Huber(0.5)(z, 0 * z).tolist() == [0.875, 0.0, 0.125, 0.375, 1.375]
    assert ol.losses.Huber(0.5).derivative(z, 0 * z).tolist() == [-0.5, 0.0, 0.5, 0.5, 0.5]
    assert ol.losses.Huber(0.5).second_derivative(z, 0 * z).tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]
    logits = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    assert np.allclose(ol.losses.CrossEntropy()(logits, np.array([2, 0])), -log_softmax(logits, axis=1)[[0, 1], [2, 0]])


def test_curvature_bounds_are_attained():
    zero = np.zeros(1)
    assert ol.losses.Logistic().second_derivative(zero, np.ones(1)) == [ol.losses.Logistic.curvature]
    middle = ol.losses.CrossEntropy().second_derivative(np.array([[0.0, 0.0, -1e4]]), np.array([0]))[0]
    assert np.linalg.eigvalsh(middle)[-1] == pytest.approx(ol.losses.CrossEntropy.curvature)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.filterwarnings("error")
def test_logits_of_any_size_are_safe(name):
    loss, y = LOSSES[name]
    for size in (1e4, 1e100):
        z = size * logits(name, np.random.default_rng(0), N)
        labels = loss.encode(y)
        values = (loss(z, labels), loss.derivative(z, labels))
        assert all(np.isfinite(v).all() for v in values)
        assert (values[0] >= 0).all()


def test_labels_may_be_zero_and_one_or_signs():
    for loss in (ol.losses.Hinge(), ol.losses.SquaredHinge(), ol.losses.Logistic()):
        a, b = (ol.EmpiricalRisk(loss, X, y) for y in (SIGNS, (SIGNS + 1) / 2))
        assert a(np.ones(D)) == b(np.ones(D))


# --- The risk -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_and_hessian_products(name):
    p = risk(name)
    w = RNG.normal(size=p.dimension)
    assert ol.check_gradient(p, w) < 1e-7
    if name == "hinge":
        assert p.lacks("hess")
        assert p.lacks("hessp")
        assert p.lipschitz == np.inf
        assert p.strong_convexity == 0.1
        return
    H = p.hess(w)
    assert np.allclose(H, H.T, rtol=1e-12)
    assert np.linalg.eigvalsh(H)[0] >= p.strong_convexity - 1e-12
    assert np.linalg.eigvalsh(H)[-1] <= p.lipschitz * (1 + 1e-12)
    for v in np.eye(p.dimension):
        assert np.allclose(p.hessp(w, v), H @ v, rtol=1e-11, atol=1e-13)
        difference = (p.grad(w + 1e-6 * v) - p.grad(w - 1e-6 * v)) / 2e-6
        assert np.allclose(H @ v, difference, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
@pytest.mark.parametrize("name", LOSSES)
def test_sparse_data_give_what_dense_data_give(name, make):
    p, q = risk(name), risk(name, make)
    w, v = RNG.normal(size=(2, p.dimension))
    assert q(w) == pytest.approx(p(w), rel=1e-12)
    assert np.allclose(q.grad(w), p.grad(w), rtol=1e-11, atol=1e-14)
    assert q.lipschitz == pytest.approx(p.lipschitz, rel=1e-9)
    assert q.strong_convexity == pytest.approx(p.strong_convexity, rel=1e-9)
    if name != "hinge":
        H = q.hess(w)
        assert np.allclose(H.toarray() if sparse.issparse(H) else H, p.hess(w), rtol=1e-10, atol=1e-13)
        assert np.allclose(q.hessp(w, v), p.hessp(w, v), rtol=1e-11, atol=1e-14)


def test_two_classes_of_cross_entropy_are_the_logistic_loss_of_the_difference():
    y = (SIGNS + 1) / 2
    two, one = ol.EmpiricalRisk(ol.losses.CrossEntropy(), X, y), ol.EmpiricalRisk(ol.losses.Logistic(), X, y)
    W = RNG.normal(size=(D, 2))
    w = W[:, 1] - W[:, 0]
    assert two(W.ravel()) == pytest.approx(one(w))
    G = two.grad(W.ravel()).reshape(two.shape)
    assert np.allclose(G[:, 1], one.grad(w))
    assert np.allclose(G[:, 0], -one.grad(w))
    assert two.shape == (D, 2)
    assert one.shape == (D,)


def test_classes_that_the_data_lack():
    assert ol.EmpiricalRisk(ol.losses.CrossEntropy(classes=5), X, CLASSES).shape == (D, 5)
    assert ol.EmpiricalRisk(ol.losses.CrossEntropy(), X, np.zeros(N)).shape == (D, 2)
    part = risk("cross-entropy").part(np.flatnonzero(CLASSES < 2))
    assert part.dimension == D * K


def test_cross_entropy_learns_to_tell_classes_apart():
    y = np.argmax(X[:, :K], axis=1)
    p = ol.EmpiricalRisk(ol.losses.CrossEntropy(), X, y, ol.penalties.L2(1e-3))
    result = ol.minimize(p, np.zeros(D * K), ol.LBFGS())
    assert result.success
    assert ((X @ result.x.reshape(p.shape)).argmax(axis=1) == y).all()
    newton = ol.minimize(p, np.zeros(D * K), ol.Newton(ol.line_search.Backtracking()))
    assert np.allclose(newton.x, result.x, atol=1e-3)


@pytest.mark.parametrize("name", LOSSES)
def test_parts_weighted_by_their_sizes_are_the_whole(name):
    p = risk(name)
    w = RNG.normal(size=p.dimension)
    a, b = p.part(slice(0, 10)), p.part(np.arange(10, N))
    assert (10 * a(w) + (N - 10) * b(w)) / N == pytest.approx(p(w))
    assert np.allclose((10 * a.grad(w) + (N - 10) * b.grad(w)) / N, p.grad(w))
    assert a.dimension == p.dimension
    assert np.shares_memory(a.X, p.X)


@pytest.mark.parametrize(("n", "d"), [(1, 1), (1, 4), (4, 1)])
@pytest.mark.parametrize("name", SMOOTH)
def test_one_sample_or_one_feature_is_enough(name, n, d):
    loss, y = LOSSES[name]
    p = ol.EmpiricalRisk(loss, np.ones((n, d)), y[:n], ol.penalties.L2(0.5))  # and every feature is constant
    result = ol.minimize(p, np.ones(p.dimension), ol.LBFGS())
    assert result.success
    assert np.linalg.norm(p.grad(result.x)) < 1e-5


@pytest.mark.parametrize("shape", [(30, 4), (4, 30), (1, 1), (3, 3)])
def test_lipschitz_is_the_largest_eigenvalue(shape):
    Z = np.random.default_rng(1).normal(size=shape)
    p = ol.EmpiricalRisk(ol.losses.Squared(), Z, np.zeros(shape[0]))
    eigenvalues = np.linalg.eigvalsh(Z.T @ Z / shape[0])
    assert p.lipschitz == pytest.approx(eigenvalues[-1], rel=1e-12)
    smallest = eigenvalues[0] if shape[0] >= shape[1] else 0.0
    assert p.strong_convexity == pytest.approx(smallest, rel=1e-9, abs=1e-15)


# --- What is remembered -----------------------------------------------------------------------------------------


class Products(np.ndarray):
    """An X that counts its products."""

    count = 0

    def __matmul__(self, other):
        Products.count += 1
        return np.asarray(self) @ other


def test_the_margins_and_curvatures_of_a_point_are_computed_once():
    p = risk("logistic")
    p.X = X.view(Products)
    w, v = np.ones(D), np.arange(4.0)
    Products.count = 0
    p(w)
    p.grad(w)
    assert Products.count == 2  # X w and X' l'
    p.hessp(w, v)
    p.hessp(w, v)
    assert Products.count == 6  # X v and X' (c X v), twice
    assert (p.nfev, p.njev, p.nhev) == (1, 1, 2)
    p(2 * w)
    assert Products.count == 7


def test_second_derivatives_at_a_point_are_computed_once():
    asked = []

    class Counted(ol.losses.Logistic):
        def second_derivative(self, z, y):
            asked.append(z)
            return super().second_derivative(z, y)

    p = ol.EmpiricalRisk(Counted(), X, SIGNS)
    for v in np.eye(D):
        p.hessp(np.ones(D), v)
    p.hess(np.ones(D))
    assert len(asked) == 1
    p.hess(np.zeros(D))
    assert len(asked) == 2


def test_what_is_remembered_is_of_the_point_that_is_asked_for():
    p = risk("logistic")
    w, v = np.ones(D), np.arange(4.0)
    first = p.hessp(w, v)
    w *= 2  # the caller's own array, changed in place
    fresh = risk("logistic")
    assert np.array_equal(p.hessp(w, v), fresh.hessp(w, v))
    assert p(w) == fresh(w)
    assert np.array_equal(p.hessp(np.ones(D), v), first)


@pytest.mark.parametrize("labels", [[0, 1, 2], [-1, 1, 2], [-1, 0, 1], [0.5, 1, 1]])
@pytest.mark.parametrize("loss", [ol.losses.Logistic(), ol.losses.Hinge(), ol.losses.SquaredHinge()], ids=repr)
def test_labels_of_a_third_kind_are_an_error(loss, labels):
    with pytest.raises(ValueError, match=r"y must hold labels 0/1 or -1/\+1"):
        ol.EmpiricalRisk(loss, np.ones((3, 1)), labels)


def test_curvature_bounds_of_the_piecewise_losses_are_attained():
    one = np.ones(1)
    for loss in (ol.losses.SquaredHinge(), ol.losses.Huber(), ol.losses.Squared()):
        assert loss.second_derivative(0 * one, one).tolist() == [loss.curvature]
