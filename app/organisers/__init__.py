"""Organisers: those who publish petitions."""
