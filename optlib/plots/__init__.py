"""Figures of the course: one style, alt text from data, convergence plots and explorers."""

from optlib.plots.figures import plot_convergence, plot_trajectories
from optlib.plots.interactive import explorer
from optlib.plots.style import alt_text, describe, use_style

__all__ = ["alt_text", "describe", "explorer", "plot_convergence", "plot_trajectories", "use_style"]
