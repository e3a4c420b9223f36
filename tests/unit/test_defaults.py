"""What a user gets without asking: to change one of these is to change what other people's programs do."""

import inspect

import pytest

import optlib as ol

s, search = ol.schedules, ol.line_search
g, C = ol.penalties.Zero(), ol.sets.Simplex()


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (ol.GradientDescent(), "GradientDescent(step=0.01)"),
        (ol.HeavyBall(), "HeavyBall(lr=0.01, beta=0.9)"),
        (ol.Nesterov(), "Nesterov(lr=0.01, beta=0.9)"),
        (ol.SGD(), "SGD(lr=0.01, average=False)"),
        (ol.AdaGrad(), "AdaGrad(lr=0.01, eps=1e-10)"),
        (ol.RMSProp(), "RMSProp(lr=0.001, rho=0.99, eps=1e-08)"),
        (ol.Adam(), "Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08)"),
        (ol.AdamW(), "AdamW(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, weight_decay=0.01)"),
        (ol.Newton(), "Newton(step=1.0)"),
        (ol.BFGS(), "BFGS(step=Wolfe(c1=0.0001, c2=0.9, maxiter=60))"),
        (ol.LBFGS(), "LBFGS(memory=10, step=Wolfe(c1=0.0001, c2=0.9, maxiter=60))"),
        (ol.TrustRegion(), "TrustRegion(subproblem='steihaug', radius=1.0, max_radius=1000.0)"),
        (ol.CubicNewton(), "CubicNewton(M=None)"),
        (
            ol.PerturbedGradientDescent(),
            "PerturbedGradientDescent(step=0.01, radius=0.01, threshold=0.001, patience=100, seed=0)",
        ),
        (ol.ProximalGradient(g), "ProximalGradient(penalty=Zero(), step=0.01)"),
        (ol.FISTA(g), "FISTA(penalty=Zero(), step=0.01, restart=True)"),
        (ol.ProjectedGradient(C), "ProjectedGradient(constraint=Simplex(radius=1.0), step=0.01)"),
        (ol.AugmentedLagrangian(), "AugmentedLagrangian(ineq=(), eq=(), rho=10.0)"),
        (ol.ADMM(g), "ADMM(penalty=Zero(), rho=1.0)"),
        (ol.ConsensusADMM(), "ConsensusADMM(blocks=4, rho=1.0, penalty=Zero(), client=None)"),
        (
            ol.DistributedSGD(),
            "DistributedSGD(workers=4, lr=0.01, local_steps=1, compressor=Identity(), feedback=True, client=None)",
        ),
        (ol.losses.Huber(), "Huber(delta=1.0)"),
        (ol.losses.CrossEntropy(), "CrossEntropy(classes=None)"),
        (ol.sets.L1Ball(), "L1Ball(radius=1.0)"),
        (ol.sets.L2Ball(), "L2Ball(radius=1.0, center=array([0.]))"),
        (search.Backtracking(), "Backtracking(start=1.0, shrink=0.5, c=0.0001, maxiter=60)"),
        (search.Wolfe(), "Wolfe(c1=0.0001, c2=0.9, maxiter=60)"),
        (s.StepDecay(1.0), "StepDecay(eta0=1.0, factor=0.1, every=100)"),
        (s.Cosine(1.0, 5), "Cosine(eta0=1.0, steps=5, eta_min=1e-08)"),
    ],
    ids=lambda x: x.split("(")[0] if isinstance(x, str) else "",
)
def test_defaults(made, text):
    assert repr(made) == text


@pytest.mark.parametrize(
    ("function", "defaults"),
    [
        (ol.minimize, {"tol": 1e-6, "maxiter": 1000, "max_time": None, "record": "auto", "progress": False}),
        (ol.FiniteSum.minibatch, {"seed": None, "replace": False, "every": None}),
        (ol.newton_root, {"tol": 1e-10, "maxiter": 50}),
        (ol.Rosenbrock, {"n": 2}),
        (ol.Huber1D, {"L": 1.0}),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_defaults_of_functions(function, defaults):
    parameters = inspect.signature(function).parameters
    assert {name: parameters[name].default for name in defaults} == defaults
