"""Measurements of smp-check itself: ratios, side by side in one run.

Each module prints one section of Markdown to stdout (its title, what was run and how often, its tables) and its
progress to stderr. ``python -m benchmarks [NAME...]`` runs them one after the other, keeps each section in
``results/`` and puts README.md together from the sections that are there.
"""
