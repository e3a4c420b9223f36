"""Both sides of a comparison, interleaved in one run: medians of process time, which other programs disturb little."""

import statistics
from time import process_time


def seconds(*calls, repeats=9):
    """Median seconds of each call, and the median of the ratios of the first call's time to each other call's."""
    times = []
    for _ in range(repeats):
        row = []
        for call in calls:
            start = process_time()
            call()
            row.append(process_time() - start)
        times.append(row)
    medians = [statistics.median(column) for column in zip(*times, strict=True)]
    ratios = [statistics.median(row[0] / row[i] for row in times) for i in range(1, len(calls))]
    return medians, ratios
