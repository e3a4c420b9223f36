"""What the study of the chapter `comparison` found: its table, and the decision guide that follows from it."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from studies.comparison import ENTRIES, NAMES, Results
from studies.problems import Case

LONG = Path(__file__).with_name("comparison-long.csv")  # written by the long version
FIRST_ORDER = ["GD", "Momentum", "NAG", "AdaGrad", "RMSProp", "Adam"]
BATCHES = ["SGD", *FIRST_ORDER[1:]]
SMOOTH = ["quadratic 10", "quadratic 100", "quadratic 10000", "Rosenbrock", "tumours"]
Rows = dict[tuple[str, str], dict[str, Any]]


def table(results: Results, cases: list[Case]) -> Rows:
    """A row for each problem and method: medians over the new starts, between the least and the most."""
    rows: Rows = {}
    for case in cases:
        for entry in ENTRIES:
            r = results[case.name, entry.name]
            calls = r.calls(case.tol)
            rows[case.name, entry.name] = {
                "same as": r.twin or "",
                "step": r.eta,
                "steps": len(r.solving),  # that solve the problem, of the grid
                "default": int(np.isclose(r.solving, entry.default).any()) if entry.tuned else len(r.solving),
                "tuning": sum(trial.spent for trial in r.trials) if entry.tuned else 0.0,
                "solved": int(np.isfinite(calls).sum()),
                "of": len(calls),
                "least": calls.min(),
                "median": np.median(calls),
                "most": calls.max(),
                "seconds": np.median(r.seconds(case.tol)),
                "gap": np.median([run.lowest for run in r.runs]),
            }
    return rows


def total(rows: Rows, name: str, column: str) -> float:
    """The sum of a column over the problems."""
    return sum(row[column] for (_, method), row in rows.items() if method == name)


def text(*numbers: float) -> str:
    """Medians of calls, side by side."""
    return " / ".join("never" if x == math.inf else f"{x:.3g}" for x in numbers)


class Verdict(NamedTuple):
    """A line of the decision guide."""

    advice: str
    holds: bool  # whether the rows bear it out
    numbers: str
    reach: str  # where it ends


def verdicts(rows: Rows) -> list[Verdict]:
    """The decision guide, each line with the numbers that it rests on."""

    def calls(name: str, problems: list[str] = SMOOTH) -> list[float]:
        return [float(rows[problem, name]["median"]) for problem in problems]

    def best(names: list[str], problem: str) -> float:
        return min(calls(name, [problem])[0] for name in names)

    def all_below(a: list[float], b: list[float]) -> bool:
        return all(x < y for x, y in zip(a, b, strict=True))

    lbfgs, newton, gd, ball = (calls(name) for name in ("L-BFGS", "Newton", "GD", "Momentum"))
    others = [best(FIRST_ORDER, problem) for problem in SMOOTH]
    solved = [name for name in NAMES if best([name], "lasso") < math.inf]
    projected = best(["Prox", "ADMM"], "shares")
    logits = best([*FIRST_ORDER, "L-BFGS", "Newton"], "shares")
    sgd, *batches = (best([name], "odd digits") for name in BATCHES)
    whole = best(["GD", "Newton", "L-BFGS", "ADMM"], "odd digits")
    steps = {name: int(total(rows, name, "steps")) for name in BATCHES}
    rest = [rows[problem, "AdamW"]["gap"] for problem in ("tumours", "odd digits")]
    return [
        Verdict(
            "Smooth, and a gradient on all data is affordable: L-BFGS, before any method of the first order.",
            all_below(lbfgs, others),
            f"{text(*lbfgs)} calls against {text(*others)} of the best of {len(FIRST_ORDER)}",
            "Whole gradients, a smooth f, and calls that cost more than its own work: see seconds.",
        ),
        Verdict(
            "A Hessian costs d gradients: Newton where the condition number is what hurts, L-BFGS elsewhere.",
            [n < q for n, q in zip(newton, lbfgs, strict=True)] == [False, False, True, False, False],
            f"{text(*newton)} calls against {text(*lbfgs)}",
            "Small d, and a positive definite Hessian: with no trust region it failed on shares and lasso.",
        ),
        Verdict(
            "Momentum at its usual 0.9: for condition numbers of 100 and more.",
            ball[0] > gd[0] and all_below(ball[1:3], gd[1:3]),
            f"{text(*ball[:3])} calls against {text(*gd[:3])} of GD",
            f"Three quadratics. On tumours GD is faster, {text(gd[4])} against {text(ball[4])}. Other beta: see below.",
        ),
        Verdict(
            "A kink: a method that has its prox.",
            set(solved) == {"Prox", "ADMM"},
            ", ".join(f"{name} {text(best([name], 'lasso'))}" for name in solved) + " calls, the other ten never",
            "One lasso. To 1e-3 some subgradient methods get too.",
        ),
        Verdict(
            "A set with a cheap projection: project, instead of hiding the set in the variables.",
            projected < logits,
            f"{text(projected)} calls against {text(logits)}",
            "One simplex, its solution on the border, where logits go to infinity.",
        ),
        Verdict(
            "Many samples, one per cent: batches, with momentum or adaptive steps.",
            max(batches) < whole,
            f"{text(min(batches))} to {text(max(batches))} passes (SGD alone {text(sgd)}) against {text(whole)}",
            "Constant steps stop at the noise. In seconds, small batches pay overhead on every one.",
        ),
        Verdict(
            "No time to tune, gradients alone, no line search: Adam has the most steps that work.",
            steps["Adam"] == max(steps.values()),
            ", ".join(f"{name} {count}" for name, count in steps.items()),
            "That is the grid's doing too: a wider one adds steps that fail. Its default step is another matter.",
        ),
        Verdict(
            "An objective with an L2 penalty: not AdamW, which comes to rest elsewhere.",
            min(rest) > 1e-2,
            f"lowest gap {rest[0]:.1e} and {rest[1]:.1e} of the start's",
            "What its decay does for held-out data was not measured here.",
        ),
    ]


def html_table(head: list[str], lines: list[list[str]], caption: str) -> str:
    """A table that scrolls in a box of its own; a first column of short names stays in view."""
    ground = "var(--pst-color-background, var(--jp-layout-color0, white))"
    stay = (
        f";position:sticky;left:0;background:{ground}"
        if all(len(re.sub("<.*?>", "", x[0])) < 16 for x in lines)
        else ""
    )

    def cell(tag: str, content: str, style: str = "") -> str:
        length = len(re.sub("<.*?>", "", content))
        width = f"min-width:{27 if length > 100 else 11}rem" if length > 30 else "white-space:nowrap"
        content = re.sub(r"(?<=\de)-(?=\d)", "\N{NON-BREAKING HYPHEN}", content)  # 1e-3 stays on one line
        return f'<{tag} style="padding:0.25rem 0.6rem;text-align:left;{width}{style}">{content}</{tag.split()[0]}>'

    top = cell('th scope="col"', head[0], stay) + "".join(cell('th scope="col"', name) for name in head[1:])
    body = "".join(
        "<tr>" + cell('th scope="row"', line[0], stay) + "".join(cell("td", x) for x in line[1:]) + "</tr>"
        for line in lines
    )
    label = caption.partition(".")[0]
    return (
        f'<p>{caption}</p><div class="pst-scrollable-table-container" style="overflow-x:auto">'
        f'<table class="dataframe" aria-label="{label}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def load(path: Path = LONG) -> Rows:
    """The rows that the long version wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {key: float(x) for key, x in row.items() if key not in ("problem", "method", "same as")}
    return {(row["problem"], row["method"]): row for row in rows}
