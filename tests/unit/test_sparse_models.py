"""The sparse models of the chapter `proximal-gradient` beside those of scikit-learn, on the chapter's data."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression

import optlib as ol

DATA = Path(__file__).parents[2] / "chapters" / "data"


def standardised(columns):
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def table(name):
    data = np.loadtxt(DATA / name, delimiter=",", skiprows=1)
    return standardised(data[:, :-1]), data[:, -1]


BASE, MILES = table("auto-mpg.csv")
SQUARES = standardised(np.column_stack([BASE, *(BASE[:, i] * BASE[:, j] for i in range(7) for j in range(i, 7))]))
CARS = ol.EmpiricalRisk(ol.losses.Squared(), SQUARES, MILES - MILES.mean())
CELLS, MALIGNANT = table("breast-cancer.csv")
TUMOURS = ol.EmpiricalRisk(ol.losses.Logistic(), CELLS, MALIGNANT)


def solved(risk, penalty, start, tol=1e-9):
    run = ol.minimize(risk, start, ol.FISTA(penalty, 1 / risk.lipschitz), tol=tol, maxiter=50_000)
    assert run.success
    return run.x


def test_the_lasso_path_is_that_of_scikit_learn():
    top = ol.theory.er_lambda_max(CARS.grad(np.zeros(35)))
    ours = np.zeros(35)
    for share in (0.9, 0.3, 0.1, 0.03, 0.01):
        lam = share * top
        ours = solved(CARS, ol.penalties.L1(lam), ours)
        theirs = Lasso(alpha=lam, fit_intercept=False, tol=1e-12, max_iter=200_000).fit(CARS.X, CARS.y).coef_
        assert ours == pytest.approx(theirs, abs=1e-5)
        assert np.array_equal(ours != 0, theirs != 0)
    assert not solved(CARS, ol.penalties.L1(top * (1 + 1e-12)), np.zeros(35)).any()


def test_scikit_learn_reports_the_same_duality_gap():
    lam = 0.05 * ol.theory.er_lambda_max(CARS.grad(np.zeros(35)))
    rough = Lasso(alpha=lam, fit_intercept=False, tol=1e-3, max_iter=10_000).fit(CARS.X, CARS.y)
    ours = ol.duality_gap(CARS, ol.penalties.L1(lam), rough.coef_)
    fine = ol.penalties.L1(lam)
    x = solved(CARS, fine, rough.coef_)
    true = CARS(rough.coef_) + fine(rough.coef_) - CARS(x) - fine(x)
    assert true - 1e-12 <= rough.dual_gap_ <= ours * (1 + 1e-9)  # theirs may take the better of two multiples


def test_the_elastic_net_is_that_of_scikit_learn():
    lam1, lam2 = 0.3, 0.2
    ours = solved(CARS, ol.penalties.ElasticNet(lam1, lam2), np.zeros(35))
    model = ElasticNet(
        alpha=lam1 + lam2, l1_ratio=lam1 / (lam1 + lam2), fit_intercept=False, tol=1e-12, max_iter=100_000
    )
    assert ours == pytest.approx(model.fit(CARS.X, CARS.y).coef_, abs=1e-6)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_sparse_logistic_regression_is_that_of_scikit_learn(share):
    lam = share * ol.theory.er_lambda_max(TUMOURS.grad(np.zeros(30)))
    ours = solved(TUMOURS, ol.penalties.L1(lam), np.zeros(30), tol=1e-8)
    model = LogisticRegression(
        C=1 / (len(MALIGNANT) * lam), l1_ratio=1, solver="liblinear", fit_intercept=False, tol=1e-9, max_iter=10_000
    )
    theirs = model.fit(CELLS, MALIGNANT).coef_[0]
    assert ours == pytest.approx(theirs, abs=2e-4)
    assert np.array_equal(ours != 0, theirs != 0)


@pytest.mark.parametrize("share", [0.6, 0.2, 0.05])
def test_the_group_lasso_meets_its_optimality_conditions(share):
    groups = np.repeat(np.arange(7), 2)
    columns = standardised(np.column_stack([c for j in range(7) for c in (BASE[:, j], BASE[:, j] ** 2)]))
    risk = ol.EmpiricalRisk(ol.losses.Squared(), columns, CARS.y)
    lam = share * ol.theory.er_lambda_max(risk.grad(np.zeros(14)), groups=groups)
    x = solved(risk, ol.penalties.GroupL2(lam, groups), np.zeros(14))
    g, zero = risk.grad(x), 0
    for k in range(7):
        part, slope = x[groups == k], g[groups == k]
        if part.any():
            assert part.all()  # a group is in as a whole
            assert slope == pytest.approx(-lam * np.sqrt(2) * part / np.linalg.norm(part), abs=1e-7)
        else:
            zero += 1
            assert np.linalg.norm(slope) <= lam * np.sqrt(2)
    assert zero > 0
