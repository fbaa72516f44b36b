"""Data keys, which seal personal data: checking at the start that they are here, and rotating them."""
