"""Branding: the operator's own name, colour, logo and texts."""
