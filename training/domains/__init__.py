"""What can be recommended: one `Domain` each, and the registry of all of them."""

from training.domains.registry import Domains

DOMAINS = Domains()
"""The domains: one for every ``domain.toml`` of a folder."""
