"""The embedded generator: open-loop load from plain Python, always there."""
