"""What visitors did: collecting it from the nodes, turning it into likes (docs/events.md)."""
