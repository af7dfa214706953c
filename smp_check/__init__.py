"""smp-check: performance gates for services and service meshes on pull requests."""

__version__ = "0.1.0"
