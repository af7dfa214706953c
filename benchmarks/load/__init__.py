"""The embedded generator against the others: speed, truth, precision, memory."""
