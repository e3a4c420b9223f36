"""The projection onto the simplex by thresholds, beside the plain form that sorts, in high dimension.

``python tests/benchmarks/simplex.py`` prints medians of interleaved runs, in process time.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
from time import process_time

import numpy as np

import optlib as ol

PAIRS, D = 51, 100_000


def main():
    rng = np.random.default_rng(0)
    inputs = {
        "Gaussian": rng.normal(size=D),
        "Gaussian / 100": rng.normal(size=D) / 100,
        "sparse answer": 100 * rng.normal(size=D),
        "dense answer": rng.normal(size=D) / (5 * D),
    }
    print(f"d = {D}\n{'input':16}{'nonzeros':>10}{'thresholds us':>15}{'sorting us':>12}{'ratio':>8}")
    simplex = ol.sets.Simplex()
    for name, v in inputs.items():
        times = []
        for _ in range(PAIRS):
            start = process_time()
            x = simplex.project(v)
            middle = process_time()
            plain = ol.sets.simplex_by_sorting(v)
            times.append((middle - start, process_time() - middle))
            assert np.allclose(x, plain, rtol=1e-9, atol=1e-14)
        ours, sorting = (1e6 * statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(b / a for a, b in times)
        print(f"{name:16}{np.count_nonzero(x):>10}{ours:>15.0f}{sorting:>12.0f}{ratio:>8.1f}")


if __name__ == "__main__":
    main()
