"""Runs blocks of independent work on the cores of this machine, or on a Dask cluster."""
