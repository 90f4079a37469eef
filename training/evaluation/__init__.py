"""Peers, protocols, the report and the model card."""
