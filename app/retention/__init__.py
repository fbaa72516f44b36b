"""Retention: purging what is no longer needed, and erasing signers some days after a petition closes."""
