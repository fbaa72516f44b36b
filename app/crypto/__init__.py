"""What makes secrets out of words and tokens out of ids: sealing, signed tokens, keyed hashes."""
