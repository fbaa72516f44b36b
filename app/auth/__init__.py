"""Signing in: Flask-Security as this site uses it, below /organise alone."""
