"""Checks of `1-foundations`."""

from collections import namedtuple
from itertools import product

import numpy as np
from scipy.optimize import linprog, minimize

from checks import array, copies, graded, load, number, pair, rng_of

Cars = namedtuple("Cars", "X y origin delta lam batch")


def cars(cohort):
    """This cohort's 300 cars: features and a column of ones, miles per gallon, origin; delta, lam, batch."""
    names, data = load("auto-mpg")
    rng = rng_of(cohort, "foundations")
    rows = data[rng.permutation(len(data))[:300]]
    features = rows[:, :-1]
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    delta, lam = rng.choice([1.5, 2.0, 2.5, 3.0]), rng.choice([0.02, 0.05, 0.1, 0.2])
    X = np.column_stack([scaled, np.ones(len(rows))])
    origin = rows[:, names.index("origin")].astype(int) - 1
    return Cars(X, rows[:, -1], origin, float(delta), float(lam), int(rng.integers(25, 41)))


# --- 1: a loss with a bend -----------------------------------------------------------------------


def _one_sample(risk, r, delta, lam=0.0):
    """The value for one sample with this residual; its only weight is an intercept of 0."""
    value, _ = pair(risk(np.zeros(1), np.ones((1, 1)), np.array([-r]), delta, lam), "the value and the gradient")
    return number(value, "the value")


def _value(risk, *data):
    return number(pair(risk(*copies(*data)), "the value and the gradient")[0], "the value")


def _samples(seed, n=12, d=4):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.standard_normal((n, d - 1)), np.ones(n)])
    return rng.standard_normal(d), X, 3 * rng.standard_normal(n)


@graded("1b, value")
def check_value(risk):
    for delta in (0.5, 2.0):
        at_zero = _one_sample(risk, 0.0, delta)
        assert abs(at_zero) < 1e-12, f"a residual of 0 costs nothing, and yours costs {at_zero:.4g}"
        right, left = _one_sample(risk, 3.0, delta), _one_sample(risk, -3.0, delta)
        assert np.isclose(right, left), f"the residuals 3 and -3 cost {right:.4g} and {left:.4g}: the loss is even"
        slope = (_one_sample(risk, 2e6, delta) - _one_sample(risk, 1e6, delta)) / 1e6
        assert np.isclose(slope, delta, rtol=1e-4), (
            f"far out the loss is a line with the slope delta = {delta}, and yours has {slope:.4g}"
        )
        for r in (0.3, 1.0, 5.0):  # (r/delta, 1 + loss/delta^2) lies on a hyperbola
            a, b = 1 + _one_sample(risk, r, delta) / delta**2, r / delta
            assert np.isclose(a * a - b * b, 1, rtol=1e-8), f"the loss of the residual {r} for delta = {delta} is off"
    w, X, y = _samples(0)
    once, twice = _value(risk, w, X, y, 2.0, 0.0), _value(risk, w, np.vstack([X, X]), np.append(y, y), 2.0, 0.0)
    assert not np.isclose(twice, 2 * once), "with every sample taken twice the value doubles: the risk is a mean"
    assert np.isclose(twice, once), "with every sample taken twice the value must stay as it is"
    nothing = np.zeros((3, 4)), np.zeros(3), 2.0
    for lam in (0.5, 3.0):
        free = _value(risk, np.array([0.0, 0.0, 0.0, 7.0]), *nothing, lam)
        assert abs(free) < 1e-12, "the last weight is the intercept: it is not penalised"
        first = _value(risk, np.array([2.0, 0.0, 0.0, 0.0]), *nothing, lam)
        assert first > 0, "the penalty is missing, or its sign is wrong"
        both = _value(risk, np.array([2.0, 2.0, 0.0, 0.0]), *nothing, lam)
        assert np.isclose(both, 2 * first), "the penalty adds up over the weights"
        assert np.isclose(first, 2 * lam), (
            f"the weight 2 costs {first / lam:.4g} lam, and not what the formula says: is a factor missing?"
        )


@graded("1b, gradient")
def check_gradient(risk):
    for seed, lam in ((1, 0.0), (2, 0.7)):
        w, X, y = _samples(seed)
        data = X, y, 1.5, lam
        given = copies(w, *data)
        gradient = array(pair(risk(*given), "the value and the gradient")[1], w.shape, "the gradient")
        for mine, old, name in zip(given, (w, X, y), "wXy", strict=False):
            assert np.array_equal(mine, old), f"`{name}` itself was changed: work on a copy"
        h = 1e-5
        slope = np.array(
            [(_value(risk, w + h * e, *data) - _value(risk, w - h * e, *data)) / (2 * h) for e in np.eye(4)]
        )
        close = {"atol": 1e-7, "rtol": 1e-6}
        if np.allclose(gradient, slope, **close):
            continue
        assert not np.allclose(gradient, -slope, **close), "the gradient is minus the slope of your value"
        assert lam or not np.allclose(gradient, len(y) * slope, **close), "your value is a mean, your gradient a sum"
        if lam:
            off = gradient - slope
            assert not np.allclose(off[:-1], 0, **close), (
                "only the last entry is off, by what a penalty on the intercept would add: it has none"
            )
            assert not np.allclose(off[:-1] / w[:-1], off[0] / w[0], **close), (
                "the entries are off by a multiple of the weights: the slope of the penalty is wrong, or missing"
            )
        raise AssertionError(
            "the gradient is not the slope of your value: differences say "
            f"{np.round(slope, 4)}, and you say {np.round(gradient, 4)}"
        )


@graded("1b, digits")
def check_digits(risk):
    for delta in (0.5, 2.0):
        for r in (1e-3, 1e-6, 1e-9):
            half_square = r * r / 2  # what the loss is near 0, up to r^4
            value = _one_sample(risk, r, delta)
            assert np.isclose(value, half_square, rtol=1e-5, atol=0), (
                f"for the residual {r:g} only the first digits survive, or none: your loss is {value:.3e}. "
                "Where are two nearly equal numbers subtracted?"
            )
        for r in (1e100, 1e160):
            value, gradient = risk(np.zeros(1), np.ones((1, 1)), np.array([-r]), delta, 0.0)
            assert np.isfinite(value) and np.isfinite(gradient).all(), (
                f"for the residual {r:g} there is an overflow: value {value}, gradient {gradient}. "
                "Which square is too large?"
            )
            assert np.isclose(value, delta * r), (
                f"for the residual {r:g} your loss is {value:.3e}, far from the line that it follows there. "
                "Which square is too large?"
            )


# --- 2: curvature from three values --------------------------------------------------------------


def _watched(curvature, f, x, u):
    """The answer, and the points at which f was asked."""
    points = []

    def watched(point):
        points.append(np.array(point, dtype=float))
        return float(f(points[-1]))

    return number(curvature(watched, *copies(x, u)), "the curvature"), points


@graded("2b, formula")
def check_curvature(curvature):
    rng = np.random.default_rng(3)
    for n in (1, 2, 5):
        A = rng.standard_normal((n, n))
        A, b, x, u = A + A.T + 2 * np.eye(n), rng.standard_normal(n), rng.standard_normal(n), 3 * rng.standard_normal(n)

        def q(p, A=A, b=b):
            return p @ A @ p / 2 + b @ p + 1

        answer, points = _watched(curvature, q, x, u)
        assert len(points) == 3, f"three values of f are enough, and you asked for {len(points)}"
        points.sort(key=lambda p: float((p - x) @ u))
        lengths = [np.linalg.norm(p - x) for p in points]
        h = lengths[2]
        assert h > 0 and lengths[1] < 1e-3 * h and np.isclose(lengths[0], h, rtol=1e-3), (
            "ask at x, and at the same distance h on both sides of it"
        )
        assert np.allclose((points[2] - x) / h, u / np.linalg.norm(u), atol=1e-3), "the points must lie along u"
        true = u @ A @ u / (u @ u)
        rounding = 20 * np.finfo(float).eps * (1 + max(abs(q(p)) for p in points)) / h**2
        near = 1e-6 * (1 + abs(true)) + rounding
        if abs(answer - true) > near:
            assert abs(answer - true * (u @ u)) > near * (u @ u), (
                f"for u of length {np.linalg.norm(u):.3g} you give the curvature times the square of that length"
            )
            for factor, size in ((2, "twice"), (0.5, "half"), (-1, "minus"), (h, "h times"), (h * h, "h^2 times")):
                assert abs(answer - factor * true) > near * max(abs(factor), 1e-3), (
                    f"on a quadratic the answer is {size} what it should be"
                )
            raise AssertionError(f"on a quadratic with the curvature {true:.4g} along u you give {answer:.4g}")


@graded("2b, step")
def check_step(curvature):
    rng = np.random.default_rng(4)
    functions = (
        (lambda p: np.exp(p).sum(), np.exp),
        (lambda p: np.cos(p).sum(), lambda p: -np.cos(p)),
        (lambda p: np.logaddexp(0, 2 * p).sum(), lambda p: 1 / np.cosh(p) ** 2),
    )
    worst, step = 0.0, 0.0
    for f, second in functions:
        for _ in range(20):
            x, u = rng.uniform(-1, 1, 3), rng.standard_normal(3)
            answer, points = _watched(curvature, f, x, u)
            true = float(second(x) @ u**2 / (u @ u))
            if abs(answer - true) > worst:
                worst, step = abs(answer - true), max(np.linalg.norm(p - x) for p in points)
    if worst > 1e-6:
        assert worst < 10 * (step**2 + 100 * np.finfo(float).eps / step**2), (
            f"on smooth functions of size 1 you are off by up to {worst:.0e}, more than the step h = {step:.0e} "
            "explains: the formula is wrong"
        )
        part = "the rounding of the values" if step < 1e-3 else "the curve's departure from a parabola"
        raise AssertionError(
            f"on smooth functions of size 1 you are off by up to {worst:.0e}, with the step h = {step:.0e}; 1e-6 "
            f"can be had. Of the two parts of the error, {part} is the larger"
        )


# --- 3: a batch from every group -----------------------------------------------------------------


def _grouped(seed, counts, d=2):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(counts)), counts)
    gradients = (
        rng.standard_normal((len(groups), d)) * (1 + groups)[:, None]
        + 4 * rng.standard_normal((len(counts), d))[groups]
    )
    order = rng.permutation(len(groups))
    return gradients[order], groups[order]


def _outcomes(gradients, groups, sizes):
    """Every batch that can come, all as likely: the estimate that belongs to it."""
    n = len(groups)
    of_group = []
    for group, number_drawn in enumerate(sizes):
        members = [g for g, own in zip(gradients, groups, strict=True) if own == group]
        means = [np.mean(drawn, axis=0) for drawn in product(members, repeat=number_drawn)]
        of_group.append([len(members) / n * m for m in means])
    return np.array([sum(parts) for parts in product(*of_group)])


@graded("3b, gradient")
def check_stratified(stratified_gradient):
    for seed, counts, sizes in ((5, (2, 4), (1, 1)), (6, (3, 2, 4), (1, 2, 1))):
        gradients, groups = _grouped(seed, counts)

        def draw(rng, gradients=gradients, groups=groups, sizes=sizes):
            drawn = stratified_gradient(*copies(gradients, groups), np.array(sizes), rng)
            return array(drawn, (2,), "the estimate")

        outcomes, ways = np.unique(np.round(_outcomes(gradients, groups, sizes), 9), axis=0, return_counts=True)
        first = draw(np.random.default_rng(0))
        assert not np.allclose(first, gradients.mean(axis=0)), "the estimate is the full gradient: draw a batch"
        again = draw(np.random.default_rng(0))
        assert np.allclose(first, again), "two generators in the same state give two estimates: draw from `rng` alone"
        rng = np.random.default_rng(1)
        many = np.array([draw(rng) for _ in range(2000)])
        assert not np.allclose(many, many[0]), (
            "every call gives the same estimate: draw from the `rng` that is handed in"
        )
        nearest = np.linalg.norm(many[:, None] - outcomes, axis=2)
        if nearest.min(axis=1).max() > 1e-7:
            error = many.mean(axis=0) - gradients.mean(axis=0)
            spread = many.std(axis=0) / np.sqrt(len(many))
            if (np.abs(error) > 6 * spread).any():
                raise AssertionError(
                    "the mean of 2000 estimates is not the mean of all rows: "
                    "how much of the data does each group stand for?"
                )
            raise AssertionError(
                f"with the sizes {sizes} some estimates are none that can come: "
                "draw sizes[k] rows from each group k, no others"
            )
        seen = np.bincount(nearest.argmin(axis=1), minlength=len(outcomes))
        expected = len(many) * ways / ways.sum()
        assert (seen[expected > 20] > 0).all(), (
            "some batches never come: rows are drawn with replacement, each of a group with the same probability"
        )
        assert (np.abs(seen - expected) < 7 * np.sqrt(expected)).all(), (
            "the rows of a group are not drawn equally often"
        )


@graded("3b, variance")
def check_variance(stratified_variance):
    def answer(gradients, groups, sizes):
        return number(stratified_variance(*copies(gradients, groups), np.array(sizes)), "the mean squared error")

    gradients, groups = _grouped(7, (2, 3))
    before = answer(gradients, groups, (1, 2))
    halved = answer(gradients, groups, (2, 4))
    assert np.isclose(halved, before / 2), (
        f"with every size doubled the error must halve; yours goes to {halved / before:.3g}"
    )
    moved = answer(gradients + np.array([3.0, -1.0]) * groups[:, None], groups, (1, 2))
    assert np.isclose(moved, before), (
        "when all rows of one group move by the same vector, the error stays as it is; yours changes: "
        "spread around what?"
    )
    grown = answer(2 * gradients, groups, (1, 2))
    assert np.isclose(grown, 4 * before), (
        f"rows twice as long make the error 4 times as large, and yours {grown / before:.3g}"
    )
    still = np.vstack([gradients[groups == 0], np.zeros((2, 2))]), np.array([0, 0, 1, 1])
    wider = np.vstack([still[0], np.zeros((4, 2))]), np.append(still[1], [1, 1, 1, 1])
    share = answer(*wider, (1, 1)) / answer(*still, (1, 1))
    assert np.isclose(share, 0.25), (
        "a group falls from 1/2 to 1/4 of the data, beside one without spread: its part of the error must fall "
        f"to 0.25 of what it was, and yours falls to {share:.3g}"
    )
    for seed, counts, sizes in ((8, (2, 3), (1, 2)), (9, (2, 2, 3), (1, 2, 1))):
        gradients, groups = _grouped(seed, counts)
        exact = ((_outcomes(gradients, groups, sizes) - gradients.mean(axis=0)) ** 2).sum(axis=1).mean()
        got = answer(gradients, groups, sizes)
        assert np.isclose(got, exact), (
            f"over all batches that can come the mean squared error is {exact:.5g}, and you say {got:.5g}"
        )


@graded("3c, split")
def check_split(split, stratified_variance, gradients, groups, batch):
    split = array(split, (3,), "the split")
    assert (split == np.round(split)).all() and (split >= 1).all(), "a split is three whole numbers, each at least 1"
    assert split.sum() == batch, f"the batch has {batch} rows, and yours {split.sum():.0f}"
    own = number(stratified_variance(gradients, groups, split), "the mean squared error")
    for give, take in product(range(3), repeat=2):
        other = split + np.eye(3)[take] - np.eye(3)[give]
        if other.min() >= 1:
            better = number(stratified_variance(gradients, groups, other), "the mean squared error")
            assert better >= own * (1 - 1e-9), (
                "by your own stratified_variance there is a better split: "
                "one row less of one group, one more of another"
            )


# --- 4: how curved, how flat ---------------------------------------------------------------------


def _extreme(form, d, sign):
    """The largest (sign 1) or the least (sign -1) value of form(u) over unit vectors u."""
    rng = np.random.default_rng(10)

    def along(u):
        return -sign * form(u) / (u @ u)

    runs = [minimize(along, rng.standard_normal(d), method="BFGS", options={"gtol": 1e-10}) for _ in range(4)]
    return -sign * min(run.fun for run in runs)


def _bend(r, delta):
    """The second derivative of the loss, by differences."""
    h = 1e-3 * delta
    return delta * (np.hypot(r + h, delta) - 2 * np.hypot(r, delta) + np.hypot(r - h, delta)) / h**2


def _form(X, weights, lam, penalised):
    """u -> the curvature of the risk along u, where the losses of the samples bend by these weights."""
    return lambda u: (weights * (X @ u) ** 2).mean() + lam * (u[:penalised] @ u[:penalised])


@graded("4b, L")
def check_smoothness(smoothness, X):
    rng = np.random.default_rng(11)
    small = np.column_stack([3 * rng.standard_normal((5, 2)), np.ones(5)])
    flat = np.column_stack([0.1 * rng.standard_normal((6, 2)), np.ones(6)])
    for data, lam in ((small, 0.0), (small, 0.4), (flat, 0.8), (X, 0.3)):
        d = data.shape[1]
        bound = number(smoothness(data.copy(), lam), "L")
        true = _extreme(_form(data, np.ones(len(data)), lam, d - 1), d, 1)
        assert bound >= true * (1 - 1e-6), (
            f"L = {bound:.4g} does not hold: where all residuals are 0, some direction has the curvature {true:.4g}"
        )
        assert bound <= true * (1 + 1e-6), (
            f"L = {bound:.4g} holds, but a smaller number does too (n = {len(data)}, lam = {lam}): "
            "is every part of it attained, and at once?"
        )


def _least_curvature(w, X, y, delta, lam):
    """The least curvature of the risk at w."""
    form = _form(X, _bend(X @ w - y, delta), lam, X.shape[1] - 1)
    basis = np.eye(X.shape[1])
    hessian = [[(form(a + b) - form(a - b)) / 4 for a in basis] for b in basis]
    return np.linalg.eigvalsh(hessian)[0]


@graded("4b, mu on a ball")
def check_ball(floor_on_ball, X, y, delta, lam):
    rng = np.random.default_rng(12)
    _, some, labels = _samples(13, n=15, d=3)
    for data in ((some, labels, 1.0, 0.3, 0.5), (some, labels, 2.0, 0.1, 2.0), (X[:40], y[:40], delta, lam, 1.0)):
        mu = number(floor_on_ball(*copies(*data)), "mu")
        assert mu > 0, f"mu = {mu:.3g}: on a ball all residuals are bounded, and there is a positive number that holds"
        radius, d = data[-1], data[0].shape[1]
        ends = [u / np.linalg.norm(u) * radius for u in rng.standard_normal((150, d))]
        least = min(_least_curvature(w, *data[:-1]) for w in ends)
        assert mu <= least * (1 + 1e-4), (
            f"mu = {mu:.3g} does not hold on the whole ball: at a point of it the least curvature is {least:.3g}"
        )
    for x, label, radius in ((np.array([[1.5, 1.0]]), 1.0, 1.0), (np.array([[0.5, 1.0]]), -2.0, 3.0)):
        mu = number(floor_on_ball(x.copy(), np.array([label]), 2.0, 0.5, radius), "mu")
        circle = [radius * np.array([np.cos(a), np.sin(a)]) for a in np.linspace(0, 2 * np.pi, 721)]
        least = min(_least_curvature(w, x, np.array([label]), 2.0, 0.5) for w in circle)
        assert mu <= least * (1 + 1e-4), (
            f"for one sample mu = {mu:.4g} does not hold: the least curvature is {least:.4g}"
        )
        assert mu >= least * 0.999, (
            f"for one sample mu = {mu:.3g} holds, but {least:.3g} does too: how large can its residual be, "
            "and what does the penalty add?"
        )
    before = number(floor_on_ball(some, labels, 2.0, 0.1, 1.0), "mu")
    after = number(floor_on_ball(np.vstack([some, some[:1]]), np.append(labels, 1e5), 2.0, 0.1, 1.0), "mu")
    assert after >= 0.999 * before * 15 / 16, (
        f"one outlier more among 16 samples, and mu falls from {before:.3g} to {after:.3g}: "
        "the others bend as they did. Bound each residual for itself"
    )


# --- 5: convex or not ----------------------------------------------------------------------------


def _explained(t, low, high):
    """Whether some convex function lies between low and high at all points t."""
    m = len(t)
    rows = np.zeros((max(m - 2, 0), m))
    for j in range(1, m - 1):  # slopes do not fall
        left, right = 1 / (t[j] - t[j - 1]), 1 / (t[j + 1] - t[j])
        rows[j - 1, j - 1 : j + 2] = -left, left + right, -right
    return linprog(np.zeros(m), rows, np.zeros(len(rows)), bounds=list(zip(low, high, strict=True))).status == 0


@graded("5b, refute")
def check_refute(refute):
    rng = np.random.default_rng(14)
    t = np.array([0.0, 1.0, 2.0, 4.0, 5.0, 7.0])
    cases = [
        ("a line", t, 2 * t - 1, 0.01),
        ("a parabola", t, (t - 3) ** 2, 0.01),
        ("a concave function", t, -(t**2), 0.01),
        ("a parabola with errors", t, (t - 3) ** 2 / 50 + 0.1 * np.array([1, -1, 1, -1, 1, -1]), 0.1),
        ("a line with errors of almost the size that is allowed", t, t + 0.0999 * np.array([-1, 1, -1, 1, -1, 1]), 0.1),
        ("a bump just above the errors", t, np.array([0, 0, 0.21, 0, 0, 0]), 0.1),
        ("a wide and shallow arch", np.arange(9.0), -0.0213 * (np.arange(9.0) - 4) ** 2, 0.1),
        ("a bump on one side", t, np.array([0, 0, 0, 0, 3.0, 3.2]), 0.3),
    ]
    for _ in range(12):
        some = np.sort(rng.uniform(-2, 2, 7))
        cases.append(("a noisy function", some, rng.choice([-0.3, 0.3]) * some**2 + 0.2 * rng.standard_normal(7), 0.15))
    for what, points, values, error in cases:
        margin = 1e-5  # what rounding could decide is not asked for
        possible = _explained(points, values - error - margin, values + error + margin)
        if possible != _explained(points, values - error + margin, values + error - margin):
            continue
        triple = refute(*copies(points, values), error)
        if triple is None:
            assert possible, (
                f"{what}: None, although no convex function comes within {error} of all values. Are all triples tried?"
            )
            continue
        assert isinstance(triple, tuple | list | np.ndarray) and len(triple) == 3, (
            f"return None or three indices, got {triple!r}"
        )
        i, j, k = (int(index) for index in triple)
        assert 0 <= i < j < k < len(points), f"{what}: the indices must rise, within the points; got {(i, j, k)}"
        three = [i, j, k]
        assert not _explained(points[three], values[three] - error - margin, values[three] + error + margin), (
            f"{what}: false alarm. A convex function comes within {error} of the three values at {points[three]}, "
            f"which are {np.round(values[three], 3)}"
        )


def _cauchy(w, X, y, c, lam):
    return (c * c / 2 * np.log1p(((X @ w - y) / c) ** 2)).mean() + lam / 2 * (w @ w)


@graded("5c, strength")
def check_strength(convex_strength, X):
    rng = np.random.default_rng(15)
    for data in (np.array([[2.0]]), rng.standard_normal((6, 2)), 3 * rng.standard_normal((3, 4)), X[:50]):
        lam, d = number(convex_strength(data.copy()), "lam"), data.shape[1]
        r, h = np.sqrt(3.0), 1e-3  # where the loss with c = 1 bends down most

        def curvature(u, data=data, lam=lam, r=r, h=h):
            losses = [np.log1p((r + sign * h) ** 2) / 2 for sign in (-1, 0, 1)]
            return (losses[0] - 2 * losses[1] + losses[2]) / h**2 * ((data @ u) ** 2).mean() + lam * (u @ u)

        least, scale = _extreme(curvature, d, -1), _extreme(lambda u, data=data: ((data @ u) ** 2).mean(), d, 1)
        assert least >= -1e-5 * scale, (
            f"lam = {lam:.4g} is too small: for some labels the risk has the curvature {least:.3g} in some direction"
        )
        assert least <= 1e-5 * scale, (
            f"lam = {lam:.4g} does it, but less would, for every y and c: at the worst labels the least curvature "
            f"is {least:.3g}, and could be 0"
        )


@graded("5d, witness")
def check_witness(witness, X, y, c, lam):
    d = X.shape[1]
    a, b = (array(point, (d,), "each point") for point in pair(witness, "two points"))
    ends = _cauchy(a, X, y, c, lam), _cauchy(b, X, y, c, lam)
    middle = _cauchy((a + b) / 2, X, y, c, lam)
    excess = middle - sum(ends) / 2
    assert excess > 0, (
        f"between your points the risk is {middle:.4g} and the chord {sum(ends) / 2:.4g}: "
        "below it, as for a convex function"
    )
    assert excess > 1e-6 * max(map(abs, ends)), (
        f"the risk is above the chord by {excess:.1e} only: is that more than rounding?"
    )
