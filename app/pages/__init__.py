"""Public pages: the start page, a petition, its names, its count."""
