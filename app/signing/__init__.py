"""Signing: the form, and the pending signature that it makes."""
