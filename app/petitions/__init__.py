"""Petitions: page data, lists, public names, texts, goals and header images."""
