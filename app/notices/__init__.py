"""Notices to organisers: what happens to their petition, each thing once, to those who want to know it."""
