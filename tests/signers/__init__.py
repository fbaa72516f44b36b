"""The signer in charge of their entry."""
