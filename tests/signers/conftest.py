"""What tests of signers' own entries can ask for: the link to one."""

import pytest
from flask import Flask

from tests.factories import make_signature
from tests.signers.own_entry import link_to


@pytest.fixture
def entry(app: Flask, petition: str) -> str:
    """The link to the entry of somebody who has confirmed."""
    return link_to(app, make_signature(app))
