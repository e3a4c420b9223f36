"""How far to go: schedules, which depend on the iteration alone, and line searches, which look at f."""
