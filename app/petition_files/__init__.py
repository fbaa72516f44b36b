"""Petition files: reading, validating, saving to the database, and writing them."""
