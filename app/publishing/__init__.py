"""Publishing: organisers write a petition, look at it, open it and close it."""
