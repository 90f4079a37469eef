"""Trains two-tower recommenders from files of interactions and deploys them into HarperDB."""

__version__ = "0.1.0"
