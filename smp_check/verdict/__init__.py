"""Verdicts: statistics, comparability, comparison and gates; pure functions of run documents."""
