"""Publishing: organisers write, preview, open and close a petition."""
