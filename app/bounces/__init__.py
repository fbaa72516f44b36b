"""Bounces: what comes back to the return path of an e-mail is recognised, and acted on."""
