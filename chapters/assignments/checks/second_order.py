"""Checks of `3-second-order`."""

import tracemalloc
from collections import namedtuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma

from checks import array, copies, graded, load, number, rng_of
from optlib.methods.quasi_newton import bfgs_update

Cars = namedtuple("Cars", "X y lam")
Pair = namedtuple("Pair", "H s")
Model = namedtuple("Model", "g H radius")


def cars(cohort):
    """This cohort's 300 cars: a column of ones and five features, horsepower; lam."""
    names, data = load("auto-mpg")
    rng = rng_of(cohort, "second_order, cars")
    rows = data[rng.permutation(len(data))[:300]]
    wanted = ("cylinders", "displacement", "weight", "acceleration", "model year")
    features = rows[:, [names.index(name) for name in wanted]]
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    X = np.column_stack([np.ones(len(rows)), scaled])
    return Cars(X, rows[:, names.index("horsepower")], float(rng.choice([0.5, 1.0, 2.0, 4.0])))


def tumours(cohort):
    """One measure of this cohort's 250 tumours."""
    names, data = load("breast-cancer")
    rng = rng_of(cohort, "second_order, tumours")
    column = str(rng.choice(["mean area", "worst area", "mean perimeter", "worst radius"]))
    return data[rng.permutation(len(data))[:250], names.index(column)]


def old_matrix(cohort):
    """A positive definite matrix that stands for an inverse Hessian, and a step."""
    rng = rng_of(cohort, "second_order, pair")
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    H = (Q * rng.permutation([0.5, 1.0, 2.0, 4.0])) @ Q.T
    return Pair((H + H.T) / 2, rng.standard_normal(4).round(2) + np.array([1.0, 0, 0, 0]))


def diagnosis(cohort):
    """The quadratic model at w = 0 of logistic regression on this cohort's 400 tumours; a radius."""
    names, data = load("breast-cancer")
    rng = rng_of(cohort, "second_order, model")
    rows = data[rng.permutation(len(data))[:400]]
    features, malignant = rows[:, :10], rows[:, names.index("malignant")]
    X = (features - features.mean(axis=0)) / features.std(axis=0)
    H = X.T @ X / (4 * len(X)) + 0.02 * np.eye(10)
    return Model(X.T @ (0.5 - malignant) / len(X), H, float(rng.choice([0.26, 0.28, 0.3, 0.32])))


def _unchanged(before, after, names):
    for old, new, name in zip(before, after, names.split(), strict=True):
        assert np.array_equal(old, new), f"{name} itself was changed: make new arrays"


def _symmetric(rng, eigenvalues):
    Q = np.linalg.qr(rng.standard_normal((len(eigenvalues), len(eigenvalues))))[0]
    A = (Q * np.asarray(eigenvalues, dtype=float)) @ Q.T
    return (A + A.T) / 2


# --- 1: horsepower by factors --------------------------------------------------------------------


def _risk(w, X, y, lam):
    """The text's F, also for complex w."""
    fits, rest = X @ w, w[1:]
    return np.sum(np.exp(fits) - fits * y) / len(y) + (rest * rest).sum() * lam / 2


def _slope(w, *data):
    """Its slope, to rounding, by complex steps."""
    return np.array([_risk(w + 1e-40j * e, *data).imag / 1e-40 for e in np.eye(len(w))])


def _bend(w, *data):
    """Differences of the slope."""
    h = 1e-5
    return np.array([(_slope(w + h * e, *data) - _slope(w - h * e, *data)) / (2 * h) for e in np.eye(len(w))])


def _few_cars(seed, n=14, d=4, most=9.0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.standard_normal((n, d - 1))])
    return rng.uniform(-0.7, 0.7, d), X, rng.uniform(1, most, n)


def _three(model, w, *data):
    answer = model(*copies(w, *data))
    assert answer is not None, "the answer is None: is there a `return`?"
    got = len(answer) if isinstance(answer, tuple | list) else 1
    assert got == 3, f"return three things, the value, the gradient and the Hessian; got {got}"
    d = len(w)
    return (
        number(answer[0], "the value"),
        array(answer[1], (d,), "the gradient"),
        array(answer[2], (d, d), "the Hessian"),
    )


@graded("1b, value and gradient")
def check_slope(model):
    w, X, y = _few_cars(0)
    at_zero, _, _ = _three(model, 0 * w, X, y, 0.7)
    assert not np.isclose(at_zero, len(y)), f"at w = 0 every car costs 1, and yours cost {at_zero:.4g} together: a mean"
    assert np.isclose(at_zero, 1), f"at w = 0 every car costs 1, and yours cost {at_zero:.4g} in the mean"
    for lam in (0.0, 0.7):
        value, gradient, _ = _three(model, w, X, y, lam)
        true, slope = _risk(w, X, y, lam), _slope(w, X, y, lam)
        if lam:
            first, rest = lam / 2 * w[0] ** 2, lam / 2 * w[1:] @ w[1:]
            assert not np.isclose(value, true + first), "the first weight is the intercept: it is not penalised"
            assert not np.isclose(value, true + rest), "the penalty is twice what it should be: is a factor missing?"
            assert not np.isclose(value, true - rest), "the penalty is missing in the value"
            plain = _three(model, w, X, y, 0.0)[0]
            assert np.isclose(value, true), (
                f"without penalty the value is right; lam = {lam} should add {true - plain:.5g}, and adds "
                f"{value - plain:.5g}: which weights are counted?"
            )
        assert np.isclose(value, true), f"the value at some w with lam = {lam} should be {true:.6g}, and is {value:.6g}"
        close = {"rtol": 1e-7, "atol": 1e-9}
        off = gradient - slope
        if np.allclose(off, 0, **close):
            continue
        assert not np.allclose(gradient, -slope, **close), "the gradient is minus the slope of your value"
        assert not np.allclose(gradient, len(y) * slope, **close), "your value is a mean, your gradient a sum"
        if lam:
            assert np.allclose(off[1:], 0, **close) is False, (
                "only the first entry is off, by what a penalty on the intercept would add: it has none"
            )
            assert not np.allclose(off[1:] / w[1:], off[1] / w[1], **close), (
                "the entries are off by a multiple of the weights: the slope of the penalty is wrong, or missing"
            )
        raise AssertionError(
            f"the gradient is not the slope of your value: it is {np.round(slope, 4)}, yours {np.round(gradient, 4)}"
        )


@graded("1b, Hessian")
def check_bend(model):
    for seed, lam in ((1, 0.0), (2, 0.8)):
        w, X, y = _few_cars(seed)
        hessian, bend = _three(model, w, X, y, lam)[2], _bend(w, X, y, lam)
        other = _three(model, w, X, y + 1.0, lam)[2]
        assert np.allclose(hessian, other), "with other horsepowers the Hessian changes: where does y stand in F?"
        close = {"rtol": 1e-6, "atol": 1e-7}
        off = hessian - bend
        if np.allclose(off, 0, **close):
            continue
        assert np.allclose(hessian, hessian.T), "the Hessian is not symmetric"
        assert not np.allclose(hessian, len(y) * bend, **close), "your gradient is a mean, your Hessian a sum"
        plain = X.T @ X / len(y)
        assert not np.allclose(hessian - plain, np.diag(np.diag(hessian - plain)), **close), (
            "does the Hessian not depend on w? It is the same as for squared losses"
        )
        if lam and np.allclose(off, np.diag(np.diag(off)), **close):
            assert np.allclose(off[1:, 1:], 0, **close) is False, (
                "only the first entry is off, by what a penalty on the intercept would add: it has none"
            )
            raise AssertionError("the diagonal is off: the curvature of the penalty is wrong, or missing")
        raise AssertionError(
            "the Hessian is not the slope of the gradient: differences of it give, in the first row, "
            f"{np.round(bend[0], 4)}, and you say {np.round(hessian[0], 4)}"
        )


def _moves(next_weights, w, *data):
    given = copies(w, *data)
    new = array(next_weights(*given), w.shape, "the next weights")
    _unchanged((w, *data[:2]), given[:3], "w X y")
    return new - w


@graded("1c")
def check_next(next_weights):
    for seed, lam, most in ((3, 0.0, 90.0), (4, 0.5, 30.0), (5, 0.0, 9.0)):
        w, X, y = _few_cars(seed, most=most)
        best = minimize(_risk, w, (X, y, lam), jac=_slope, method="BFGS", options={"gtol": 1e-9}).x
        for start in (np.zeros(4), best - [1.7, 0.4, 0, 0], best - [-2.5, -0.6, 0, 0.5], best + 0.01 * w):
            data = X, y, lam
            p, g, H = _moves(next_weights, start, *data), _slope(start, *data), _bend(start, *data)
            assert np.linalg.norm(p) > 0, "the weights stay where they are"
            assert g @ p < 0, "the step goes uphill: is the sign of the direction right, and is eta positive?"
            turned = -H @ p
            cosine = turned @ g / (np.linalg.norm(turned) * np.linalg.norm(g))
            slanted = p @ g / (np.linalg.norm(p) * np.linalg.norm(g))
            assert slanted > -1 + 1e-9, "the step is along the negative gradient, and not Newton's"
            assert cosine > 1 - 1e-7, "the step is not along Newton's direction: is the whole Hessian in the system?"
            share, largest = np.linalg.norm(H @ p) / np.linalg.norm(g), np.abs(X @ p).max()
            if largest > share:  # Newton's whole step moves an exponent by more than 1
                assert largest < 1 + 1e-6, (
                    f"in one step an exponent x_i'w moves by {largest:.5g}, down or up; the rule allows 1"
                )
                assert largest > 1 - 1e-6, (
                    f"the exponents x_i'w move by {largest:.3g} at most, where the rule would go on to 1: "
                    "the largest of what, exactly, decides?"
                )
            else:
                assert not share > 1 + 1e-5, (
                    f"near the minimiser the step is {share:.3g} times Newton's: the whole step is the longest"
                )
                assert share > 1 - 1e-5, (
                    f"near the minimiser, where Newton's whole step moves no exponent by 1, you take {share:.3g} of it"
                )
            before, after = _risk(start, *data), _risk(start + p, *data)
            assert before - after >= (3 - np.e) * abs(g @ p) * (1 - 1e-6) - 1e-13 * abs(before), (
                "the step gains less than 1a promises"
            )
        w, size = np.zeros(4), []
        for _ in range(40):
            w = w + _moves(next_weights, w, X, y, lam)
            size.append(np.linalg.norm(_slope(w, X, y, lam)))
        assert min(size) < 1e-9, f"after 40 steps from w = 0 the gradient still has length {min(size):.1e}"
    w, X, y = _few_cars(6, most=40.0)
    T = np.eye(4) + np.random.default_rng(6).uniform(-0.4, 0.4, (4, 4))
    moved = T @ _moves(next_weights, np.linalg.solve(T, w), X @ T, y, 0.0)
    assert np.allclose(moved, _moves(next_weights, w, X, y, 0.0), atol=1e-7), (
        "in other coordinates, with X T for X and no penalty, the step must be the same, and yours is not"
    )


@graded("1d")
def check_fit(fit, X, y, lam):
    fit = array(fit, (X.shape[1],), "the weights")
    slope = _slope(fit, X, y, lam)
    assert np.isfinite(slope).all(), "the weights are so large that F has no finite slope there"
    length = np.linalg.norm(slope)
    if length > 1.001e-8:
        mean = np.exp(X @ fit).mean()
        if abs(slope[0]) > 1e-3:
            raise AssertionError(
                f"your cars have {mean:.4f} horsepower in the mean, and the data {y.mean():.4f}: at the minimum, with "
                "a free intercept, the two agree"
            )
        free = np.linalg.norm(slope - lam * np.append(0.0, fit[1:]))
        assert free > 1e-6, "without penalty these weights would be the best: lam is not 0"
        raise AssertionError(f"the gradient of F has length {length:.1e} there, and at most 1e-8 is wanted")


# --- 2: one Jacobian, two steps ------------------------------------------------------------------


class _Map:
    """F(x) = A (phi(x) - phi(root)) with a quadratic phi, and who asked for what."""

    def __init__(self, seed, n, bent=1.0):
        rng = np.random.default_rng(seed)
        self.root, self.bent = rng.standard_normal(n), bent
        self.A, self.C = np.eye(n) + 0.4 * rng.standard_normal((2, n, n))
        self.clear()

    def clear(self):
        self.values, self.jacobians = [], []

    def F(self, x):
        x = np.asarray(x, dtype=float)
        self.values.append(x.copy())
        turned = self.C @ (x - self.root)
        return self.A @ (turned + self.bent * turned**2 / 3)

    def J(self, x):
        x = np.asarray(x, dtype=float)
        self.jacobians.append(x.copy())
        turned = self.C @ (x - self.root)
        return self.A @ ((1 + 2 * self.bent * turned / 3)[:, None] * self.C)

    def rewritten(self, left, right):
        """F and J of the map left @ F(right @ z)."""
        return lambda z: left @ self.F(right @ z), lambda z: left @ self.J(right @ z) @ right

    def step(self, double_step, x):
        self.clear()
        given = x.copy()
        new = array(double_step(self.F, self.J, given), x.shape, "the next point")
        _unchanged((x,), (given,), "x")
        return new


@graded("2b")
def check_double(double_step):
    for seed, n in ((7, 2), (8, 1), (9, 4)):
        line = _Map(seed, n, bent=0.0)
        start = line.root + np.linspace(1, 2, n)
        new = line.step(double_step, start)
        asked = len(line.jacobians), len(line.values)
        assert not np.allclose(new, 2 * start - line.root), "on a linear map you go away from the root: the sign?"
        assert not np.allclose(new, 4 * start - 3 * line.root), "on a linear map you go away from the root: the sign?"
        assert not np.allclose(new, 2 * line.root - start), (
            "on a linear map the first half of the step lands on the root, and yours goes as far again: "
            "of which point is the second residual?"
        )
        assert not np.allclose(new, start), (
            "on a linear map you end where you began: from which point is the second half?"
        )
        assert np.allclose(new, line.root, atol=1e-8), (
            "on a linear map one step must land on the root, and yours does not"
        )
        assert asked[0] == 1, f"one Jacobian has to do for both halves, and you asked for {asked[0]}"
        assert asked[1] == 2, f"a step needs two values of F, and you asked for {asked[1]}"
        assert np.allclose(line.jacobians[0], start), "the Jacobian is taken at x, the point where the step begins"
        curve, way = _Map(seed, n), np.linspace(1, 0.5, n)
        errors = [np.linalg.norm(curve.step(double_step, curve.root + h * way) - curve.root) for h in (1 / 32, 1 / 64)]
        order = np.log2(errors[0] / max(errors[1], 1e-300))
        assert order > 2.6, (
            f"the error of one step falls like the power {order:.2f} of the error before, and not the third"
        )
        far, mixed = curve.root + 0.1 * way, np.eye(n) + 0.3 * np.triu(np.ones((n, n)))
        new = curve.step(double_step, far)
        same = double_step(*curve.rewritten(mixed, np.eye(n)), far.copy())
        assert np.allclose(same, new, atol=1e-9), (
            "when the equations are replaced by combinations of them the step must stay, and yours changes"
        )
        moved = double_step(*curve.rewritten(np.eye(n), mixed), np.linalg.solve(mixed, far))
        assert np.allclose(mixed @ moved, new, atol=1e-9), (
            "in other coordinates the step must be the same, and yours is not"
        )


@graded("2c")
def check_gamma(fit, sizes):
    a, b = array(fit, (2,), "(a, b)")
    assert a > 0 and b > 0, f"shape and scale are positive, and yours are {a:.4g} and {b:.4g}"
    product = a * b / sizes.mean() - 1
    assert abs(product) < 1e-8, f"the second equation is off: a b is {a * b:.8g}, and the mean {sizes.mean():.8g}"
    logs = digamma(a) + np.log(b) - np.log(sizes).mean()
    swapped = digamma(b) + np.log(a) - np.log(sizes).mean()
    assert abs(swapped) > 1e-6, "shape and scale are the wrong way round"
    assert abs(logs) < 1e-10, (
        f"the second equation holds, and the first is off by {logs:.1e}, where 1e-10 is allowed: a few steps more?"
    )


# --- 3: an update of rank one --------------------------------------------------------------------


def _updated(sr1, H, s, y):
    given = copies(H, s, y)
    new = array(sr1(*given), H.shape, "the new matrix")
    _unchanged((H, s, y), given, "H s y")
    return new


def _near(a, b, scale=1.0):
    return np.allclose(a, b, rtol=1e-7, atol=1e-7 * scale)


@graded("3b, update")
def check_sr1(sr1):
    rng = np.random.default_rng(10)
    for n in (3, 2, 5):
        for sign in (1, -1):
            H, s, y = _symmetric(rng, rng.uniform(0.5, 3, n)), rng.standard_normal(n), rng.standard_normal(n)
            y = y * sign * np.sign(s @ y)
            new = _updated(sr1, H, s, y)
            size = np.abs(new).max()
            if sign < 0:
                assert not np.allclose(new, H), (
                    "for a pair with s'y < 0 you leave H as it is: unlike BFGS, this update can use it"
                )
            assert _near(new, new.T, size), "the new matrix is not symmetric"
            if not _near(new @ y, s, size):
                assert not _near(new @ s, y, size), "you have s and y the wrong way round: yours sends s to y"
                assert not _near(new @ y, 2 * H @ y - s, size), "the change is minus what it should be"
                assert not np.allclose(new, H), "H stays as it is, although the pair is a good one"
                raise AssertionError(
                    f"the secant equation does not hold: H+ y is {np.round(new @ y, 3)}, and s is {np.round(s, 3)}"
                )
            values = np.linalg.svd(new - H, compute_uv=False)
            assert values[1] < 1e-7 * values[0], (
                "the secant equation holds, but the change has more than one singular value that is not 0: rank one?"
            )
    for eigenvalues in ([1, 2, 5], [-1, 3, -2, 4]):
        A, n = _symmetric(rng, eigenvalues), len(eigenvalues)
        H = np.eye(n)
        for s in np.linalg.qr(rng.standard_normal((n, n)))[0] * 2 + 0.1:
            H = _updated(sr1, H, s, A @ s)
        assert np.allclose(H @ A, np.eye(n), atol=1e-5), (
            f"on a quadratic, {n} independent steps must leave the inverse of the Hessian, whatever the signs of its "
            "eigenvalues, and yours do not"
        )


@graded("3b, refusal")
def check_refusal(sr1):
    rng = np.random.default_rng(11)
    H = _symmetric(rng, [0.5, 1.0, 3.0])
    y = np.array([2.0, 0.0, -1.0])
    for s in (H @ y, H @ y + np.array([1.0, 5.0, 2.0])):  # r is 0, or orthogonal to y
        for scale in (1.0, 1e-6, 1e6):
            try:
                new = _updated(sr1, H, scale * s, scale * y)
            except AssertionError as wrong:
                raise AssertionError(f"for a pair with r'y = 0, {wrong}") from None
            assert np.allclose(new, H, atol=1e-9), (
                f"a pair of size {scale * np.linalg.norm(y):.0e} whose r'y is nothing but rounding has changed H by "
                f"{np.abs(new - H).max():.1e}: it must be refused"
            )
    for scale, unit, short in ((1.0, 1.0, 1.0), (1e-8, 1.0, 1.0), (1e8, 1.0, 1.0), (1.0, 1e6, 1.0), (1.0, 1.0, 1e-5)):
        r = short * (np.array([1.0, 5.0, 2.0]) + 1e-4 * y)
        new = _updated(sr1, unit * H, scale * unit * (H @ y + r), scale * y) / unit
        assert not np.allclose(new, H), (
            f"a good pair is refused: s has length {scale * unit * np.linalg.norm(H @ y + r):.0e}, y "
            f"{scale * np.linalg.norm(y):.0e}, r {scale * unit * np.linalg.norm(r):.0e}, and r'y is 4e-5 times the "
            "product of two of these lengths. Is your threshold measured by the lengths of r and y?"
        )
        assert np.allclose(new @ y, H @ y + r, atol=1e-4 * short), (
            "a pair that is nearly refused is used, but not as it should be"
        )


@graded("3c")
def check_indefinite(change, sr1, H, s):
    change = array(change, s.shape, "y")
    slope = s @ change
    assert slope > 1e-9 * np.linalg.norm(s) * np.linalg.norm(change), (
        f"s'y must be positive, and yours is {slope:.3g}: BFGS has to be able to use the pair"
    )
    new = _updated(sr1, H, s, change)
    assert not np.allclose(new, H), "your sr1 refuses this pair, so that H stays positive definite"
    values = np.linalg.eigvalsh((new + new.T) / 2)
    rank = np.linalg.svd(new - H, compute_uv=False)
    assert _near(new @ change, s, np.abs(new).max() * max(1, np.linalg.norm(change))) and rank[1] < 1e-7 * rank[0], (
        "your sr1 is wrong for this pair"
    )
    least, told = values[0], f"its least eigenvalue is {values[0]:.3g}, and its largest {values[-1]:.3g}"
    assert abs(least) > 1e-9 * values[-1], f"rounding hides whether the new matrix has a negative eigenvalue: {told}"
    assert least < 0, f"the new matrix is still positive definite: {told}"


# --- 4: curvature that stays positive ------------------------------------------------------------


@graded("4b")
def check_mended(mended):
    rng = np.random.default_rng(12)
    for n in (3, 5, 2):
        B, s = _symmetric(rng, rng.uniform(0.5, 4, n)), rng.standard_normal(n)
        Bs = B @ s
        full = s @ Bs
        aside = rng.standard_normal(n)
        aside -= (aside @ s) / (s @ s) * s
        for c in (0.2, 0.1, 0.5):
            for share in (2.0, 1.0, c + 0.05, c - 0.05, 0.0, -0.5, -40.0):
                y = share * full / (s @ s) * s + aside
                given = copies(s, y, Bs)
                new = array(mended(*given, c), (n,), "the mended y")
                _unchanged((s, y, Bs), given, "s y Bs")
                got, told = s @ new / full, f"for s'y = {share:.3g} s'Bs and c = {c}"
                if share >= c:
                    assert np.allclose(new, y), f"{told} the pair is good, and y should stay as it is"
                    continue
                assert not np.allclose(new, y), f"{told} y should change, and does not"
                assert not np.allclose(new, Bs), f"{told} you go the whole way to Bs: as little as possible"
                along = (new - y) @ (Bs - y) / ((Bs - y) @ (Bs - y))
                assert np.allclose(new, y + along * (Bs - y), atol=1e-8), f"{told} the new y is not between y and Bs"
                assert got > c - 1e-8, f"{told} the new s'y is {got:.4g} s'Bs, still below c"
                assert got < c + 1e-8, f"{told} the new s'y is {got:.4g} s'Bs, and c would do: as little as possible"


def _pairs(rng, m, n):
    A = _symmetric(rng, rng.uniform(0.5, 3, n))
    S = rng.standard_normal((m, n))
    return S, S @ A + 0.02 * rng.standard_normal((m, n))


@graded("4c")
def check_times(hessian_times):
    rng = np.random.default_rng(13)
    for m, n, sigma in ((1, 3, 1.0), (1, 4, 2.5), (3, 9, 0.7), (5, 14, 2.0)):
        S, Y = _pairs(rng, m, n)
        assert min((S * Y).sum(axis=1)) > 0

        def times(v, S=S, Y=Y, sigma=sigma):
            given = copies(v, S, Y)
            product = array(hessian_times(*given, sigma), v.shape, "the product")
            _unchanged((v, S, Y), given, "v S Y")
            return product

        found, size = times(S[-1]), np.abs(Y[-1]).max()
        if not _near(found, Y[-1], size):
            assert not _near(times(Y[-1]), S[-1], size), "yours sends the newest y to the newest s: that is the inverse"
            if m > 1:
                assert not _near(times(S[0]), Y[0], size), (
                    "the OLDEST s is sent to its y: the pairs come oldest first, and the newest has the last word"
                )
                raise AssertionError(
                    f"with one pair s is sent to y, and with {m} the newest is not: what does the matrix that the "
                    "older pairs have made do to the newest s?"
                )
            raise AssertionError(
                f"with one pair, s must be sent to y = {np.round(Y[-1], 3)}, and is sent to {np.round(found, 3)}"
            )
        v = rng.standard_normal(n)
        basis = np.linalg.qr(np.vstack([S, Y]).T)[0]
        v = v - basis @ (basis.T @ v)
        if 2 * m < n:
            factor = times(v) @ v / (v @ v)
            assert _near(times(v), sigma * v), (
                f"a vector orthogonal to all pairs must be multiplied by sigma = {sigma}, and yours by {factor:.4g}"
            )
        u, v = rng.standard_normal((2, n))
        assert _near(u @ times(v), v @ times(u), n), "u'Bv and v'Bu differ: the matrix is not symmetric"
        inverse = np.eye(n) / sigma
        for s, y in zip(S, Y, strict=True):
            inverse = bfgs_update(inverse, s, y)
        assert np.allclose(inverse @ times(v), v, atol=1e-6), (
            f"with {m} pair{'s' if m > 1 else ''} the product is not undone by the H that BFGS makes of I/sigma and "
            "the same pairs"
        )
    S, Y = _pairs(rng, 3, 40)
    S, Y, v = np.tile(S, 50), np.tile(Y, 50), np.ones(2000)
    tracemalloc.start()
    try:
        hessian_times(v, S, Y, 1.0)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 8 * 2000**2 / 4, (
        f"for vectors of 2000 numbers you used {most / 1e6:.0f} MB: a matrix is formed, where some vectors are enough"
    )


# --- 5: a box to trust ---------------------------------------------------------------------------


def _model(p, g, H):
    return g @ p + p @ H @ p / 2


@graded("5b")
def check_corner(box_cauchy):
    rng = np.random.default_rng(14)
    cases = [(np.array([3.0, -1.0, 0.5]), _symmetric(rng, [1.0, 2.0, 4.0]), radius) for radius in (0.1, 50.0, 0.3)] + [
        (np.array([0.2, -1.0, 2.0, -0.4]), _symmetric(rng, [-3.0, -2.0, -1.0, -0.5]), 1.5),
        (np.array([1.0, 0.0, -2.0]), np.diag([1.0, -7.0, 3.0]), 9.0),
        (np.array([2.0, -1.0]), np.array([[0.0, 2.0], [2.0, 0.0]]), 5.0),
        (np.array([1.0, 1.0]), np.array([[1.0, -1.0], [-1.0, 1.0]]), 3.0),
    ]
    for g, H, radius in cases:
        asked = []

        def hessp(v, H=H, asked=asked):
            asked.append(1)
            return H @ v

        given = g.copy()
        p = array(box_cauchy(given, hessp, radius), g.shape, "the step")
        _unchanged((g,), (given,), "g")
        assert np.linalg.norm(p) > 0, "the step is 0"
        assert g @ p < 0, (
            f"the step goes uphill, with p'Hp = {p @ H @ p:.3g}: are the signs of direction and length right?"
        )
        assert not p[g == 0].any(), "where g has the entry 0 the step has another"
        longest = np.abs(p).max()
        steep = np.allclose(p * np.linalg.norm(g), -g * np.linalg.norm(p))
        assert not steep or np.allclose(np.abs(g), np.abs(g[0])), (
            "the step is along -g, which is the steepest direction for a ball: in a box it is another"
        )
        falls = -(g @ p) / longest
        assert longest < radius * (1 + 1e-9), f"an entry of the step is {longest:.4g}, and the radius {radius}"
        assert falls > np.abs(g).sum() * (1 - 1e-9), (
            f"for its largest entry of {longest:.3g} the linear part falls by {falls:.4g} times that, and another "
            f"direction would let it fall by {np.abs(g).sum():.4g} times"
        )
        shorter, longer = _model(0.999 * p, g, H), _model(1.001 * p, g, H)
        here, slack = _model(p, g, H), 1e-12 * abs(g @ p)
        bend = p @ H @ p
        assert shorter > here - slack, f"the model is lower on the way: the step is too long, with p'Hp = {bend:.3g}"
        if longest < radius * (1 - 1e-9):
            kind = "not positive" if bend < 1e-12 else "positive"
            assert longer > here - slack, (
                f"the model falls on beyond the step, and the box is not reached: too short, with p'Hp {kind}"
            )
        assert len(asked) == 1, f"one product with the Hessian is enough, and you asked for {len(asked)}"


@graded("5c")
def check_sweep(sweep):
    rng = np.random.default_rng(15)
    cases = []
    for eigenvalues in ([1, 2, 4], [0.2, 3, 5, 1], [-1, 2, -3, 1, 0.5], [-2, -1], [0.1, 6, 2, 0.4, 1, 3]):
        n = len(eigenvalues)
        for radius in (0.4, 3.0):
            g = 2 * rng.standard_normal(n)
            cases.append((radius * rng.uniform(-1, 1, n), g, _symmetric(rng, eigenvalues), radius))
    cases.append((np.zeros(3), np.array([1.0, -2.0, 0.5]), np.array([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]), 2.0))
    cases.append((np.array([0.9, 0.2]), np.array([-0.1, 0.3]), np.diag([-1.0, -2.0]), 1.0))
    for old, g, H, radius in cases:
        given = copies(old, g, H)
        new = array(sweep(*given, radius), old.shape, "the step")
        _unchanged((old, g, H), given, "p g H")
        assert np.abs(new).max() < radius * (1 + 1e-9), (
            f"an entry of the step is {np.abs(new).max():.4g}, outside the box of radius {radius}"
        )
        now = old.copy()
        for j in range(len(old)):
            now[j] = new[j]
            here = _model(now, g, H)
            trial = now.copy()
            lower = []
            for value in np.append(np.linspace(-radius, radius, 201), new[j] + 1e-3 * radius * np.array([-1, 1])):
                trial[j] = np.clip(value, -radius, radius)
                if _model(trial, g, H) < here - 1e-9 * (1 + abs(here)):
                    lower.append((float(_model(trial, g, H)), float(trial[j])))
            if not lower:
                continue
            curvature = H[j, j]
            assert not (curvature <= 0 and abs(new[j]) < radius * (1 - 1e-9)), (
                f"entry {j}: the curvature along it is {curvature:.3g}, not positive, and you stop inside the box, "
                "where the model is not least"
            )
            held, first = now.copy(), j == 0
            held[:j] = old[:j]
            simultaneous = not first and all(
                _model(held + (v - held[j]) * np.eye(len(old))[j], g, H) >= _model(held, g, H) - 1e-9
                for v in np.linspace(-radius, radius, 201)
            )
            assert not simultaneous, (
                f"entry {j} would be the best one beside the old entries: those before it have changed already"
            )
            raise AssertionError(
                f"entry {j} is {new[j]:.4g}, where the model is {here:.5g}; with {min(lower)[1]:.4g} in its place it "
                f"would be lower, {min(lower)[0]:.5g}"
            )


@graded("5d")
def check_step(step, g, H, radius):
    step = array(step, g.shape, "the step")
    assert np.abs(step).max() < radius * (1 + 1e-12) + 1e-12, (
        f"an entry of the step is {np.abs(step).max():.4g}, outside the box of radius {radius}"
    )
    slope = g + H @ step
    ends = np.where(slope > 0, -radius, radius)
    gaps = np.abs(slope) * np.abs(ends - step)  # what the linear part could still gain, entry by entry
    worst = int(np.argmax(gaps))
    assert gaps[worst] < 1e-8, (
        f"entry {worst} is {step[worst]:.5f}, and the slope of the model along it {slope[worst]:.1e}: "
        "the minimum over the box is not reached"
    )
