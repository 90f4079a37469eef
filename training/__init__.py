"""Trains two-tower recommenders from files of interactions and deploys them into HarperDB."""
