"""The stages, and what makes one stale."""
