"""Baseline stores behind one port."""
