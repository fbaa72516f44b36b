"""Signers: their own entry, which they see, correct and withdraw by the link in their letters."""
