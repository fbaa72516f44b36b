"""Organisers: accounts, roles in petitions, and who may open which page."""
