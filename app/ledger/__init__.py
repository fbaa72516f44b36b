"""The ledger: the verified count, appended to, folded, read and audited."""
