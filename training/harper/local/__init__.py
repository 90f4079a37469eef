"""A HarperDB of our own on loopback, for trying things out and for tests."""
