"""Retention: what was never confirmed is purged, and who signed is erased some days after closing."""
