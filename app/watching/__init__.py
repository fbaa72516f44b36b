"""Watching a petition: numbers and charts for all its organisers, the list of signatures for editors and owners."""
