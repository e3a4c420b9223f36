"""Checks of the coding exercises of `logistic-sgd`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import math

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, TooManyCalls, missing

import optlib as ol


def _quietly(function, *args):
    """Its answer, with what it does to its arguments kept from the next call and no warnings printed."""
    with np.errstate(all="ignore"):
        return function(*(a.copy() if isinstance(a, np.ndarray) else a for a in args))


def _soft(z, p):
    """The loss with the label p, to about 16 digits."""
    return p * np.logaddexp(0, -z) + (1 - p) * np.logaddexp(0, z)


def check_soft_loss(soft_loss):
    """`soft_loss(z, p)` returns -p log sigma(z) - (1 - p) log sigma(-z), entry by entry, for scores of any size."""
    rng = np.random.default_rng(0)
    z, p = 3 * rng.standard_normal(12), rng.uniform(size=12)
    try:
        value = _quietly(soft_loss, z, p)
        if missing(value):
            return NOT_DONE
        if np.shape(value) != (12,):
            return f"one loss for each entry is wanted, of shape (12,); yours has shape {np.shape(value)}"
        value = np.asarray(value, dtype=float)
        if not np.allclose(value, _soft(z, p), rtol=1e-9):
            if np.allclose(value, _soft(z, 1 - p), rtol=1e-9):
                return "p is the probability of 1: it goes with log sigma(z), and 1 - p with log sigma(-z)"
            if np.allclose(value, -_soft(z, p), rtol=1e-9):
                return "the sign is wrong: a loss is minus a log-likelihood, and positive"
            if np.allclose(value, _soft(z, np.round(p)), rtol=1e-9):
                return "p was rounded to 0 or 1: a soft label counts for both outcomes, with p and 1 - p"
            if np.allclose(value, p * np.logaddexp(0, -z), rtol=1e-9):
                return "the half of the other outcome is missing: (1 - p) times the loss of label 0"
            return (
                f"for z = {z[0]:.3f} and p = {p[0]:.3f} the loss is {_soft(z[0], p[0]):.6f}, and yours {value[0]:.6f}"
            )
        for score, label in ((-1e4, 1.0), (1e4, 0.0), (1e4, 1.0), (-1e4, 0.0), (2000.0, 0.3), (-2000.0, 0.9)):
            got = float(_quietly(soft_loss, np.array([score]), np.array([label]))[0])
            truth = float(_soft(score, label))
            if not math.isfinite(got):
                return (
                    f"at z = {score:g} with p = {label:g} an exponential overflows: the loss is {truth:g}, yours {got}"
                )
            if not math.isclose(got, truth, rel_tol=1e-9, abs_tol=1e-300):
                return (
                    f"at z = {score:g} with p = {label:g} the loss is {truth:g}, and yours {got:.4g}: something added "
                    "in the logarithm, or a clipped score, hides it"
                )
        for score, label in ((40.0, 1.0), (-40.0, 0.0), (300.0, 1.0)):
            got = float(_quietly(soft_loss, np.array([score]), np.array([label]))[0])
            truth = float(_soft(score, label))
            if not math.isclose(got, truth, rel_tol=1e-6):
                return (
                    f"at z = {score:g} with p = {label:g} the loss is {truth:.2e}, and yours {got:.2e}: 1 + tiny is "
                    "rounded to 1, where log1p(tiny) is not, or two large terms were subtracted"
                )
    except OverflowError:  # by math.exp, which raises where np.exp gives inf
        return "an exponential overflows: which exponent can be positive?"
    return PASSED


def check_sgd(sgd):
    """`sgd(X, y, lam, lr, batches)` makes one step for each index array in `batches`, from 0."""
    rng = np.random.default_rng(1)
    n, d, lam = 40, 3, 0.1
    X, y = rng.standard_normal((n, d)), rng.integers(0, 2, n).astype(float)
    picked = [rng.integers(0, n, size=8) for _ in range(30)]

    def lr(t):
        return 0.8 / math.sqrt(t + 1)

    def run(lam=lam, lr=lr, rows=lambda i: i, loss="mean", signs=False, shift=0, last=30, at_zero=False):
        """The same loop, with one mistake that may be asked for."""
        w = np.zeros(d)
        for t, i in enumerate(picked[:last]):
            Xb, yb = X[rows(i)], (2 * y - 1 if signs else y)[rows(i)]
            slopes = 1 / (1 + np.exp(-Xb @ (0 * w if at_zero else w))) - yb
            g = Xb.T @ slopes / (len(yb) if loss == "mean" else 1) + lam * w
            w = w - lr(t + shift) * g
        return w

    answer = _quietly(sgd, X, y, lam, lr, list(picked))
    if missing(answer):
        return NOT_DONE
    if np.shape(answer) != (d,):
        return f"return the last weights, of shape ({d},); yours have shape {np.shape(answer)}"
    if not np.allclose(answer, run(), rtol=1e-8, atol=1e-10):
        for mistake, verdict in (
            (run(lam=0.0), "the penalty is missing: its gradient lam w belongs to each step"),
            (run(lam=2 * lam), "twice the penalty: the gradient of (lam/2)||w||^2 is lam w"),
            (run(lam=lam / 2), "half the penalty: the gradient of (lam/2)||w||^2 is lam w"),
            (run(loss="sum"), "the gradient is the mean over the batch: divide by its length"),
            (run(lr=lambda t: lr(0)), "the step never changes: it is lr(t), t = 0, 1, 2, ..."),
            (run(shift=1), "the steps are counted from 0: the first is lr(0), and yours lr(1)"),
            (run(rows=lambda i: np.arange(n)), "each step uses all samples: it is X[i] and y[i], i the batch"),
            (run(signs=True), "the labels are 0 and 1, and sigma(z) - y wants them so; yours were made -1 and 1"),
            (run(last=1), "only one step was made: go through all batches"),
            (run(last=29), "the last batch is not used"),
            (run(at_zero=True), "every gradient is taken at 0: take it at the current w"),
            (-run(), "it went uphill: the step is minus lr times the gradient"),
            (run(lr=lambda t: -lr(t)), "it went uphill: the step is minus lr times the gradient"),
        ):
            if np.allclose(answer, mistake, rtol=1e-8, atol=1e-10):
                return verdict
        return "after 30 steps your weights are not those of w - lr(t) (X[i]'(sigma(X[i] w) - y[i])/len(i) + lam w)"

    try:
        once = _quietly(sgd, X, y, lam, lr, (i for i in picked))
    except (TypeError, IndexError):
        once = None
    if missing(once) or not np.allclose(once, run(), rtol=1e-8, atol=1e-10):
        return "batches may be a generator, which can be gone through once, and has no length"
    far = _quietly(sgd, 1e4 * X, y, lam, lr, list(picked))
    if not np.isfinite(far).all():
        return "with X a ten thousand times larger the weights are not finite: does your sigma(z) make inf/inf?"
    before = X.copy(), y.copy()
    with np.errstate(all="ignore"):
        sgd(X, y, lam, lr, list(picked))
    if not (np.array_equal(before[0], X) and np.array_equal(before[1], y)):
        return "X or y was changed: leave the caller's data as they are"
    return PASSED


def check_stop_early(stop_early):
    """`stop_early(losses, patience)` returns the epoch and the value of the best loss, and stops in time."""
    curves = [
        ([0.7, 0.5, 0.4, 0.45, 0.42, 0.41, 0.43, 0.3, 0.2], 3, 2),
        ([0.7, 0.5, 0.6, 0.55, 0.45, 0.5, 0.48, 0.3, 0.35, 0.31, 0.33, 0.1], 3, 7),
        ([0.5, 0.6, 0.7, 0.8, 0.9, 0.1], 2, 0),
        ([0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.7], 3, 1),
        ([0.9, 0.8, 0.85, 0.7, 0.75, 0.6, 0.65, 0.66, 0.1], 2, 5),
        ([0.4, 0.6, 0.5, 0.45, 0.44, 0.3, 0.2], 3, 0),
        ([1.2, 1.1, 1.05, 1.07, 1.04, 1.06], 1, 2),
    ]
    for losses, patience, best in curves:
        taken = 0

        def stream(losses=losses):
            nonlocal taken
            for value in losses:
                taken += 1
                yield value
            for k in range(1000):  # the run could go on for ever
                taken += 1
                yield 0.05 + k
            raise TooManyCalls

        try:
            answer = stop_early(stream(), patience)
        except TooManyCalls:
            return f"losses never end: stop after {patience} epochs in a row without a new best"
        if missing(answer):
            return NOT_DONE
        if not (isinstance(answer, (tuple, list)) and len(answer) == 2):
            return f"return two things, the epoch and its loss, got {answer!r}"
        epoch, value = answer
        shown = ", ".join(map(str, losses[: best + patience + 1]))
        case = f"patience {patience}, losses {shown}, ...:"
        if taken > best + patience + 1:
            if best == 1 and losses[2] == losses[1]:
                return "an equal loss is no improvement: only a smaller one starts the count anew"
            if epoch == best:
                return f"{case} stop after the last of these; you asked for {taken} losses"
            return (
                f"{case} stop after the last of these; is each compared with the best so far, not with the one before?"
            )
        if taken < best + patience + 1:
            return (
                f"{case} you stopped after {taken} of these: {patience} epochs in a row without a new best are wanted"
            )
        if epoch == taken - 1:
            return f"losses {shown}: the epoch of the best loss is wanted, {best}, not that of the last, {epoch}"
        if epoch == best + 1:
            return "epochs are counted from 0: the first loss belongs to epoch 0"
        if epoch != best:
            return f"losses {shown}: the best is in epoch {best}, and yours is {epoch}"
        if value != losses[best]:
            return f"losses {shown}: the best loss is {losses[best]}, and yours {value}"
    short = iter([0.5, 0.4, 0.3])
    try:
        answer = stop_early(short, 5)
    except (StopIteration, RuntimeError):
        return "losses may end before the patience does: then the best so far is the answer"
    if missing(answer) or tuple(answer) != (2, 0.3):
        return f"losses 0.5, 0.4, 0.3 and no more: the answer is (2, 0.3), and yours {answer!r}"
    return PASSED


def check_standard_errors(standard_errors):
    """`standard_errors(X, w)` returns the standard error of each weight, by the inverse Fisher information."""
    rng = np.random.default_rng(2)
    for n, d in ((50, 1), (80, 3), (200, 5)):
        X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.4)
        w = rng.standard_normal(d)
        answer = _quietly(standard_errors, X, w)
        if missing(answer):
            return NOT_DONE
        if np.shape(answer) != (d,):
            return f"one standard error a weight is wanted, of shape ({d},); yours has shape {np.shape(answer)}"
        labels = np.where(rng.random(n) < 0.5, 1, 0)  # the Hessian does not depend on them
        information = n * ol.EmpiricalRisk(ol.losses.Logistic(), X, labels).hess(w)
        covariance = np.linalg.inv(information)
        right = np.sqrt(np.diag(covariance))
        if np.allclose(answer, right, rtol=1e-6):
            continue
        for mistake, verdict in (
            (np.diag(covariance), "these are variances: the standard error is the root"),
            (right * np.sqrt(n), "too large by the root of n: the information of n samples is a sum, not a mean"),
            (right / np.sqrt(n), "too small by the root of n: n is in the sum already"),
            (
                1 / np.sqrt(np.diag(information)),
                "the inverse of the diagonal is not the diagonal of the inverse: invert the matrix first",
            ),
            (
                np.sqrt(np.diag(np.linalg.inv(X.T @ X))),
                "X'X without weights is least squares: a sample counts with sigma(z) sigma(-z)",
            ),
            (
                2 * np.sqrt(np.diag(np.linalg.inv(X.T @ X))),
                "the weights sigma(z) sigma(-z) were taken at w = 0, where they are 1/4: take them at w",
            ),
            (1 / right, "that is one over the standard error"),
        ):
            if np.allclose(answer, mistake, rtol=1e-6):
                return verdict
        return (
            f"for n = {n}, d = {d} the first standard error is {right[0]:.4f}, and yours {np.asarray(answer)[0]:.4f}: "
            "the information is the sum of sigma(z) sigma(-z) x x'"
        )
    return PASSED
