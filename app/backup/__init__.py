"""Backup and restore: what is kept is put in two places, and put back without what people took back since."""
