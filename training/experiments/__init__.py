"""Experiments on live visitors: who sees what, what they did, and what follows from it."""
