"""News to signers who agreed: written, sent once to each, paused by itself, and published."""
