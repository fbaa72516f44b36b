"""The verified count: the ledger behind it, and where it is shown to programs."""
