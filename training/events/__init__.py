"""Visitors' events: collecting them from the nodes, turning them into likes (docs/events.md)."""
