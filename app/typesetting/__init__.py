"""Typesetting with Typst, and the fonts of printed lists and pictures."""
