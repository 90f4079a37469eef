"""Rows of HarperDB tables: looking at them, and pulling them into files that `prepare` reads."""
