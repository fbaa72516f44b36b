"""System health tells the day's deliveries by provider, in tens, whether a sending address is new or not."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import transaction
from app.doctor.deliveries import OTHERS, deliveries_of_day
from app.email import traffic_shaping
from app.email.traffic_shaping import WarmUp
from app.models import Occasion, Petition, Signature
from app.outbox import find_providers, take_turns
from app.outbox.enqueue import new_letter
from tests.factories import make_signature
from tests.mail_server import MailServer
from tests.organisers.people import signed_in
from tests.site import wait_until


@pytest.fixture(autouse=True, params=[WarmUp(50, 2, 30), WarmUp(0, 2, 0)], ids=["new", "warm"])
def shaped(app: Flask, request: pytest.FixtureRequest) -> Iterator[None]:
    """Shape e-mails by the table that sites have, for a sending address that is new, or no longer."""
    unshaped = app.extensions[take_turns.EXTENSION]
    app.config["DNS_RESOLVER"] = ("127.0.0.1", 1)  # nobody answers there
    app.extensions.pop(find_providers.EXTENSION, None)
    take_turns.init_app(app, replace(traffic_shaping.load(None), warm_up=request.param, is_on=True))
    yield
    take_turns.init_app(app, unshaped)
    app.extensions.pop(find_providers.EXTENSION, None)


@pytest.mark.both_databases
def test_domains_that_no_provider_of_the_table_runs_are_told_as_one(
    app: Flask, mail_server: MailServer, petition: str, work: Callable[[], int]
) -> None:
    addresses = [f"ann-{n}@gmail.com" for n in range(12)] + [f"bo@town-{n}.example" for n in range(25)]
    for address in addresses:
        public_id = make_signature(app, email=address)
        with app.app_context(), transaction() as session:
            petition_id = session.scalars(select(Petition.id)).one()
            signature = session.scalars(select(Signature.id).where(Signature.public_id == public_id)).one()
            session.execute(new_letter(Occasion.CONFIRMED, clock.now(), petition_id, signature_id=signature))

    def have_left() -> bool:
        work()
        return len(mail_server.letters) == len(addresses)

    wait_until(have_left)
    with app.app_context():
        assert deliveries_of_day() == [(OTHERS, 20), ("Google", 10)]
    assert "<bdi>Google</bdi>: 10" in signed_in(app, administrator=True).get("/organise/health").text
