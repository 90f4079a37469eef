"""Experiments from start to end: the rows that nodes follow, the journal, and the decisions."""
