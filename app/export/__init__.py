"""Exporting: the verified list, handed over as a file that streams."""
