"""Exports: the list of signatures as CSV, XLSX, JSON or PDF, recorded as hand-overs."""
