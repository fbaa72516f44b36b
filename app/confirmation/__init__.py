"""Confirmation: the letter, the page that its link opens, and the button that makes a signature count."""
