"""The mailbox of `make run`: where letters end up while no mail server is set."""
