"""A site that is upgraded tells what is reached from then on, and nothing of before."""

import flask_migrate
import pytest
from flask import Flask

from app.data_keys.check import check_keys
from app.models import Role
from tests.factories import make_petition
from tests.notices.conftest import NOON, count_is, declined_is, subjects, tell
from tests.organisers.people import OWNER, make_organiser

pytestmark = pytest.mark.both_databases


def test_what_was_reached_before_is_not_told(bare_app: Flask) -> None:
    app = bare_app
    with app.app_context():
        flask_migrate.upgrade()
        check_keys()
    make_petition(app)
    make_organiser(app, OWNER, Role.OWNER)
    count_is(app, 6000)
    declined_is(app, 20, NOON)
    with app.app_context():
        flask_migrate.downgrade(revision="20261130_1470")
        flask_migrate.downgrade(revision="-1")
        flask_migrate.upgrade()
    assert tell(app, NOON) == 0
    count_is(app, 7500)
    assert tell(app, NOON) == 1
    assert subjects(app) == ["owner: A goal is reached"]
