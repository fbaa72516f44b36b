"""The dashboard counts what came back and what was called spam, of this petition alone."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.bounces.apply import take
from app.models import Role
from tests.bounces.conftest import coming_back
from tests.bounces.worked_forms import complaint, postfix
from tests.factories import make_petition, sign
from tests.watching.organiser import BASE, signed_in

pytestmark = pytest.mark.both_databases
ELSEWHERE = "keep-the-test-bridge"
BOUNCES = {
    "hard": postfix("550 5.1.1 <ann@mail.example>: Recipient address rejected: User unknown"),
    "full": postfix("552 5.2.2 Mailbox size limit exceeded"),
    "complaint": complaint("abuse"),
}


def test_what_came_back_and_complaints_are_counted_for_their_petition(
    app: Flask, client: FlaskClient, petition: str, work: Callable[[], int]
) -> None:
    make_petition(app, slug=f'"{ELSEWHERE}"')
    for number, (slug, bounce) in enumerate(
        [(petition, "hard"), (petition, "full"), (petition, "complaint"), (ELSEWHERE, "hard")]
    ):
        sign(client, slug, email=f"ann-{number}@example.org")
        work()
        with app.app_context():
            take(coming_back(app, BOUNCES[bounce]))
    numbers = signed_in(app, Role.EDITOR).get(f"{BASE}/numbers.json").json
    assert numbers
    assert (numbers["came_back"], numbers["complained"]) == (2, 1)
