"""Keeping a petition clean: signatures that do not count, and names and comments that are not shown."""
