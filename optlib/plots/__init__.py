"""Figures of the course: one style, alt text from data, convergence plots and explorers."""

from optlib.plots.figures import plot_convergence, plot_trajectories
from optlib.plots.interactive import explorer
from optlib.plots.style import use_style
from optlib.plots.words import alt_text, describe

__all__ = ["alt_text", "describe", "explorer", "plot_convergence", "plot_trajectories", "use_style"]
