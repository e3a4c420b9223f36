"""Checks of the coding exercises of `distributed`.

They test properties, so that every correct answer passes. Each check returns one sentence: PASSED, NOT_DONE,
or what is wrong.
"""

import numpy as np
from exercises.verdicts import NOT_DONE, PASSED, missing


def check_top_k(top_k):
    """`top_k(v, k)` keeps the k entries of largest modulus."""
    rng = np.random.default_rng(0)
    for v, k in (
        *((rng.standard_normal(d), k) for d, k in ((6, 2), (6, 6), (1, 1), (40, 13))),
        (np.array([-5.0, 4.0, 0.5]), 1),
        (np.array([2.0, -2.0, 2.0, 2.0]), 2),
    ):
        before = v.copy()
        c = top_k(v, k)
        if missing(c):
            return NOT_DONE
        if not np.array_equal(v, before):
            return "v itself was changed: work on a new array"
        if isinstance(c, tuple | list) and any(np.ndim(part) for part in c):
            return "return one vector, and nothing beside it"
        if np.shape(c) != v.shape:
            return (
                f"the result must have the shape of v, {v.shape}, with zeros where nothing is kept; got {np.shape(c)}"
            )
        c = np.asarray(c, dtype=float)
        if not np.isfinite(c).all():
            return "the result has entries that are not finite: start from zeros, not from an empty array"
        if not np.array_equal(c[c != 0], v[c != 0]):
            return "what is kept must stay as it is, with its sign and its size"
        if np.count_nonzero(c) > k:
            return f"{np.count_nonzero(c)} entries are kept of {v}, more than k = {k}: mind equal moduli"
        if np.count_nonzero(c) < k:
            return f"{np.count_nonzero(c)} entries are kept of {v}, fewer than k = {k}"
        if not np.isclose(np.sum(c**2), np.sum(np.sort(v**2)[-k:])):
            return "not the entries of largest modulus are kept: a large negative number is large"
    return PASSED


def check_feedback_round(feedback_round):
    """`feedback_round(compress, e, g, eta)` returns the message and the new memory."""
    rng = np.random.default_rng(1)

    def first(v):
        return np.where(np.arange(v.size) == 0, v, 0.0)

    for compress, what in ((lambda v: v.copy(), "all"), (first, "the first entry"), (np.zeros_like, "nothing")):
        e, g, eta, asked = rng.standard_normal(4), rng.standard_normal(4), 0.1, []

        def spy(v, compress=compress, asked=asked):
            asked.append(np.array(v, dtype=float))
            return compress(np.asarray(v, dtype=float))

        before = e.copy(), g.copy()
        result = feedback_round(spy, e, g, eta)
        if missing(result):
            return NOT_DONE
        if not (np.array_equal(e, before[0]) and np.array_equal(g, before[1])):
            return "e or g itself was changed: return new arrays"
        if not isinstance(result, tuple | list | np.ndarray) or len(result) != 2:
            return "return two things: the message and the new memory"
        if missing(result[0]) or missing(result[1]):
            return NOT_DONE
        m, kept = (np.asarray(part, dtype=float) for part in result)
        if m.shape != e.shape or kept.shape != e.shape:
            return f"message and memory must have the shape of e, {e.shape}; got {m.shape} and {kept.shape}"
        if not asked:
            return "compress was not called"
        if any(np.allclose(v, eta * g) for v in asked):
            return "the gradient alone was compressed: add what the worker owes, e, before compressing"
        if any(np.allclose(v, g + e) for v in asked):
            return "the step size belongs inside: compress eta * g + e"
        if any(np.allclose(v, eta * (g + e)) for v in asked):
            return "e has its step size already: compress eta * g + e, not eta * (g + e)"
        if not any(np.allclose(m, compress(v)) for v in asked):
            return "the message must be what compress returns"
        if not np.allclose(m + kept, eta * g + e):
            if np.allclose(kept - m, -(eta * g + e)):
                return "the memory has the wrong sign: it is what was to be sent minus what was sent"
            if np.allclose(kept, e + (eta * g - m)) or np.allclose(kept, eta * g - m):
                return "the memory forgets or counts e wrongly: it is eta * g + e minus the message"
            return f"nothing may be lost: message plus new memory must be eta * g + e; it is not where {what} is sent"
    return PASSED


def check_local_round(local_round):
    """`local_round(grads, weights, x, eta, H)` is the weighted mean of the ends of H steps from x."""
    rng = np.random.default_rng(2)
    for H, weights in ((1, [0.5, 0.5]), (3, [0.5, 0.3, 0.2]), (4, [1.0]), (5, [0.1, 0.9])):
        N, x, eta = len(weights), rng.standard_normal(3), 0.1
        a, c = rng.uniform(0.5, 4, (N, 3)), rng.standard_normal((N, 3))
        calls = [[] for _ in range(N)]

        def grad(i, a=a, c=c, calls=calls):
            def slope(y):
                calls[i].append(np.array(y, dtype=float))
                return a[i] * (calls[i][-1] - c[i])

            return slope

        before = x.copy()
        got = local_round([grad(i) for i in range(N)], list(weights), x, eta, H)
        if missing(got):
            return NOT_DONE
        if not np.array_equal(x, before):
            return "x itself was changed: y = y - ..., not y -= ..., for y is x at the start"
        if np.shape(got) != x.shape:
            return f"return one point of shape {x.shape}, got {np.shape(got)}"
        if any(not np.allclose(asked[0], before) for asked in calls if asked):
            return "every worker starts from the same x, not from where another one ended"
        if any(len(asked) != H for asked in calls):
            return f"every worker makes H = {H} steps; gradients asked for: {[len(asked) for asked in calls]}"
        ends = c + (1 - eta * a) ** H * (before - c)
        if np.allclose(got, np.asarray(weights) @ ends):
            continue
        if N > 1 and np.allclose(got, ends.mean(axis=0)):
            return "the mean must be weighted: a worker with more samples counts for more"
        if np.allclose(got, np.asarray(weights) @ ends / N) or np.allclose(got, ends.sum(axis=0)):
            return "the weights add up to 1 already: the mean is the sum of weight times end"
        moved = before - np.asarray(weights) @ ends
        if np.allclose(got, moved) or np.allclose(got, -moved):
            return "that is what the round moves: return the point where it ends"
        uphill = [last + eta * a[i] * (last - c[i]) for i, last in enumerate(asked[-1] for asked in calls)]
        if np.allclose(got, np.asarray(weights) @ np.array(uphill)):
            return "the steps go uphill: y = y - eta * grad(y)"
        if any(
            not np.allclose(asked[1], asked[0] - eta * a[i] * (asked[0] - c[i]))
            for i, asked in enumerate(calls)
            if H > 1
        ):
            return "between two gradients a worker makes a step of its own: y = y - eta * grad(y)"
        return "the result is not the weighted mean of the workers' ends"
    return PASSED
