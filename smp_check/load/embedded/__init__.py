"""Our own load generator: open loop, in Python, one process per session."""
