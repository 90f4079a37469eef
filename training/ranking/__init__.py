"""Metrics, variety, confidence intervals and scoring: numpy only, no domain and no model."""
