"""Watching a petition: its numbers and charts for everybody in charge, the list of people for those who work on it."""
