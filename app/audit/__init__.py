"""The log of what organisers did, and how it is worded."""
