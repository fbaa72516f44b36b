"""The verified list, written down for those who get it."""
