"""Deploys a bundle into HarperDB: component, catalogue, versions, gate, lease, roles."""
