r"""One function for each theorem of the course: the bound at iteration t. One module a chapter.

``t`` may be a number or an array of iterations; the bound has its shape. The chapters plot these functions, and
the tests assert them at every iterate. Symbols: L (smoothness), mu (strong convexity), kappa = L / mu,
R = :math:`\|x_0 - x^*\|`, gap = :math:`f(x_0) - f^*`, M (Lipschitz constant of the Hessian).
"""

from optlib.analysis.theory.adaptive import *
from optlib.analysis.theory.admm import *
from optlib.analysis.theory.comparison import *
from optlib.analysis.theory.convexity_and_smoothness import *
from optlib.analysis.theory.designing_objectives import *
from optlib.analysis.theory.distributed import *
from optlib.analysis.theory.empirical_risk import *
from optlib.analysis.theory.escaping_saddles import *
from optlib.analysis.theory.gradient_descent import *
from optlib.analysis.theory.gradients_and_hessians import *
from optlib.analysis.theory.lagrangian_and_kkt import *
from optlib.analysis.theory.learning_rates import *
from optlib.analysis.theory.logistic_sgd import *
from optlib.analysis.theory.momentum import *
from optlib.analysis.theory.newton import *
from optlib.analysis.theory.problem_classes import *
from optlib.analysis.theory.projected_gradient import *
from optlib.analysis.theory.proximal_gradient import *
from optlib.analysis.theory.quasi_newton import *
from optlib.analysis.theory.reading_convergence import *
from optlib.analysis.theory.stochastic_gradient import *
from optlib.analysis.theory.trust_region import *
