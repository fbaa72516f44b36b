"""E-mail: addresses, domains, and the SMTP connection that letters leave by."""
