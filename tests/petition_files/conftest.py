"""Fixtures for tests of petition files: importing one."""

from tests.petitions.conftest import bring

__all__ = ["bring"]
