"""The outbox: letters are queued with the change that causes them, and sent at least once."""
