"""Cryptography: sealing (encryption), signed tokens, keyed hashes."""
