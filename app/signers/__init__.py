"""Signers: their own entry, which they see, correct and withdraw with the link in their e-mails."""
