"""Fixtures for tests of public pages: importing a petition file."""

from tests.petitions.conftest import bring

__all__ = ["bring"]
