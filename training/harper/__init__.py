"""The client of HarperDB's operations API, its nodes, and a local HarperDB."""
