"""The shipped templates; installed as the package ``smp_check.templates``."""
