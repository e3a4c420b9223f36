"""Bad input: each error names the argument and says what was expected. One row a `raise` that a user can reach."""

import ast
import re
import sys
from pathlib import Path
from unittest.mock import Mock

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import optimize, sparse

import optlib as ol
from optlib.methods.quasi_newton import bfgs_update
from optlib.objectives.losses import Loss

P = ol.Problem(lambda x: float((x**2).sum()), jac=lambda x: 2 * x)
Q = ol.Quadratic([1.0, 2.0])
SUM = ol.FiniteSum(lambda x, rows: float(rows @ rows + x @ x), 3)
GD = ol.GradientDescent(0.1)
X, Y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.0, 1.0])
RUN = ol.minimize(Q, [1.0, 1.0], GD)
THREE = ol.minimize(ol.Quadratic([1.0, 2.0, 3.0]), np.ones(3), GD)
schedules, search, losses, penalties, theory = ol.schedules, ol.line_search, ol.losses, ol.penalties, ol.theory
sets = ol.sets


def problem(fun=lambda x: 1.0, **derivatives):
    return ol.Problem(fun, **derivatives)


def sequence(*iterates):
    """What a student might hand to `minimize`: a generator function of these iterates."""
    return lambda problem, x: iter(iterates)


# (expression, kind of error, words of its message); the argument's name is among the words
TABLE = [
    # -- Problem
    (lambda: ol.Problem(3), TypeError, "fun must be callable, got 3"),
    (lambda: problem(jac="2-point"), TypeError, "jac must be callable, True or None, got '2-point'"),
    (lambda: problem(hess=True), TypeError, "hess must be callable or None"),
    (lambda: problem(hessp=[1]), TypeError, "hessp must be callable or None"),
    (lambda: P([[1.0, 2.0]]), ValueError, r"x must be one-dimensional and not empty, got shape \(1, 2\)"),
    (lambda: P([]), ValueError, r"x must be one-dimensional and not empty, got shape \(0,\)"),
    (lambda: P(["a"]), TypeError, "x must hold real numbers"),
    (lambda: P([1j]), TypeError, "x must hold real numbers"),
    (lambda: P([[1.0], [1.0, 2.0]]), ValueError, "x must be an array of numbers"),
    (lambda: problem(lambda x: x)([1.0, 2.0]), ValueError, "fun must return one real number, got array"),
    (lambda: problem(lambda x: None)([1.0]), ValueError, "fun must return one real number, got None"),
    (lambda: problem(lambda x: 1j)([1.0]), ValueError, "fun must return one real number"),
    (lambda: problem(jac=True)([1.0]), ValueError, r"fun must return \(f, g\), as jac=True says, got 1.0"),
    (lambda: problem(jac=lambda x: [1.0]).grad([1.0, 2.0]), ValueError, r"jac must return shape \(2,\), got \(1,\)"),
    (lambda: problem(lambda x: (1.0, [1.0]), jac=True).grad([1.0, 2.0]), ValueError, r"jac must return shape \(2,\)"),
    (
        lambda: problem(hess=lambda x: np.eye(3)).hess([1.0]),
        ValueError,
        r"hess must return shape \(1, 1\), got \(3, 3\)",
    ),
    (lambda: problem(hess=lambda x: sparse.eye_array(3)).hess([1.0]), ValueError, r"hess must return shape \(1, 1\)"),
    (lambda: problem(hessp=lambda x, v: [1.0]).hessp([1.0, 2.0], X[0]), ValueError, r"hessp must return shape \(2,\)"),
    (lambda: P.hess([1.0]), ValueError, "no `hess`"),
    (lambda: P.hessp([1.0], np.ones(1)), ValueError, "no `hess`"),
    # -- minimize
    (lambda: ol.minimize(3, [1.0], GD), TypeError, "fun must be callable"),
    (lambda: ol.minimize(P, [1.0], GD, jac=abs), ValueError, "jac, hess and hessp belong to the Problem"),
    (lambda: ol.minimize(P, [1.0, np.nan], GD), ValueError, r"x0 must be finite, got \[ 1. nan\]"),
    (lambda: ol.minimize(P, [[1.0]], GD), ValueError, "x0 must be one-dimensional"),
    (lambda: ol.minimize(P, [], GD), ValueError, "x0 must be one-dimensional and not empty"),
    (lambda: ol.minimize(P, None, GD), TypeError, "x0 must hold real numbers"),
    (lambda: ol.minimize(P, [1.0], ol.GradientDescent), TypeError, "method must be an instance of Method"),
    (lambda: ol.minimize(P, [1.0], "bfgs"), TypeError, "method must be an instance of Method or a generator function"),
    (lambda: ol.minimize(P, [1.0], ol.Newton()), ValueError, "Newton needs `hess`"),
    (lambda: ol.minimize(P, [1.0], ol.GradientDescent(search.Exact())), ValueError, "GradientDescent needs `hessp`"),
    (lambda: ol.minimize(P, [1.0], GD, tol=-1.0), ValueError, "tol must not be negative"),
    (lambda: ol.minimize(P, [1.0], GD, tol="1e-6"), TypeError, "tol must be a number"),
    (lambda: ol.minimize(P, [1.0], GD, tol=np.nan), ValueError, "tol must be finite"),
    (lambda: ol.minimize(P, [1.0], GD, maxiter=-1), ValueError, "maxiter must be at least 0"),
    (lambda: ol.minimize(P, [1.0], GD, maxiter=10.0), TypeError, "maxiter must be an integer"),
    (lambda: ol.minimize(P, [1.0], GD, max_time=0), ValueError, "max_time must be positive"),
    (lambda: ol.minimize(P, [1.0], GD, callback=3), TypeError, "callback must be callable"),
    (lambda: ol.minimize(P, [1.0], GD, record="yes"), ValueError, "record must be True, False or 'auto'"),
    (lambda: ol.minimize(P, [1.0], sequence((1, 2))), TypeError, r"method must yield Iterate\(x, fun, grad"),
    (lambda: ol.minimize(P, [1.0], sequence()), ValueError, "method yielded no iterate"),
    (lambda: ol.minimize(P, [1.0], lambda problem, x: None), TypeError, "method must be a generator function"),
    # -- SciPy's protocol
    (lambda: scipy_minimize(options={"gtol": 1e-3}), ValueError, "unknown option 'gtol'; GradientDescent knows"),
    (lambda: scipy_minimize(bounds=[(0, 1)]), ValueError, "GradientDescent takes neither bounds nor constraints"),
    (lambda: scipy_minimize(constraints={"type": "eq", "fun": sum}), ValueError, "neither bounds nor constraints"),
    # -- methods
    (lambda: ol.GradientDescent(step=0), ValueError, "step must be positive, got 0"),
    (lambda: ol.GradientDescent(step=-0.1), ValueError, "step must be positive"),
    (lambda: ol.GradientDescent(step="big"), TypeError, "step must be a number"),
    (lambda: ol.GradientDescent(step=True), TypeError, "step must be a number"),
    (lambda: ol.GradientDescent(step=np.inf), ValueError, "step must be finite"),
    (lambda: ol.Newton(step=0.0), ValueError, "step must be positive"),
    (lambda: ol.HeavyBall(lr=0.0), ValueError, "lr must be positive"),
    (lambda: ol.HeavyBall(lr=search.Backtracking()), TypeError, "lr must be a number or a function of the iteration"),
    (lambda: ol.HeavyBall(lr=lambda k: -1.0), ValueError, r"lr\(0\) must not be negative, got -1.0"),
    (lambda: ol.GradientDescent(search.Backtracking), TypeError, r"instance: write Backtracking\(...\)"),
    (lambda: ol.minimize(Q, [1.0], GD), ValueError, r"x0 must have shape \(2,\), got \(1,\)"),
    (lambda: ol.minimize(lambda x: (x @ x, x), [1.0, 2.0], GD), ValueError, r"for \(f, g\) say jac=True"),
    (lambda: ol.minimize(P, [1.0], ol.Newton), TypeError, r"write Newton\(\), not Newton"),
    (lambda: ol.minimize(P, [1.0], int), TypeError, "or a generator function, got <class 'int'>"),
    (lambda: P(np.ones((2, 2))), ValueError, r"x must be one-dimensional and not empty, got shape \(2, 2\)"),
    (lambda: ol.minimize(P, None, GD), TypeError, "x0 must hold real numbers, got None"),
    (lambda: problem(jac=lambda x: None).grad([1.0]), TypeError, "what jac returns must hold real numbers, got None"),
    (lambda: ol.HeavyBall(beta=1.0), ValueError, r"beta must lie in \[0, 1\), got 1.0"),
    (lambda: ol.HeavyBall(beta=-0.1), ValueError, r"beta must lie in \[0, 1\)"),
    (lambda: ol.Nesterov(lr=None), TypeError, "lr must be a number"),
    (lambda: ol.Nesterov(beta="a"), TypeError, "beta must be a number"),
    (lambda: ol.Nesterov(beta=1.5), ValueError, r"beta must lie in \[0, 1\)"),
    (lambda: ol.Nesterov(beta=lambda t: 1.0), ValueError, r"beta\(0\) must lie in \[0, 1\), got 1.0"),
    (lambda: ol.Nesterov(beta=lambda t: (t - 1) / (t + 2)), ValueError, r"beta\(0\) must not be negative, got -0.5"),
    (lambda: ol.HeavyBall(beta=lambda: 0.9), TypeError, "beta must be a number or a function of the iteration alone"),
    (lambda: ol.HeavyBall(beta=ol.schedules.Constant), TypeError, r"beta must be an instance: write Constant\(...\)"),
    (
        lambda: ol.minimize(P, [1.0], ol.HeavyBall(beta=lambda t: t / 2)),
        ValueError,
        r"beta\(2\) must lie in \[0, 1\), got 1.0",
    ),
    (lambda: ol.minimize(P, [1.0], ol.Nesterov(beta=lambda t: np.nan if t else 0.0)), ValueError, "must be finite"),
    (lambda: ol.newton_root(3, 1.0, abs), TypeError, "F must be callable"),
    (lambda: ol.newton_root(abs, 1.0, 2.0), TypeError, "jac must be callable"),
    (lambda: ol.newton_root(abs, np.nan, abs), ValueError, "x0 must be finite"),
    (lambda: ol.newton_root(lambda x: [1.0, 2.0], 1.0, abs), ValueError, r"F must return shape \(1,\), got \(2,\)"),
    (lambda: ol.newton_root(abs, [1.0, 2.0], abs), ValueError, r"jac must return shape \(2, 2\), got \(2,\)"),
    (lambda: ol.newton_root(abs, 1.0, abs, tol=-1), ValueError, "tol must not be negative"),
    (lambda: ol.newton_root(abs, 1.0, abs, maxiter=-1), ValueError, "maxiter must be at least 0"),
    # -- SGD and adaptive methods
    *[
        (lambda make=make: make(lr=0.0), ValueError, "lr must be positive, got 0.0")
        for make in (ol.SGD, ol.AdaGrad, ol.RMSProp, ol.Adam, ol.AdamW)
    ],
    *[
        (lambda make=make: make(eps=0.0), ValueError, "eps must be positive, got 0.0")
        for make in (ol.AdaGrad, ol.RMSProp, ol.Adam, ol.AdamW)
    ],
    *[
        (lambda make=make, name=name: make(**{name: 1.0}), ValueError, name + r" must lie in \[0, 1\), got 1.0")
        for make in (ol.Adam, ol.AdamW)
        for name in ("beta1", "beta2")
    ],
    (lambda: ol.RMSProp(rho=1.0), ValueError, r"rho must lie in \[0, 1\), got 1.0"),
    (lambda: ol.AdamW(weight_decay=-0.1), ValueError, "weight_decay must not be negative"),
    (lambda: ol.SGD(average=1), TypeError, "average must be True or False, got 1"),
    # -- quasi-Newton
    (lambda: ol.BFGS(step=0.0), ValueError, "step must be positive"),
    (lambda: ol.LBFGS(step="a"), TypeError, "step must be a number"),
    (lambda: ol.LBFGS(memory=0), ValueError, "memory must be at least 1, got 0"),
    (lambda: ol.LBFGS(memory=2.0), TypeError, "memory must be an integer"),
    (lambda: bfgs_update(np.eye(2), X[0], -X[0]), ValueError, r"s and y must have s'y > 0 .*, got -5"),
    (lambda: bfgs_update(np.eye(2), np.array([1.0, 0.0]), np.array([0.0, 1.0])), ValueError, "got 0"),
    # -- trust region, escape
    (lambda: ol.TrustRegion("newton"), ValueError, r"subproblem must be one of \['cauchy', 'dogleg', .*got 'newton'"),
    (lambda: ol.TrustRegion(radius=0.0), ValueError, "radius must be positive"),
    (lambda: ol.TrustRegion(max_radius=-1.0), ValueError, "max_radius must be positive"),
    (lambda: ol.TrustRegion(radius=2.0, max_radius=1.0), ValueError, "max_radius must be at least radius = 2.0, got 1"),
    (lambda: ol.minimize(P, [1.0], ol.TrustRegion()), ValueError, "TrustRegion needs `hessp`"),
    (lambda: ol.minimize(P, [1.0], ol.TrustRegion("exact")), ValueError, "TrustRegion needs `hess`"),
    (lambda: ol.minimize(P, [1.0], ol.CubicNewton()), ValueError, "CubicNewton needs `hess`"),
    (lambda: ol.CubicNewton(M=0.0), ValueError, "M must be positive"),
    (lambda: ol.PerturbedGradientDescent(step=0.0), ValueError, "step must be positive"),
    (lambda: ol.PerturbedGradientDescent(step=search.Backtracking()), TypeError, "step must be a number or a function"),
    (lambda: ol.PerturbedGradientDescent(radius=0.0), ValueError, "radius must be positive"),
    (lambda: ol.PerturbedGradientDescent(threshold=0.0), ValueError, "threshold must be positive"),
    (lambda: ol.PerturbedGradientDescent(patience=0), ValueError, "patience must be at least 1"),
    (lambda: ol.PerturbedGradientDescent(seed=-1), ValueError, "seed must be at least 0"),
    # -- proximal methods
    # -- constraints
    (lambda: ol.Lagrangian(abs), TypeError, "problem must be an optlib Problem"),
    (lambda: ol.Lagrangian(P, ineq=3), TypeError, "ineq must be a Problem or a callable, or a sequence of them, got 3"),
    (lambda: ol.Lagrangian(P, eq=[abs, 3]), TypeError, "eq must be a Problem or a callable"),
    (lambda: ol.Lagrangian(P, eq=P)([1.0]), ValueError, r"nu must have shape \(1,\), one a constraint, got \(0,\)"),
    (lambda: ol.Lagrangian(P, ineq=P).grad([1.0], [1.0, 2.0]), ValueError, r"lam must have shape \(1,\)"),
    (lambda: ol.Lagrangian(P).at(lam=1.0), ValueError, r"lam must have shape \(0,\)"),
    (lambda: ol.Lagrangian(P, ineq=P)([1.0], lam=["a"]), TypeError, "lam must hold real numbers"),
    (lambda: ol.kkt_residuals(P, [np.nan]), ValueError, "x must be finite"),
    (lambda: ol.kkt_residuals(P, [1.0], ineq=P), ValueError, r"lam must have shape \(1,\)"),
    (lambda: ol.ProjectedGradient(penalties.L1(1.0)), TypeError, "constraint must be a set of optlib.sets"),
    (lambda: ol.ProjectedGradient(ol.sets.Simplex(), step=0.0), ValueError, "step must be positive"),
    (lambda: ol.ProjectedGradient(ol.sets.Simplex(), search.Wolfe()), TypeError, "step must be a number, a schedule"),
    (lambda: ol.AugmentedLagrangian(ineq=3), TypeError, "ineq must be a Problem or a callable"),
    (lambda: ol.AugmentedLagrangian(eq="x"), TypeError, "eq must be a Problem or a callable"),
    (lambda: ol.AugmentedLagrangian(rho=0.0), ValueError, "rho must be positive"),
    # -- ADMM
    (lambda: ol.ADMM(0.1), TypeError, "penalty must be a penalty of optlib.penalties or a set of optlib.sets"),
    (lambda: ol.ADMM(penalties.L1(1.0), rho=0.0), ValueError, "rho must be positive"),
    (lambda: ol.ConsensusADMM(blocks=0), ValueError, "blocks must be at least 1"),
    (lambda: ol.ConsensusADMM(rho=-1.0), ValueError, "rho must be positive"),
    (lambda: ol.ConsensusADMM(penalty=0.1), TypeError, "penalty must be a penalty"),
    (lambda: ol.minimize(Q, X[0], ol.ConsensusADMM()), ValueError, "ConsensusADMM needs a finite sum, such as Empir"),
    (lambda: ol.minimize(SUM, X[0], ol.ConsensusADMM(4)), ValueError, "blocks must be at most n_samples = 3, got 4"),
    (lambda: ol.ConsensusADMM(client="local"), TypeError, "client must be a dask.distributed Client or None, got 'lo"),
    # -- distributed SGD
    (lambda: ol.DistributedSGD(workers=0), ValueError, "workers must be at least 1"),
    (lambda: ol.DistributedSGD(lr=0.0), ValueError, "lr must be positive"),
    (lambda: ol.DistributedSGD(local_steps=0), ValueError, "local_steps must be at least 1"),
    (lambda: ol.DistributedSGD(compressor="sign"), TypeError, "compressor must be a compressor of optlib.compressors"),
    (lambda: ol.DistributedSGD(feedback=1), TypeError, "feedback must be True or False, got 1"),
    (lambda: ol.DistributedSGD(client=print), TypeError, "client must be a dask.distributed Client or None"),
    (lambda: ol.DistributedSGD(client=Mock(asynchronous=True)), TypeError, "client must wait for its results, not be"),
    (lambda: ol.minimize(Q, X[0], ol.DistributedSGD()), ValueError, "DistributedSGD needs a finite sum, such as Empir"),
    (lambda: ol.minimize(SUM, X[0], ol.DistributedSGD(4)), ValueError, "workers must be at most n_samples = 3, got 4"),
    (lambda: ol.compressors.TopK(0), ValueError, "k must be at least 1, got 0"),
    (lambda: ol.compressors.TopK(0.1), TypeError, "k must be an integer"),
    # -- schedules and step rules
    *[
        (lambda make=make: make(0.0), ValueError, "eta0 must be positive")
        for make in (schedules.Constant, schedules.InverseSqrt, schedules.InverseTime, schedules.StepDecay)
    ],
    (lambda: schedules.Cosine(-1.0, steps=3), ValueError, "eta0 must be positive"),
    (lambda: schedules.Cosine(1.0, steps=0), ValueError, "steps must be at least 1"),
    (lambda: schedules.Cosine(1.0, steps=3, eta_min=0.0), ValueError, "eta_min must be positive"),
    (lambda: schedules.Cosine(1.0, steps=3, eta_min=2.0), ValueError, "eta_min must not exceed eta0 = 1.0, got 2.0"),
    (lambda: schedules.StepDecay(1.0, factor=1.0), ValueError, r"factor must lie in \(0, 1\)"),
    (lambda: schedules.StepDecay(1.0, factor=0.0), ValueError, r"factor must lie in \(0, 1\)"),
    (lambda: schedules.StepDecay(1.0, every=0), ValueError, "every must be at least 1"),
    (lambda: schedules.StepDecay(1.0, every=True), TypeError, "every must be an integer"),
    (lambda: schedules.Warmup("a", steps=3), TypeError, "schedule must be a number"),
    (lambda: schedules.Warmup(1.0, steps=0), ValueError, "steps must be at least 1"),
    (lambda: search.Fixed(-1.0), ValueError, "step must be positive"),
    (lambda: search.Backtracking(start=0.0), ValueError, "start must be positive"),
    (lambda: search.Backtracking(shrink=1.0), ValueError, r"shrink must lie in \(0, 1\)"),
    (lambda: search.Backtracking(c=0.0), ValueError, r"c must lie in \(0, 1\)"),
    (lambda: search.Backtracking(maxiter=0), ValueError, "maxiter must be at least 1"),
    (lambda: search.Wolfe(c1=0.0), ValueError, r"c1 must lie in \(0, 1\)"),
    (lambda: search.Wolfe(c2=1.0), ValueError, r"c2 must lie in \(0, 1\)"),
    (lambda: search.Wolfe(c1=0.5, c2=0.5), ValueError, "c2 must be larger than c1 = 0.5, got 0.5"),
    (lambda: search.Wolfe(maxiter=0), ValueError, "maxiter must be at least 1"),
    # -- objectives
    (lambda: ol.Quadratic([[1.0, 2.0]]), ValueError, r"A must have shape \(n, n\) or \(n,\), got \(1, 2\)"),
    (lambda: ol.Quadratic(1.0), ValueError, "A must have shape"),
    (lambda: ol.Quadratic([]), ValueError, "A must have shape"),
    (lambda: ol.Quadratic([[1.0, 2.0], [0.0, 1.0]]), ValueError, "A must be symmetric"),
    (lambda: ol.Quadratic([np.inf, 1.0]), ValueError, "A must be finite"),
    (lambda: ol.Quadratic([1.0, 2.0], [1.0]), ValueError, r"b must have shape \(2,\), got \(1,\)"),
    (lambda: Q([1.0]), ValueError, r"x must have shape \(2,\), got \(1,\)"),
    (lambda: Q.grad(np.ones(3)), ValueError, r"x must have shape \(2,\), got \(3,\)"),
    (lambda: ol.Quadratic([1.0, 0.0]).minimisers, ValueError, "A is not positive definite"),
    (lambda: ol.Quadratic([1.0, -1.0]).minimum, ValueError, "A is not positive definite"),
    (lambda: ol.Rosenbrock(1), ValueError, "n must be at least 2"),
    (lambda: ol.Rosenbrock(2.0), TypeError, "n must be an integer"),
    (lambda: ol.Huber1D(0.0), ValueError, "delta must be positive"),
    (lambda: ol.Huber1D(1.0, L=-1.0), ValueError, "L must be positive"),
    *[
        (lambda make=make: make()([1.0, 2.0, 3.0]), ValueError, r"x must have shape \(2,\), got \(3,\)")
        for make in (ol.Himmelblau, ol.Beale, ol.Booth)
    ],
    (lambda: ol.Huber1D(1.0)([1.0, 2.0]), ValueError, r"x must have shape \(1,\), got \(2,\)"),
    (lambda: ol.Rosenbrock(3)([1.0, 2.0]), ValueError, r"x must have shape \(3,\), got \(2,\)"),
    (lambda: ol.EmpiricalRisk("logistic", X, Y), TypeError, "loss must be a loss of optlib.losses"),
    (lambda: ol.EmpiricalRisk(losses.Logistic, X, Y), TypeError, "loss must be a loss of optlib.losses"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X, Y, 0.1), TypeError, "penalty must be a smooth penalty"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X[0], Y), ValueError, r"X must have shape \(n, d\)"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X[:0], Y[:0]), ValueError, r"X must have shape \(n, d\)"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X, Y[:1]), ValueError, r"y must have shape \(2,\).*got \(1,\)"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X * np.nan, Y), ValueError, "X must be finite"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), sparse.csr_array(X * np.inf), Y), ValueError, "X must be finite"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X, Y * np.nan), ValueError, "y must be finite"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X, ["a", "b"]), TypeError, "y must hold real numbers, got an array of"),
    (
        lambda: ol.EmpiricalRisk(losses.Logistic(), X, [1, 2]),
        ValueError,
        r"y must hold labels 0/1 or -1/\+1.*\[1. 2.\]",
    ),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X, Y)([1.0]), ValueError, r"x must have shape \(2,\)"),
    (lambda: penalties.L2(-1.0), ValueError, "lam must not be negative"),
    (lambda: penalties.L2("a"), TypeError, "lam must be a number"),
    # -- losses and penalties
    *[
        (lambda loss=loss: ol.EmpiricalRisk(loss, X, [1, 2]), ValueError, rf"0/1 or -1/\+1 for {type(loss).__name__}")
        for loss in (losses.Hinge(), losses.SquaredHinge())
    ],
    (lambda: ol.EmpiricalRisk(losses.CrossEntropy(), X, [0, 0.5]), ValueError, "y must hold integer labels 0, 1, 2"),
    (lambda: ol.EmpiricalRisk(losses.CrossEntropy(), X, [-1, 1]), ValueError, "y must hold integer labels 0, 1, 2"),
    (lambda: ol.EmpiricalRisk(losses.CrossEntropy(2), X, [0, 2]), ValueError, "y must hold integer labels 0 to 1"),
    (lambda: losses.CrossEntropy(classes=1), ValueError, "classes must be at least 2, got 1"),
    (lambda: losses.CrossEntropy(classes=2.0), TypeError, "classes must be an integer"),
    (lambda: losses.Huber(delta=0.0), ValueError, "delta must be positive"),
    (lambda: ol.EmpiricalRisk(losses.Hinge(), X, Y).hess([1.0, 1.0]), ValueError, "no `hess`"),
    (lambda: ol.minimize(ol.EmpiricalRisk(losses.Hinge(), X, Y), X[0], ol.Newton()), ValueError, "Newton needs `hess`"),
    (lambda: ol.EmpiricalRisk(losses.Squared(), X, Y, penalties.L1(0.1)), TypeError, "goes to ProximalGradient"),
    (lambda: penalties.L1(-1.0), ValueError, "lam must not be negative"),
    (lambda: penalties.ElasticNet(-1.0, 0.0), ValueError, "lam1 must not be negative"),
    (lambda: penalties.ElasticNet(0.0, -1.0), ValueError, "lam2 must not be negative"),
    (lambda: penalties.GroupL2(-1.0, [0]), ValueError, "lam must not be negative"),
    *[
        (lambda groups=groups: penalties.GroupL2(1.0, groups), ValueError, "groups must be a vector of integers")
        for groups in ([[0, 1]], [], [0.5, 1.0], "ab")
    ],
    (lambda: penalties.GroupL2(1.0, [0, 1])(np.ones(3)), ValueError, r"x must have shape \(2,\).*got \(3,\)"),
    # -- proximal methods
    (lambda: ol.ProximalGradient(0.1), TypeError, r"penalty must be a penalty of optlib.penalties or a set.*got 0.1"),
    (lambda: ol.FISTA(penalties.Zero), TypeError, "penalty must be a penalty of optlib.penalties or a set"),
    (lambda: ol.FISTA(penalties.Zero(), step=0.0), ValueError, "step must be positive"),
    (lambda: ol.FISTA(penalties.Zero(), step=search.Wolfe()), TypeError, "step must be a number, a.*, got Wolfe"),
    (lambda: ol.FISTA(penalties.Zero(), restart=1), TypeError, "restart must be True or False, got 1"),
    # -- sets
    *[
        (lambda make=make: make(0.0), ValueError, "radius must be positive, got 0.0")
        for make in (sets.Simplex, sets.L1Ball, sets.L2Ball)
    ],
    (lambda: sets.L2Ball(1.0, [np.nan]), ValueError, "center must be finite"),
    (lambda: sets.Box([0.0, 2.0], 1.0), ValueError, "lower must be at most upper"),
    (lambda: sets.Box(np.inf, np.inf), ValueError, "lower must be at most upper, and leave a finite point"),
    (lambda: sets.Box(0.0, np.nan), ValueError, "upper must be a number or a vector without nan, got nan"),
    (lambda: sets.Box(X, 9.0), ValueError, "lower must be a number or a vector"),
    (lambda: sets.Box([0.0, 0.0], [1.0, 1.0, 1.0]), ValueError, r"upper must have the shape of lower, \(2,\), got"),
    (lambda: sets.Halfspace([0.0, 0.0], 1.0), ValueError, "a must not be 0"),
    (lambda: sets.Halfspace([1.0], np.inf), ValueError, "b must be finite"),
    (lambda: sets.AffineSet(X, [1.0]), ValueError, r"A and b must have shapes \(m, n\) and \(m,\), got \(2"),
    (lambda: sets.AffineSet(X * np.nan, Y), ValueError, "A must be finite"),
    (lambda: sets.AffineSet(X, [np.nan, 0.0]), ValueError, "b must be finite"),
    (lambda: sets.AffineSet([[1.0, 1.0], [2.0, 2.0]], Y), ValueError, r"b must be consistent with A: no x has Ax = b"),
    (lambda: sets.AffineSet([[0.0, 0.0]], [1.0]), ValueError, r"b must be consistent.*\(A has rank 0 and 1 rows\)"),
    # -- schedules that go wrong later
    (
        lambda: ol.minimize(P, [1.0], ol.SGD(lambda k: 0.1 - k)),
        ValueError,
        "the schedule of step or lr gives -0.9 at k",
    ),
    # -- minibatches
    (lambda: ol.FiniteSum(abs, 0), ValueError, "n_samples must be at least 1, got 0"),
    (lambda: ol.FiniteSum(abs, 2.0), TypeError, "n_samples must be an integer"),
    (lambda: ol.FiniteSum(3, 2), TypeError, "fun must be callable"),
    (lambda: SUM.minibatch(4), ValueError, "batch_size must be at most n_samples = 3, got 4"),
    (lambda: SUM.minibatch(0), ValueError, "batch_size must be at least 1, got 0"),
    (lambda: SUM.minibatch(2, every=0), ValueError, "every must be at least 1"),
    (lambda: SUM.minibatch(2, seed=-1), ValueError, "seed must be a non-negative integer"),
    (lambda: SUM.minibatch(2, seed="a"), ValueError, "seed must be a non-negative integer"),
    # -- analysis
    # -- certificates
    (lambda: ol.gradient_mapping(abs, penalties.Zero(), [1.0], 1.0), TypeError, "problem must be an optlib Problem"),
    (lambda: ol.gradient_mapping(P, 0.1, [1.0], 1.0), TypeError, "penalty must be a penalty of optlib.pen"),
    (lambda: ol.gradient_mapping(P, penalties.Zero(), [1.0], 0.0), ValueError, "step must be positive"),
    (lambda: ol.gradient_mapping(P, penalties.Zero(), [np.inf], 1.0), ValueError, "x must be finite"),
    (lambda: ol.duality_gap(P, penalties.L1(1.0), [1.0]), TypeError, "problem and penalty must be an EmpiricalRisk"),
    (
        lambda: ol.duality_gap(ol.EmpiricalRisk(losses.Squared(), X, Y), penalties.L2(1.0), [1.0, 1.0]),
        TypeError,
        r"and one of L1, ElasticNet and GroupL2, got .* and L2\(lam=1.0\)",
    ),
    (
        lambda: ol.duality_gap(ol.EmpiricalRisk(losses.Squared(), X, Y), penalties.L1(1.0), [np.nan, 1.0]),
        ValueError,
        "x must be finite",
    ),
    (lambda: ol.check_gradient(abs, [1.0]), TypeError, "problem must be an optlib Problem"),
    (lambda: ol.check_gradient(P, [np.nan]), ValueError, "x must be finite"),
    (lambda: ol.observed_rate([1.0, -1.0, 1.0, 1.0]), ValueError, "errors must not be negative"),
    (lambda: ol.observed_rate([1.0, 0.5, 0.25]), ValueError, "errors must hold at least 4 values.*got 3"),
    (lambda: ol.observed_order([0.0, 1.0, 1.0]), ValueError, "errors must hold at least 3 values.*got 0"),
    (lambda: ol.observed_order([1.0, 2.0, 3.0]), ValueError, "errors must fall at the end, got 1, 2, 3"),
    (lambda: theory.er_curvature(-1.0, sigma=1.0, n=1), ValueError, "c must not be negative"),
    (lambda: theory.er_curvature(1.0, sigma=1.0, n=0), ValueError, "n must be at least 1"),
    (lambda: theory.er_exchange(-0.1, stronger=1.0, saved=1.0), ValueError, "lam must not be negative"),
    (lambda: theory.er_exchange(0.1, stronger=0.1, saved=1.0), ValueError, "stronger must exceed lam = 0.1, got 0.1"),
    (lambda: theory.er_exchange(0.1, stronger=1.0, saved=-1.0), ValueError, "saved must not be negative"),
    (lambda: theory.er_ridge_factor([1.0, -1.0], n=2, lam=0.1), ValueError, "sigma must hold singular values"),
    (lambda: theory.er_ridge_factor([1.0], n=2, lam=-0.1), ValueError, "lam must not be negative"),
    (lambda: theory.er_lambda_max([[1.0]]), ValueError, "gradient must be one-dimensional"),
    (lambda: theory.er_lambda_max([1.0, 2.0], groups=[0]), ValueError, "groups must name one group for each of the 2"),
    (lambda: theory.er_norm(0.0, loss=1.0, slope=1.0), ValueError, "lam must be positive"),
    (lambda: theory.er_norm(1.0, loss=-1.0, slope=1.0), ValueError, "loss must not be negative"),
    (lambda: theory.er_logistic_norm([0.1, 0.0], slope=1.0), ValueError, "loss must be positive"),
    (lambda: theory.er_logistic_norm(0.1, slope=0.0), ValueError, "slope must be positive"),
    (lambda: theory.er_hoeffding(0, delta=0.1), ValueError, "N must be at least 1, got 0"),
    (lambda: theory.er_hoeffding(10, delta=1.0), ValueError, r"delta must lie in \(0, 1\)"),
    (lambda: theory.er_hoeffding(10, delta=0.1, choices=0), ValueError, "choices must be at least 1"),
    (lambda: theory.cs_upper(-1.0, L=1.0), ValueError, "d must not be negative, got -1.0"),
    (lambda: theory.cs_upper(1.0, L=0.0), ValueError, "L must be positive"),
    (lambda: theory.cs_lower([1.0, np.nan], mu=1.0), ValueError, "d must not be negative"),
    (lambda: theory.cs_lower(1.0, mu=-1.0), ValueError, "mu must not be negative"),
    (lambda: theory.cs_interpolation("a", L=1.0), TypeError, "a must hold real numbers"),
    (lambda: theory.cs_cocoercive(-1.0, L=1.0), ValueError, "a must not be negative"),
    (lambda: theory.cs_strong(1.0, 1.0, mu=2.0, L=1.0), ValueError, "kappa = L / mu must be at least 1, got 0.5"),
    (lambda: theory.gap_from_gradient(1.0, mu=0.0, L=1.0), ValueError, "mu must be positive"),
    (lambda: theory.gap_from_distance(-1.0, mu=1.0, L=1.0), ValueError, "r must not be negative"),
    (lambda: theory.distance_from_gradient(-1.0, mu=1.0, L=1.0), ValueError, "g must not be negative"),
    (lambda: theory.distance_from_gap(-1.0, mu=1.0, L=1.0), ValueError, "gap must not be negative"),
    (lambda: theory.cs_unseen(0, delta=0.5), ValueError, "N must be at least 1"),
    (lambda: theory.cs_unseen(10, delta=1.0), ValueError, r"delta must lie in \(0, 1\)"),
    (lambda: theory.cs_covered(np.inf, M=1.0, r=1.0), ValueError, "least must be finite"),
    (lambda: theory.cs_covered(1.0, M=-1.0, r=1.0), ValueError, "M must not be negative"),
    (lambda: theory.ad_fixed_steps([-1.0], R=1.0, eta=0.1), ValueError, "s must not be negative, got -1.0"),
    (lambda: theory.ad_fixed_steps([1.0], R=1.0, eta=[0.0]), ValueError, "eta must be positive, got 0.0"),
    (lambda: theory.ad_hindsight(["a"], R=1.0), TypeError, "s must hold real numbers"),
    (lambda: theory.ad_adagrad([1.0], D=-1.0, eta=0.1), ValueError, "D must not be negative"),
    (lambda: theory.ad_adagrad([1.0], D=1.0, eta=0.0), ValueError, "eta must be positive"),
    (lambda: theory.ad_adagrad([1.0], D=1.0, eta=0.1, eps=-1.0), ValueError, "eps must not be negative"),
    (lambda: theory.ad_bias_correction(0, beta=0.9), ValueError, "t must be at least 1"),
    (lambda: theory.ad_bias_correction(1, beta=1.0), ValueError, r"beta must lie in \[0, 1\)"),
    (lambda: theory.ad_first_step([1.0], eta=0.1, eps=0.0), ValueError, "eps must be positive"),
    (lambda: theory.ad_step_bound(1, beta1=0.9, beta2=0.81), ValueError, r"beta1 must be below sqrt\(beta2\) = 0.9"),
    (lambda: theory.ad_step_bound(1, beta1=0.0, beta2=0.0), ValueError, r"beta2 must lie in \(0, 1\)"),
    (
        lambda: theory.ad_adamw_box(1, x0=1.0, eta=0.5, lam=3.0, beta1=0.9, beta2=0.999),
        ValueError,
        r"eta \* lam must be at most 1, got 1.5",
    ),
    (lambda: theory.ad_adamw_rest([0.0, 2.0], lam=0.5, eps=1e-8), ValueError, r"x must lie within 1 / lam = 2"),
    (lambda: theory.ad_forgetting(C=2.0), ValueError, "C must exceed 2, got 2.0"),
    (lambda: theory.dr_residuals(0, R=1.0), ValueError, "t must be at least 1, got 0"),
    (lambda: theory.dr_residuals(1, R=-1.0), ValueError, "R must not be negative"),
    (lambda: theory.dr_contraction(0.0, mu=1.0, L=2.0), ValueError, "rho must be positive"),
    (lambda: theory.dr_contraction(1.0, mu=2.0, L=1.0), ValueError, "kappa = L / mu must be at least 1, got 0.5"),
    (lambda: theory.cvar([1.0], alpha=0.0), ValueError, r"alpha must lie in \(0, 1\], got 0.0"),
    (lambda: theory.cvar([1.0], alpha=1.5), ValueError, r"alpha must lie in \(0, 1\], got 1.5"),
    (lambda: theory.cvar_smoothing(0.5, eps=0.0), ValueError, "eps must be positive, got 0.0"),
    (
        lambda: theory.dro_gap(1, 0.1, 0.1, R=1.0, G=1.0, M=1.0, groups=0),
        ValueError,
        "groups must be at least 1, got 0",
    ),
    (lambda: theory.dro_gap(1, 0.1, 0.1, R=1.0, G=-1.0, M=1.0, groups=2), ValueError, "G must not be negative"),
    (
        lambda: theory.huber_shift([[1.0]], [0.0, 0.0], added=1.0, delta=1.0),
        ValueError,
        r"X must have shape \(2, d\), one row a residual, got \(1, 1\)",
    ),
    (lambda: theory.huber_shift([[1.0]], [0.0], added=[-1.0], delta=1.0), ValueError, "added must not be negative"),
    (lambda: theory.dr_linear(-1, rho=1.0, mu=1.0, L=2.0), ValueError, "t must be at least 0"),
    (lambda: theory.dr_stationarity(-1.0, 0.0, L=1.0), ValueError, "primal must not be negative, got -1.0"),
    (lambda: theory.gd_decrease(0.0, 1.0), ValueError, "eta must be positive"),
    (lambda: theory.gd_decrease(0.1, L=0.0), ValueError, "L must be positive"),
    (lambda: theory.gd_convex(0, L=1.0, R=1.0), ValueError, "t must be at least 1, got 0"),
    (lambda: theory.gd_convex([1, "a"], L=1.0, R=1.0), TypeError, "t must hold real numbers"),
    (lambda: theory.gd_convex([1, 0, 2], L=1.0, R=1.0), ValueError, "t must be at least 1, got 0"),
    (lambda: theory.gd_convex(1, L=1.0, R=-1.0), ValueError, "R must not be negative"),
    (lambda: theory.gd_convex_sharp(-1, L=1.0, R=1.0), ValueError, "t must be at least 0"),
    (lambda: theory.kkt_dual_bound(1.0, -1.0, mu=1.0), ValueError, "stationarity must not be negative, got -1.0"),
    (lambda: theory.kkt_price([1.0], 0.0, lam=[1.0, 2.0]), ValueError, r"u must have shape \(..., 2\), .*got \(1,\)"),
    (lambda: theory.kkt_multiplier_step(1.0, 0.0, rho=0.0, s=1.0), ValueError, "rho must be positive, got 0.0"),
    (lambda: theory.pg_contraction(1, 0.1, mu=3.0, L=2.0), ValueError, "mu must be at most L = 2.0, got 3.0"),
    (lambda: theory.ls_eps_bias([0.0, np.inf]), ValueError, "m must be finite"),
    (lambda: theory.ls_eps_bias(0.0, eps=0.0), ValueError, "eps must be positive, got 0.0"),
    (lambda: theory.ls_stable([0.0, 709.0]), ValueError, r"m must be at most 708, where exp\(-m\) is a normal number"),
    (lambda: theory.ls_stable(0.0, units=-1.0), ValueError, "units must be positive"),
    (lambda: theory.ls_certificate(-1.0, 1.0, B=1.0, lam=1.0), ValueError, "slope must not be negative"),
    (lambda: theory.ls_certificate(1.0, -1.0, B=1.0, lam=1.0), ValueError, "decrement2 must not be negative"),
    (lambda: theory.ls_certificate(1.0, 1.0, B=1.0, lam=0.0), ValueError, "lam must be positive, got 0.0"),
    (lambda: theory.ls_excess([10, 0], d=2), ValueError, "n must be at least 1"),
    (lambda: theory.ls_excess(10, d=0), ValueError, "d must be at least 1"),
    (lambda: theory.ls_total(-1.0, 1.0), ValueError, "statistical must not be negative"),
    (lambda: theory.ls_total(1.0, -1.0), ValueError, "optimisation must not be negative"),
    (lambda: theory.ls_separable_loss(0, eta=0.1, margin=1.0), ValueError, "t must be at least 1"),
    (lambda: theory.ls_separable_loss(1, eta=0.1, margin=0.0), ValueError, "margin must be positive"),
    (lambda: theory.ls_separable_norm(1, eta=0.0, margin=1.0), ValueError, "eta must be positive"),
    (lambda: theory.schedule_travel([0.1, -0.1], G=1.0), ValueError, "etas must not be negative, got -0.1"),
    (
        lambda: theory.schedule_bound([0.6], 1.0, 1.0, 1.0, L=1.0),
        ValueError,
        "etas must not exceed 1/.2L. = 0.5, got 0.6",
    ),
    (lambda: theory.gd_strongly_convex(1, kappa=0.5), ValueError, "kappa = L / mu must be at least 1, got 0.5"),
    (lambda: theory.gd_exact_line_search(-1, kappa=2.0), ValueError, "t must be at least 0"),
    (lambda: theory.gd_nonconvex(0, L=1.0, gap=1.0), ValueError, "t must be at least 1"),
    (lambda: theory.gd_nonconvex(1, L=1.0, gap=-1.0), ValueError, "gap must not be negative"),
    (lambda: theory.gh_slope(0.0, norm=-1.0), ValueError, "norm must not be negative"),
    (lambda: theory.gh_slope("a", norm=1.0), TypeError, "angle must hold real numbers"),
    (lambda: theory.gh_curvature(0.0, smallest=2.0, largest=1.0), ValueError, "smallest must be at most largest = 1.0"),
    (lambda: theory.gh_linear_model(-1.0, L=1.0), ValueError, "distance must not be negative, got -1.0"),
    (lambda: theory.gh_gradient_model([1.0, -1.0], M=1.0), ValueError, "distance must not be negative"),
    (lambda: theory.gh_quadratic_model(1.0, M=0.0), ValueError, "M must be positive"),
    (lambda: theory.gh_forward_difference([0.1, 0.0], 1.0, 0.0), ValueError, "h must be positive"),
    (lambda: theory.gh_central_difference(0.1, 1.0, -1.0), ValueError, "delta must not be negative"),
    (lambda: theory.gh_complex_step(-0.1, 1.0), ValueError, "h must be positive, got -0.1"),
    (lambda: theory.gh_forward_step(1.0, 0.0), ValueError, "delta must be positive"),
    (lambda: theory.gh_central_step(-1.0, 1.0), ValueError, "M must be positive"),
    (lambda: theory.two_term(-1, trace=1.0, det=0.1), ValueError, "t must be at least 0"),
    (lambda: theory.two_term(1, trace="a", det=0.1), TypeError, "trace must hold real numbers"),
    (lambda: theory.heavy_ball_rate(1.0, beta=1.0), ValueError, r"beta must lie in \[0, 1\), got 1.0"),
    (lambda: theory.heavy_ball_rate(1.0, beta=[0.5, -0.1]), ValueError, r"beta must lie in \[0, 1\)"),
    (lambda: theory.heavy_ball_tuned(L=1.0, mu=0.0), ValueError, "mu must be positive"),
    (lambda: theory.heavy_ball_tuned(L=1.0, mu=2.0), ValueError, "kappa = L / mu must be at least 1, got 0.5"),
    (lambda: theory.heavy_ball_quadratic(1, kappa=0.5), ValueError, "kappa = L / mu must be at least 1"),
    (lambda: theory.nesterov_quadratic(-1, kappa=2.0), ValueError, "t must be at least 0"),
    (lambda: theory.nesterov_convex(1, L=0.0, R=1.0), ValueError, "L must be positive"),
    (lambda: theory.nesterov_convex(1, L=1.0, R=-1.0), ValueError, "R must not be negative"),
    (lambda: theory.nesterov_strongly_convex(1, kappa=0.9), ValueError, "kappa = L / mu must be at least 1"),
    (lambda: theory.first_order_convex_lower(-1, L=1.0, R=1.0), ValueError, "t must be at least 0"),
    (lambda: theory.first_order_strongly_convex_lower(1, kappa=0.0), ValueError, "kappa = L / mu must be at least 1"),
    (lambda: theory.heavy_ball_noise(1.0, beta=0.5, lam=3.0, sigma=1.0), ValueError, r"eta \* lam must be below 2"),
    (lambda: theory.heavy_ball_noise(1.0, beta=1.0, lam=1.0, sigma=1.0), ValueError, r"beta must lie in \[0, 1\)"),
    (lambda: theory.newton_full_step(1.0, 1.0, c=0.5), ValueError, "c must be below 1/2"),
    (lambda: theory.armijo_step(1.0, c=1.0, shrink=0.5, start=1.0), ValueError, r"c must lie in \(0, 1\)"),
    (lambda: theory.armijo_step(1.0, c=0.5, shrink=0.0, start=1.0), ValueError, r"shrink must lie in \(0, 1\)"),
    (lambda: theory.armijo_step(1.0, c=0.5, shrink=0.5, start=0.0), ValueError, "start must be positive"),
    (lambda: theory.newton_step(1.0, mu=1.0, M=1.0), ValueError, r"e must lie in \[0, mu / M\) = \[0, 1\)"),
    (lambda: theory.newton_step(-0.1, mu=1.0, M=1.0), ValueError, r"e must lie in \[0, mu / M\)"),
    (lambda: theory.newton_step([0.1, 2.0], mu=1.0, M=1.0), ValueError, r"e must lie in \[0, mu / M\)"),
    (lambda: theory.newton_local(1, e0=0.0, mu=-1.0, M=-1.0), ValueError, "mu must be positive"),
    (lambda: theory.newton_local(1, e0=0.6, mu=1.0, M=1.0), ValueError, r"e0 must be at most mu / \(2M\) = 0.5"),
    (lambda: theory.newton_multiple_root(1, m=0), ValueError, "m must be at least 1"),
    (
        lambda: theory.newton_damped(1, mu=2.0, L=1.0, c=0.1, shrink=0.5),
        ValueError,
        "kappa = L / mu must be at least 1",
    ),
    (lambda: theory.newton_damped(1, mu=0.0, L=1.0, c=0.1, shrink=0.5), ValueError, "mu must be positive"),
    (lambda: theory.sg_smoothness(2.0, 1.0, 1), ValueError, "L must be at most L_max = 1.0, got 2.0"),
    (lambda: theory.sg_smoothness(1.0, 2.0, 0), ValueError, "batch must be at least 1"),
    (lambda: theory.sg_constant(1, 0.5, L=2.0, mu=1.0, sigma=1.0, R=1.0), ValueError, "eta must be below 1 / L = 0.5"),
    (lambda: theory.sg_constant(1, 0.1, L=1.0, mu=2.0, sigma=1.0, R=1.0), ValueError, "kappa = L / mu must be at leas"),
    (lambda: theory.sg_floor(1.0, L=2.0, mu=1.0, sigma=1.0), ValueError, "eta must be below 2 / L = 1, got 1.0"),
    (lambda: theory.sg_quadratic(1, 1.0, mu=2.0, sigma=1.0, R=1.0), ValueError, "eta must be below 2 / mu = 1"),
    (lambda: theory.sg_interpolation(1, 1.0, L=2.0, mu=1.0), ValueError, "eta must be below 2 / L = 1"),
    (lambda: theory.sg_decay(-1, L=2.0, mu=1.0, sigma=1.0, R=1.0), ValueError, "t must be at least 0"),
    (lambda: theory.sg_slow_decay(1, eta0=1.0, mu=1.0, R=1.0), ValueError, r"mu \* eta0 must lie in \(0, 1\)"),
    (lambda: theory.sg_average(0, lr=0.1, R=1.0, G=1.0), ValueError, "t must be at least 1"),
    (lambda: theory.sg_average(1, lr="a", R=1.0, G=1.0), TypeError, "lr must be a number"),
    (lambda: theory.sg_nonconvex(1, 1.0, L=2.0, gap=1.0, sigma=1.0), ValueError, "eta must be below 2 / L = 1"),
    (lambda: theory.pc_sublevel_radius(1.0, lam=[1.0, 0.0]), ValueError, "lam must be positive"),
    (lambda: theory.pc_variance(0, sigma=1.0, n=5), ValueError, "size must lie between 1 and 5, got 0"),
    (lambda: theory.pc_variance(1, sigma=1.0, n=1), ValueError, "n must be at least 2"),
    (lambda: theory.pc_batch_size([0.1, 0.0], sigma=1.0, n=5), ValueError, "error must be positive"),
    (lambda: theory.pc_split(3, 3, sigma=1.0, n=5), ValueError, r"m \+ k must be at most n = 5, got 6"),
    (lambda: theory.px_ista(0, L=1.0, R=1.0), ValueError, "t must be at least 1, got 0"),
    (lambda: theory.px_ista(1, L=1.0, R=-1.0), ValueError, "R must not be negative"),
    (lambda: theory.px_fista(0, L=1.0, R=1.0), ValueError, "t must be at least 1"),
    (lambda: theory.px_fista(1, L=0.0, R=1.0), ValueError, "L must be positive"),
    (lambda: theory.px_strongly_convex(1, kappa=0.5), ValueError, "kappa = L / mu must be at least 1, got 0.5"),
    (lambda: theory.px_mapping(0, L=1.0, R=1.0), ValueError, "t must be at least 1"),
    (lambda: theory.px_stationarity(0.0, L=1.0), ValueError, "eta must be positive"),
    (lambda: theory.px_stationarity(1.0, L=1.0, convex=1), TypeError, "convex must be True or False, got 1"),
    (lambda: theory.qn_least_change(-1.0, 0.5), ValueError, "distance must not be negative, got -1.0"),
    (lambda: theory.qn_least_change(1.0, 2.0), ValueError, "change must be at most distance"),
    (lambda: theory.qn_curvature(1.0, eta=0.1, c2=0.9), ValueError, "slope must be negative"),
    (lambda: theory.qn_curvature(-1.0, eta=-0.1, c2=0.9), ValueError, "eta must not be negative, got -0.1"),
    (lambda: theory.qn_quadratic(1, kappa=0.5, n=2), ValueError, "kappa = L / mu must be at least 1"),
    (lambda: theory.qn_start(0, kappa=2.0), ValueError, "n must be at least 1, got 0"),
    (lambda: theory.qn_potential(1, kappa=2.0, excess=-1.0), ValueError, "excess must not be negative, got -1.0"),
    (lambda: theory.qn_global(0, 2.0, 0.0, c1=0.1, c2=0.9), ValueError, "t must be at least 1, got 0"),
    (lambda: theory.qn_lbfgs(1, 2.0, n=2, memory=0, c1=0.1, c2=0.9), ValueError, "memory must be at least 1, got 0"),
    (lambda: theory.qn_dennis_more(-0.1, e=1.0, e_next=0.5, M=1.0), ValueError, "ratio must not be negative, got -0.1"),
    (lambda: theory.rc_path(-1.0, mu=1.0, L=2.0, eta=0.5), ValueError, "gap must not be negative, got -1.0"),
    (lambda: theory.rc_path(1.0, mu=1.0, L=2.0, eta=1.0), ValueError, "eta must be below 2 / L = 1, got 1.0"),
    (lambda: theory.rc_path(1.0, mu=3.0, L=2.0, eta=0.5), ValueError, "kappa = L / mu must be at least 1"),
    (lambda: theory.rc_convex_gap(3.0, 1.0, L=2.0), ValueError, "g must be at most L r, as f is L-smooth, got g = 3.0"),
    (lambda: theory.rc_mapping(1.0, eta=0.1, other=0.0), ValueError, "other must be positive, got 0.0"),
    (lambda: theory.rc_mapping(-1.0, eta=0.1, other=0.2), ValueError, "G must not be negative, got -1.0"),
    (lambda: theory.rc_rate(0.5, mu=3.0, L=2.0), ValueError, "mu must be at most L = 2.0, got 3.0"),
    (lambda: theory.rc_rounding(np.nan, L=1.0), ValueError, "f_star must be finite"),
    (lambda: theory.rc_smooth_gap(1, rho=1.0, r=0.5), ValueError, r"rho must lie in \[0, 1\), got 1.0"),
    (lambda: theory.rc_smooth_noise(-1, rho=0.5), ValueError, "t must be at least 0, got -1"),
    (lambda: theory.rc_early(1, lam=-1.0, eta=0.5), ValueError, "lam must not be negative, got -1.0"),
    (lambda: theory.rc_early_ratio(0), ValueError, "t must be at least 1, got 0"),
    (lambda: theory.rc_fooled(1, tol=0.0, sigma=1.0), ValueError, "tol must be positive, got 0.0"),
    (
        lambda: theory.es_escape_time(0.0, away=1.0, eta=1.0, gamma=1.0),
        ValueError,
        "distance must be positive, got 0.0",
    ),
    (lambda: theory.es_strict(1, distance=-1.0, eta=1.0, gamma=1.0), ValueError, "distance must not be negative"),
    (lambda: theory.es_saddles_in_a_row(-1, 0.1, 0.5, 1.0, 1.0), ValueError, "k must not be negative, got -1"),
    (lambda: theory.es_saddles_in_a_row(1, 0.1, 1.0, 1.0, 1.0), ValueError, r"eta \* L must lie in \(0, 1\)"),
    (lambda: theory.es_stuck(1, 1.0, 1.0, n=0, radius=1.0, away=1.0), ValueError, "n must be at least 1, got 0"),
    (
        lambda: theory.es_perturbed_failure(1.0, 1.0, eta=2.0, L=1.0, M=1.0, n=2, radius=0.1, eps=0.1, patience=5),
        ValueError,
        "eta must be at most 1 / L = 1, got 2.0",
    ),
    (lambda: theory.es_perturbed_steps(1.0, eta=1.0, eps=0.1, patience=0), ValueError, "patience must be at least 1"),
    (lambda: theory.es_curvature_decrease(-1.0, M=1.0), ValueError, "gamma must not be negative, got -1.0"),
    (lambda: theory.es_curvature_steps(1.0, eps=0.0, gamma=1.0, L=1.0, M=1.0), ValueError, "eps must be positive"),
    (lambda: theory.es_cubic_decrease(-1.0, M=1.0), ValueError, "length must not be negative, got -1.0"),
    (lambda: theory.es_cubic_length(-1.0, lowest=1.0, M=1.0), ValueError, "g must not be negative, got -1.0"),
    (lambda: theory.es_cubic(0, gap=1.0, M=1.0), ValueError, "t must be at least 1, got 0"),
    (lambda: theory.tr_cauchy(-1.0, H=1.0, radius=1.0), ValueError, "g must not be negative, got -1.0"),
    (lambda: theory.tr_cauchy(1.0, H=-1.0, radius=1.0), ValueError, "H must not be negative, got -1.0"),
    (lambda: theory.tr_cauchy(1.0, H=1.0, radius=0.0), ValueError, "radius must be positive, got 0.0"),
    (lambda: theory.tr_radius(0.0, L=1.0, radius=1.0), ValueError, "eps must be positive"),
    (lambda: theory.tr_iterations(0.1, gap=-1.0, L=1.0, radius=1.0), ValueError, "gap must not be negative"),
    (lambda: theory.cm_flops("GD", d=3), ValueError, "method must be one of .*'Newton'.*, got 'GD'"),
    (lambda: theory.cm_numbers("Adam", d=0), ValueError, "d must be at least 1, got 0"),
    (lambda: theory.cm_profile_area([1.0], [1.0, 2.0]), ValueError, "first and second must be one-dimensional and of"),
    (lambda: theory.cm_profile_area([1.0], [0.0]), ValueError, "first and second must be positive, inf where"),
    (lambda: theory.cm_profile_area([1.0], [np.inf]), ValueError, "first and second must solve the same problems"),
    (lambda: theory.cm_random_search(0, q=0.1), ValueError, "k must be at least 1, got 0"),
    (lambda: theory.cm_random_search(3, q=1.0), ValueError, r"q must lie in \(0, 1\)"),
    (lambda: theory.cm_median_interval(0), ValueError, "n must be at least 1, got 0"),
    # -- performance profiles
    (lambda: ol.performance_profile([1.0, 2.0], 1.0), ValueError, r"costs must have shape \(problems, methods\)"),
    (lambda: ol.performance_profile([[1.0, 0.0]], 1.0), ValueError, "costs must be positive, inf where"),
    (lambda: ol.performance_profile([[1.0, 2.0]], [0.5]), ValueError, "tau must be at least 1, got 0.5"),
    (lambda: theory.ds_variance(1.0, zeta=2.0, workers=2, batch=1), ValueError, "zeta must be at most sigma = 1.0"),
    (lambda: theory.ds_local_rate(1, eta=2.0, mu=1.0, H=2), ValueError, "eta must be at most 1 / mu = 1, got 2.0"),
    (lambda: theory.ds_local_drift(1.0, 2, L=3.0, mu=1.0, zeta=1.0), ValueError, r"eta must be at most 2 / \(L \+ mu"),
    (lambda: theory.ds_local_drift(0.1, 2, L=1.0, mu=2.0, zeta=1.0), ValueError, "kappa = L / mu must be at least 1"),
    (lambda: theory.ds_sign([0.0, 0.0]), ValueError, "v must not be 0"),
    (lambda: theory.ds_memory(1, 0.1, delta=0.0, G=1.0), ValueError, r"delta must lie in \(0, 1\], got 0.0"),
    (lambda: theory.ds_feedback(1, 2.0, 1.0, 1.0, delta=1.0), ValueError, r"eta must be below 2 \(1 - s\) .* = 2"),
    (lambda: theory.ds_one_worker(1, 2.0, L=1.0, gap=1.0, delta=0.5), ValueError, "eta must be below 2 / L = 2"),
    # -- figures
    (lambda: ol.plot_convergence([RUN]), TypeError, "results must be a dict"),
    (lambda: ol.plot_convergence(RUN), TypeError, r"write \{'run': result\}"),
    (lambda: ol.plot_convergence({"a": 3}), TypeError, r"results\['a'\] must be a result of optlib.minimize"),
    (lambda: ol.plot_convergence({"a": RUN}, x="epoch"), ValueError, "x must be 'nit', 'time' or 'njev', got 'epoch'"),
    (lambda: ol.plot_convergence({"a": RUN}, y="gap"), ValueError, "y must be 'optimality', 'fun' or 'step'"),
    (lambda: ol.plot_convergence({"a": RUN}, minimum=0.0), ValueError, "minimum goes with y='fun'"),
    (lambda: ol.plot_convergence({"a": RUN}, "time", bounds={"b": abs}), ValueError, "bounds .* go with x='nit'"),
    (
        lambda: ol.plot_trajectories(Q, {"a": RUN}, (1, 0), (0, 1)),
        ValueError,
        "xlim must be .low, high. with low < high",
    ),
    (lambda: ol.plot_trajectories(Q, {"a": RUN}, (0, 1), (1,)), ValueError, "ylim must be .low, high."),
    (lambda: ol.plot_trajectories(Q, {"a": RUN}, (0, 1), (0, 1), levels=1), ValueError, "levels must be at least 2"),
    (lambda: ol.plot_trajectories(Q, {"a": THREE}, (0, 1), (0, 1)), ValueError, r"results\['a'\] must have recorded"),
    (lambda: ol.plot_trajectories(Q, [RUN], (0, 1), (0, 1)), TypeError, "results must be a dict"),
    (lambda: ol.nonsense, AttributeError, "no attribute 'nonsense'"),
]


def scipy_minimize(**keywords):
    return optimize.minimize(lambda x: float(x @ x), [1.0], jac=lambda x: 2 * x, method=GD, **keywords)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(("call", "kind", "words"), TABLE, ids=[f"{i}-{row[2][:40]}" for i, row in enumerate(TABLE)])
def test_error(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert re.search(words, str(caught.value)), f"{caught.value!s} does not say {words!r}"


def test_progress_without_tqdm_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="progress=True needs the package tqdm"):
        ol.minimize(P, [1.0], GD, progress=True)


# What no table can hold: abstract methods, and errors that end a run with a status (see test_driver).
NO_ERROR_OF_THE_USER = {"NotImplementedError", "LineSearchError", "LinAlgError", "InfeasibleError", "ImportError"}


def test_the_table_reaches_every_raise():
    """Run the table under a trace and compare the lines that raised with the `raise` statements in the source."""
    root = Path(ol.__file__).parent
    raises = set()
    for path in root.rglob("*.py"):
        if path.parent.name == "plots" and path.name != "figures.py":  # tests of their own: test_plots_*.py
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name = node.exc.func
                name = name.attr if isinstance(name, ast.Attribute) else name.id
                if name not in NO_ERROR_OF_THE_USER:
                    raises.add((str(path.relative_to(root)), node.lineno))
    reached = set()
    for call, kind, _ in TABLE:
        with pytest.raises(kind) as caught:
            call()
        for entry in caught.traceback:
            if (path := Path(str(entry.path))).is_relative_to(root):
                reached.add((str(path.relative_to(root)), entry.lineno + 1))
    assert raises - reached == set()


def test_a_loss_of_ones_own_must_say_what_it_does():
    for name in ("__call__", "derivative", "second_derivative"):
        with pytest.raises(NotImplementedError):
            getattr(Loss(), name)(X, Y)
    with pytest.raises(NotImplementedError):
        ol.line_search.StepRule()(P, X[0], 1.0, X[0], 0)
    with pytest.raises(NotImplementedError):
        ol.Method().iterate(P, X[0])
    for call in (penalties.Penalty(), ol.compressors.Compressor(), lambda v: ol.compressors.Compressor().expand((), 2)):
        with pytest.raises(NotImplementedError):
            call(X[0])
    with pytest.raises(NotImplementedError):
        penalties.Penalty().prox(X[0], 1.0)
    with pytest.raises(NotImplementedError):
        penalties.SmoothPenalty().grad(X[0])
