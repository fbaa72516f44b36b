"""What tests of petition files can ask for: bringing a petition file in."""

from tests.petitions.conftest import bring

__all__ = ["bring"]
