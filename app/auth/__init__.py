"""Signing in: Flask-Security, configured for this site, only below /organise."""
