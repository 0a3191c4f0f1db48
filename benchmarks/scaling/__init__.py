"""What syncs cost far beyond one machine: measured points, a model fitted to them, a simulation."""
