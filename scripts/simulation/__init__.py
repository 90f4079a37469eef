"""Simulated visitors, who measure what the loop learns; see docs/learning.md."""
