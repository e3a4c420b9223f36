"""What is minimised: losses, penalties, the empirical risk made of them, and classic test problems."""
