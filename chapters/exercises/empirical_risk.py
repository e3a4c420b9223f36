"""Checks of the coding exercises of `empirical-risk`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing


def check_logistic_risk(logistic_risk):
    """`logistic_risk(w, X, y)` returns the mean logistic loss for labels 0/1, and its gradient."""
    rng = np.random.default_rng(0)
    for n, d in ((1, 1), (2, 3), (40, 4)):
        w, X, y = rng.standard_normal(d), rng.standard_normal((n, d)), np.arange(n) % 2
        answer = _quietly(logistic_risk, w, X, y)
        if missing(answer):
            return NOT_DONE
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            return f"return a pair, the value and the gradient, not {type(answer).__name__}"
        value, gradient = answer
        if missing(value) or missing(gradient):
            return NOT_DONE
        if np.ndim(value) != 0:
            return f"the value must be one number, the mean over the samples, and has shape {np.shape(value)}"
        if np.shape(gradient) != w.shape:
            return f"the gradient must have the shape of w, {w.shape}, and has {np.shape(gradient)}"
    for problem in (_value_verdict, _large_logits, _gradient_verdict):
        verdict = problem(logistic_risk)
        if verdict != PASSED:
            return verdict
    return PASSED


def _quietly(function, *args):
    """Its answer, with what it does to its arguments kept from the next call and no warnings printed."""
    with np.errstate(all="ignore"):
        return function(*(a.copy() if isinstance(a, np.ndarray) else a for a in args))


def _value_verdict(logistic_risk):
    one = np.ones((1, 1))

    def loss(z, label):
        return float(_quietly(logistic_risk, np.array([z]), one, np.array([label]))[0])

    if np.isclose(loss(2.0, 0), np.log(2)) and np.isclose(loss(-3.0, 0), np.log(2)):
        return "a sample with label 0 costs log 2 whatever is predicted: the formula with s wants -1/+1, so s = 2y - 1"
    if loss(2.0, 1) > loss(-2.0, 1):
        return "with label 1 the loss rises with the logit: is the sign of the margin right?"
    if not np.isclose(loss(0.0, 1), np.log(2)):
        return f"at the logit 0 the loss is log 2 = 0.6931, and yours is {loss(0.0, 1):.4f}: is there something extra?"
    for z in (2.0, -1.5):
        if not np.isclose(loss(z, 1), np.log(1 + np.exp(-z)), rtol=1e-9):
            return f"for the logit {z} and label 1 the loss is {np.log(1 + np.exp(-z)):.4f}, and yours {loss(z, 1):.4f}"
        if not np.isclose(loss(z, 0), loss(-z, 1), rtol=1e-9):
            return "label 0 with the logit z must cost as much as label 1 with -z"
    rng = np.random.default_rng(1)
    w, X, y = rng.standard_normal(3), rng.standard_normal((10, 3)), rng.integers(0, 2, 10)
    once, twice = (
        float(_quietly(logistic_risk, w, *data)[0]) for data in ((X, y), (np.vstack([X, X]), np.append(y, y)))
    )
    if np.isclose(twice, 2 * once):
        return "with every sample taken twice your value doubles: the risk is the mean, divide by n"
    if not np.isclose(twice, once):
        return "with every sample taken twice the mean loss must stay as it is"
    return PASSED


def _large_logits(logistic_risk):
    for z, label in ((-1e4, 1), (1e4, 0), (1e4, 1), (-1e4, 0)):
        try:
            value, gradient = _quietly(logistic_risk, np.array([z]), np.ones((1, 1)), np.array([label]))
        except OverflowError:  # by math.exp, which raises where np.exp gives inf
            return f"at the logit {z:g} with label {label} there is an overflow: which exponent is positive?"
        wrong = (z > 0) != (label == 1)
        if not (np.isfinite(value) and np.isfinite(gradient).all()):
            return f"at the logit {z:g} with label {label} there is an overflow: value {value}, gradient {gradient}"
        if not np.isclose(value, 1e4 if wrong else 0.0, atol=1e-9):
            return (
                f"at the logit {z:g} with label {label} the loss is {1e4 if wrong else 0:g}, and yours is {value:.4g}: "
                "a small number added inside the logarithm, or a clipped probability, hides the overflow and is wrong"
            )
    tiny = float(_quietly(logistic_risk, np.array([40.0]), np.ones((1, 1)), np.array([1]))[0])
    if not np.isclose(tiny, np.exp(-40.0), rtol=1e-6, atol=0):
        return f"at the logit 40 with label 1 the loss is {np.exp(-40):.1e}, yours {tiny:.1e}: 1 + tiny is rounded to 1"
    return PASSED


def _gradient_verdict(logistic_risk):
    rng = np.random.default_rng(2)
    w, X, y = rng.standard_normal(3), rng.standard_normal((10, 3)), rng.integers(0, 2, 10)
    gradient, h = np.asarray(_quietly(logistic_risk, w, X, y)[1]), 1e-6
    slope = np.array(
        [
            (_quietly(logistic_risk, w + h * e, X, y)[0] - _quietly(logistic_risk, w - h * e, X, y)[0]) / (2 * h)
            for e in np.eye(3)
        ]
    )
    if np.allclose(gradient, slope, atol=1e-6):
        return PASSED
    if np.allclose(gradient, -slope, atol=1e-6):
        return "the value is right, and the gradient is minus what it should be: is it (p - y) and not (y - p)?"
    if np.allclose(gradient, 10 * slope, atol=1e-5):
        return "the value is a mean and the gradient a sum: the 1/n is missing in the gradient"
    return "the value is right, and its gradient is not the slope of it: with p the probability of 1 it is X'(p - y)/n"


def check_ridge(ridge):
    """`ridge(X, y, lam)` returns the minimiser of the mean squared loss (1/2n)||Xw - y||^2 plus (lam/2)||w||^2."""
    rng = np.random.default_rng(3)
    for n, d, lam in ((20, 3, 0.1), (6, 6, 0.02), (4, 9, 0.5), (50, 2, 3.0)):
        X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
        try:
            w = _quietly(ridge, X, y, lam)
        except np.linalg.LinAlgError:
            return f"with n = {n} samples and d = {d} weights your matrix is singular: n lam I makes it invertible"
        if missing(w):
            return NOT_DONE
        if np.shape(w) != (d,):
            return f"the weights must have shape ({d},), and have {np.shape(w)}"
        w, A, b = np.asarray(w), X.T @ X / n, X.T @ y / n
        size = 3e-5 * (1 + np.linalg.norm(b))  # also what a general minimiser finds, to half the digits

        def solves(penalty, w=w, A=A, b=b, size=size):
            return np.linalg.norm(A @ w + penalty * w - b) <= size

        if solves(lam):
            continue
        for penalty, verdict in (
            (lam / n, "lam stands beside X'X: that is the penalty for the sum of the losses, for the mean it is n lam"),
            (0.0, "these are the weights without a penalty: where does lam enter?"),
            (2 * lam, "twice the penalty: the gradient of (lam/2)||w||^2 is lam w"),
            (lam / 2, "half the penalty: the gradient of (lam/2)||w||^2 is lam w"),
            (-lam, "the penalty has the wrong sign: it is added to X'X, and shrinks the weights"),
        ):
            if solves(penalty):
                return verdict
        gap = np.linalg.norm(A @ w + lam * w - b)
        return f"for n = {n}, d = {d} the gradient at your weights is {gap:.1e} long, and at the minimiser it is 0"
    return PASSED


def check_huber_location(huber_location):
    """`huber_location(y, delta)` returns the number z with the least sum of Huber losses of z - y_i."""
    rng = np.random.default_rng(4)
    samples = [
        (np.array([0.0, 1.0, 2.0, 3.0, 100.0]), 1.0),
        (rng.standard_normal(30) * 5 + 40, 2.0),
        (np.append(rng.standard_normal(15), [-30.0, -35.0, -1000.0]), 0.3),
        (rng.standard_normal(8), 50.0),
        (np.array([-7.0]), 0.5),
    ]
    for y, delta in samples:
        z = _quietly(huber_location, y, delta)
        if missing(z):
            return NOT_DONE
        if np.ndim(z) != 0 or not np.isfinite(z):
            return f"the location must be one finite number, got {z!r}"
        pull = np.clip(z - y, -delta, delta).mean() / delta  # the slope, between -1 and 1
        if abs(pull) <= 1e-5:  # also what a search on the values finds, to half the digits
            continue
        if np.isclose(z, np.mean(y)):
            return "that is the mean, which an outlier drags along: residuals beyond delta count as delta"
        if np.isclose(z, np.median(y)):
            return "that is the median, which looks at signs alone: residuals within delta count as they are"
        if np.isclose(z, np.clip(y, np.median(y) - delta, np.median(y) + delta).mean()):
            return "that is one step from the median: clip around the new location, and again, until it stays"
        return (
            f"at {z:.4g} the clipped residuals do not add up to 0: the location must go {'down' if pull > 0 else 'up'}"
        )
    return PASSED
