"""Capture: the environment, the mesh, the workload and the noise of the machine."""
