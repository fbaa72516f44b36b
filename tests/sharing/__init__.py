"""Passing a petition on."""
