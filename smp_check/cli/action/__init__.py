"""The steps of the GitHub Action, one process each: ``python -I -m smp_check.cli.action STEP``."""
