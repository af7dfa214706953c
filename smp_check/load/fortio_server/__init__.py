"""Distributed load: Fortio servers on any number of machines, driven over their REST API."""
