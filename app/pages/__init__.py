"""Pages that everybody sees: the start page, a petition, its names, its count."""
