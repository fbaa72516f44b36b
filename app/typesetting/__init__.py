"""Typesetting: the fonts that printed lists and pictures are set in, and the typesetter."""
