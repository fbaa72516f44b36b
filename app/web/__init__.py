"""What every page shares: its language, headers, errors, and who may post to it."""
