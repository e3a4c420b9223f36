"""What theory promises, what a run measured, and certificates that an answer is right."""
