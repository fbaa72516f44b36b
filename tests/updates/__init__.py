"""Tests of news to signers."""
