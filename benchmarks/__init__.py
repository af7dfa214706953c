"""Measurements of smp-check itself: ratios, side by side in one run. See README.md for the last honest output."""
