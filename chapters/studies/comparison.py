"""The study of the chapter `comparison`: twelve methods, eight problems, one protocol.

The page runs it with a small budget. As a script it does the same, or more:

    python chapters/studies/comparison.py            # what the page does, as text
    python chapters/studies/comparison.py --long     # some minutes; writes studies/comparison-long.csv

Everything is counted in oracle calls: f, with its gradient or without, at one point is one call; on a batch of b of
the n samples b/n; a Hessian is d calls, as many products as it has columns, and so is a factorisation of one.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: more threads would only wait for each other

import numpy as np

import optlib as ol
from optlib.steps.line_search import LineSearchError

sys.path.insert(0, str(Path(__file__).parents[1]))

from studies.problems import Case, all_cases

TOLERANCES = 10.0 ** np.arange(-1, -9, -1)  # of the gap, as a share of the gap at the start


# --- the methods ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One row of the lecture notes' table. `make` is given the number that is tuned, and the case."""

    name: str
    make: Callable[[float, Case], ol.Method]
    tuned: bool = True
    batches: bool = False  # runs on batches where the case has them
    prox: bool = False  # is given f and g apart
    default: float = math.nan  # optlib's own choice of what is tuned

    def twin(self, case: Case) -> str | None:
        """The method that this one is on this problem, step by step."""
        if self.name == "SGD" and not case.batch:
            return "GD"
        if self.name == "Prox" and not case.split:
            return "GD"
        return "Adam" if self.name == "AdamW" and not case.decay else None


ENTRIES = [
    Entry("GD", lambda eta, case: ol.GradientDescent(eta), default=1e-2),
    Entry("SGD", lambda eta, case: ol.SGD(eta), batches=True, default=1e-2),
    Entry("Momentum", lambda eta, case: ol.HeavyBall(eta, beta=0.9), batches=True, default=1e-2),
    Entry("NAG", lambda eta, case: ol.Nesterov(eta, beta=0.9), batches=True, default=1e-2),
    Entry("AdaGrad", lambda eta, case: ol.AdaGrad(eta), batches=True, default=1e-2),
    Entry("RMSProp", lambda eta, case: ol.RMSProp(eta), batches=True, default=1e-3),
    Entry("Adam", lambda eta, case: ol.Adam(eta), batches=True, default=1e-3),
    Entry("AdamW", lambda eta, case: ol.AdamW(eta, weight_decay=case.decay), batches=True, default=1e-3),
    Entry("Newton", lambda eta, case: ol.Newton(ol.line_search.Backtracking()), tuned=False),
    Entry("L-BFGS", lambda eta, case: ol.LBFGS(), tuned=False),
    Entry("Prox", lambda eta, case: ol.ProximalGradient(case.g, eta), prox=True, default=1e-2),
    Entry("ADMM", lambda eta, case: ol.ADMM(case.g, rho=eta), prox=True, default=1.0),
]
NAMES = [entry.name for entry in ENTRIES]


# --- the protocol -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Protocol:
    """What is the same for all: grid, budget, starts."""

    grid: np.ndarray = field(default_factory=lambda: 10.0 ** np.linspace(-4, 1, 11))
    budget: float = 800  # oracle calls a run
    passes: float = 20  # the same where there are batches
    starts: int = 6  # new ones, after tuning on start 0


LONG_PROTOCOL = Protocol(grid=10.0 ** np.linspace(-4, 1, 21), budget=10_000, passes=200, starts=12)


@dataclass(frozen=True)
class Run:
    """When each of TOLERANCES was first met, in calls and in seconds (inf: never), and the lowest gap."""

    calls: np.ndarray
    seconds: np.ndarray
    lowest: float
    spent: float

    def at(self, tol: float) -> float:
        return float(self.calls[np.isclose(TOLERANCES, tol)][0])


def run(
    entry: Entry,
    case: Case,
    eta: float,
    seed: int,
    budget: float,
) -> Run:
    """One run, until the last tolerance is met or the budget used up."""
    problem, x0, price, every, judge = setting(entry, case, seed)
    calls, seconds = np.full((2, len(TOLERANCES)), math.inf)
    targets = [*TOLERANCES.tolist(), -math.inf]
    first, lowest, met, spent = math.nan, math.inf, 0, 0.0
    nfev, njev, nhev = problem.nfev, problem.njev, problem.nhev
    begin = perf_counter()
    method = entry.make(eta, case)
    for t, it in enumerate(iterates(method, problem, x0)):
        # a step is a call at least
        new = max(problem.nfev - nfev, problem.njev - njev, t)
        spent = price * new + len(x0) * (problem.nhev - nhev)
        if case.direct and entry.name == "ADMM" and t:
            spent += case.d  # its factorisation
        if spent > budget:
            break
        if t % every:
            continue
        value, paused = it.fun, perf_counter()
        if judge is not None:  # nobody pays, in calls or seconds
            value = judge.uncounted(it.x)
            begin += perf_counter() - paused
        gap = value - case.minimum
        first = gap if t == 0 else first
        if not gap < 1e6 * first:  # nan too
            break
        lowest = min(lowest, gap / first)
        while lowest <= targets[met]:
            calls[met], seconds[met] = spent, perf_counter() - begin
            met += 1
        if met == len(TOLERANCES):
            break
    return Run(calls, seconds, lowest, min(spent, budget))


def setting(entry: Entry, case: Case, seed: int) -> tuple[ol.Problem, np.ndarray, float, int, ol.Problem | None]:
    """What the method is given, from which start, at which price a call; every how many steps it is judged, by what."""
    z = case.start(np.random.default_rng(seed))
    problem, x0 = (case.f, case.to_x(z)) if entry.prox else (case.plain or case.f, z)
    price, every, judge = 1.0, 1, None
    if entry.name == "AdamW" and case.decay:  # the penalty's part is in its steps; it is judged like all others
        problem, every, judge = case.risk, 7, case.f
    if entry.batches and case.batch:
        price, every, judge = case.batch / case.f.n_samples, 7, case.f
        problem = problem.minibatch(case.batch, seed=seed)
    return problem, x0, price, every, judge


def iterates(method: ol.Method, problem: ol.Problem, x0: np.ndarray) -> Iterator[ol.Iterate]:
    """The method's iterates, for as long as it can go on."""
    try:
        with np.errstate(all="ignore"), problem.run():
            yield from method.iterate(problem, x0)
    except (LineSearchError, np.linalg.LinAlgError):
        return


@dataclass(frozen=True)
class Result:
    """A method on a problem: its tuning on start 0, then the runs from the new starts."""

    tol: float
    eta: float  # the step chosen
    grid: np.ndarray
    trials: tuple[Run, ...]  # one for each step of the grid
    runs: tuple[Run, ...]
    twin: str | None = None  # whose result this is

    @property
    def solving(self) -> np.ndarray:
        """The steps of the grid that met the tolerance."""
        return self.grid[[trial.at(self.tol) < math.inf for trial in self.trials]]

    def calls(self, tol: float) -> np.ndarray:
        return np.array([r.at(tol) for r in self.runs])

    def seconds(self, tol: float) -> np.ndarray:
        k = int(np.flatnonzero(np.isclose(TOLERANCES, tol))[0])
        return np.array([r.seconds[k] for r in self.runs])


def measure(entry: Entry, case: Case, protocol: Protocol) -> Result:
    """Tune on start 0: the fewest calls to the tolerance, else the lowest gap; then new starts with that step."""
    budget = protocol.passes if case.batch else protocol.budget
    grid = protocol.grid if entry.tuned else np.array([math.nan])
    trials = [run(entry, case, eta, 0, budget) for eta in grid]
    best = min(range(len(grid)), key=lambda i: (trials[i].at(case.tol), trials[i].lowest))
    runs = [run(entry, case, grid[best], seed, budget) for seed in range(1, protocol.starts + 1)]
    return Result(case.tol, grid[best], grid, tuple(trials), tuple(runs))


Results = dict[tuple[str, str], Result]


def study(cases: list[Case], protocol: Protocol) -> Results:
    """All methods on all problems; a method that is another one there takes over its result."""
    results: Results = {}
    for case in cases:
        waiting = []
        for entry in ENTRIES:
            if twin := entry.twin(case):
                waiting.append((entry.name, twin))
            else:
                results[case.name, entry.name] = measure(entry, case, protocol)
        for name, twin in waiting:
            results[case.name, name] = replace(results[case.name, twin], twin=twin)
    return results


def costs(results: Results, cases: list[Case], tol: float | None = None) -> np.ndarray:
    """Calls to the tolerance, inf where it was not met: a row for each start of each problem, a column a method."""
    columns = [np.concatenate([results[c.name, name].calls(tol or c.tol) for c in cases]) for name in NAMES]
    return np.column_stack(columns)


def main() -> None:
    from studies.guide import LONG, table, verdicts

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--long", action="store_true", help=f"the larger budget; writes {LONG.name}")
    long, begin = parser.parse_args().long, perf_counter()
    cases = all_cases()
    rows = table(study(cases, LONG_PROTOCOL if long else Protocol()), cases)
    lines = [
        {"problem": problem, "method": method, **{k: x if isinstance(x, str) else f"{x:.3g}" for k, x in row.items()}}
        for (problem, method), row in rows.items()
    ]
    widths = {key: max(len(line[key]) for line in [*lines, {key: key}]) for key in lines[0]}
    for line in [{key: key for key in widths}, *lines]:
        print("  ".join(line[key].rjust(width) for key, width in widths.items()))
    for verdict in verdicts(rows):
        print("holds:" if verdict.holds else "FAILS:", verdict.advice, verdict.numbers)
    print(f"{perf_counter() - begin:.0f} s")
    if long:
        with LONG.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, lines[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)


if __name__ == "__main__":
    main()
