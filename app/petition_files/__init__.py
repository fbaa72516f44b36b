"""Petition files: read, held to their rules, saved as what a petition says, written again."""
