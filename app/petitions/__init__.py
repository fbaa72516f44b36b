"""Petitions: their page, their words, and how they get in."""
