"""A HarperDB of our own on loopback, for experiments and tests."""
