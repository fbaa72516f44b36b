"""Moderation: invalidate signatures, hide names and comments, and say which domains may sign."""
