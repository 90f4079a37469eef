"""Towers, the pair network, the item table, and the strategies that answer from them."""
