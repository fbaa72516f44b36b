"""A crowd that signs, confirms and withdraws at random, and remembers what it was answered."""

import base64
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

from altcha.v1 import solve_challenge
from flask import Flask

from app.signing import proof_of_work
from bench import people
from bench.stage import SLUG
from faults.sink import Sink

PATIENCE_SECONDS = 30
COUNTRIES = ("SE", "DE", "FR", "PL", "IN", "BR", "KE", "JP")
TRIES, WAITING = 20, 100  # about so many e-mails are open in mail programs
PROOF_STEPS = 20  # instead of a second's: here nobody has to be slowed down
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}

proof_of_work.MAX_NUMBER = PROOF_STEPS


class Answer(NamedTuple):
    """What a request was answered; `status` is 0 where no answer came."""

    status: int
    retry_after: str | None = None


@dataclass
class Person:
    """One signer. Each act is None until tried, False while nobody knows what became of it, True once answered."""

    number: int
    country: str
    signed: bool | None = None
    confirmed: bool | None = None
    withdrawn: bool | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """The mailbox, in which nobody else signs."""
        return f"ann.{self.number}@example.org"


class Crowd:
    """People on the network, each with an IP address of their own, who ask one of the web servers at `ports`."""

    def __init__(self, app: Flask, ports: list[int], sink: Sink, chance: random.Random) -> None:
        self.people: list[Person] = []
        self.statuses: Counter[int] = Counter()
        self.surprises: list[str] = []
        self._ports, self._sink, self._chance = ports, sink, chance
        self._app = app
        with app.app_context():
            self._edition = people.edition()
            proof_of_work.challenge(self._edition.petition)  # reads the site's secret, while the database is there
        self._lock = threading.Lock()

    def sign(self, chance: random.Random) -> Answer:
        """Let somebody new sign."""
        with self._lock:
            person = Person(len(self.people), chance.choice(COUNTRIES))
            self.people.append(person)
        form = {
            **people.ANSWERS,
            "name": f"Ann the {person.number}th",
            "email": person.address,
            "country": person.country,
            "language": "en",
            "text_version": self._edition.text.version,
            "notice_version": self._edition.notice.version,
            "altcha": self._proof(),
        }
        person.signed = False
        answer = self.post(chance, f"/petitions/{SLUG}/sign", form, person.number)
        person.signed = self._judge("sign", answer, {303})
        return answer

    def confirm(self, chance: random.Random) -> Answer | None:
        """Let somebody press the button that the link in their e-mail leads to."""
        person = self._pick(chance, lambda one: not one.confirmed and one.withdrawn is None, "confirm")
        if person is None:
            return None
        with person.lock:
            form = {**people.ANSWERS, "name": f"Ann the {person.number}th", "country": person.country}
            person.confirmed = bool(person.confirmed)
            link = self._sink.link_for(person.address, "confirm")
            answer = self.post(chance, link, form, person.number)
            # 200 and 403 are for who was answered nothing before: it is confirmed already, or was invalidated since.
            before = {200, 403} if not person.confirmed else set()
            person.confirmed = self._judge("confirm", answer, {303} | before) or person.confirmed
            return answer

    def withdraw(self, chance: random.Random) -> Answer | None:
        """Let somebody take their signature back, by the link in the e-mail that thanked for it."""
        person = self._pick(chance, lambda one: not one.withdrawn, "signature")
        if person is None:
            return None
        with person.lock:
            person.withdrawn = False
            link = self._sink.link_for(person.address, "signature")
            answer = self.post(chance, link, {"act": "withdraw"}, person.number)
            person.withdrawn = self._judge("withdraw", answer, {410})
            return answer

    @contextmanager
    def busy(self, clients: int, pause: float = 0.05, weights: tuple[int, int, int] = (5, 4, 1)) -> Iterator[None]:
        """Let so many clients sign, confirm and withdraw at random, with pauses of up to twice `pause` seconds."""
        stop = threading.Event()

        def act(chance: random.Random) -> None:
            while not stop.is_set():
                chance.choices((self.sign, self.confirm, self.withdraw), weights)[0](chance)
                time.sleep(chance.uniform(0, 2 * pause))

        chances = [random.Random(self._chance.random()) for _ in range(clients)]
        threads = [threading.Thread(target=act, args=[chance], daemon=True) for chance in chances]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(PATIENCE_SECONDS * 2)
            if any(thread.is_alive() for thread in threads):
                self.surprises.append("a client was never answered")

    def post(self, chance: random.Random, path: str, form: Mapping[str, object], client: int) -> Answer:
        """Send a form to one of the web servers, from the address that this client has in the network."""
        return self.post_to(chance.choice(self._ports), path, form, client)

    def post_to(self, port: int, path: str, form: Mapping[str, object], client: int) -> Answer:
        """Send a form to the web server at a port."""
        where = {"X-Forwarded-For": f"10.{client >> 16 & 255}.{client >> 8 & 255}.{client & 255}"}
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            asking.request("POST", path, urlencode(form), FORM | where)
            response = asking.getresponse()
            response.read()
            answer = Answer(response.status, response.headers["Retry-After"])
        except TimeoutError:
            self.surprises.append(f"no answer within {PATIENCE_SECONDS} s")
            answer = Answer(0)
        except (OSError, http.client.HTTPException):
            answer = Answer(0)
        finally:
            asking.close()
        with self._lock:
            self.statuses[answer.status] += 1
        return answer

    def _judge(self, act: str, answer: Answer, wanted: set[int]) -> bool:
        """Return whether the act was answered as done; keep what nobody should be answered."""
        if answer.status == 503 and not answer.retry_after:
            self.surprises.append(f"{act}: 503 without Retry-After")
        elif answer.status not in {0, 503} | wanted:
            self.surprises.append(f"{act}: {answer.status}")
        return answer.status in wanted

    def _pick(self, chance: random.Random, fits: Callable[[Person], bool], link: str) -> Person | None:
        """Return somebody whom this fits and who has an e-mail with such a link; the newest are more likely."""
        for _ in range(TRIES):
            if not self._sink.taken:
                return None
            email = self._sink.taken[-1 - min(int(chance.expovariate(1 / WAITING)), len(self._sink.taken) - 1)]
            person = self.people[int(email.recipient.split("@")[0].removeprefix("ann."))]
            if email.kind == link and fits(person) and not person.lock.locked():
                return person
        return None

    def _proof(self) -> str:
        with self._app.app_context():
            asked = proof_of_work.challenge(self._edition.petition)
        found = solve_challenge(str(asked["challenge"]), str(asked["salt"]), "SHA-256", PROOF_STEPS)
        assert found
        wanted = {name: asked[name] for name in ("algorithm", "challenge", "salt", "signature")}
        return base64.b64encode(json.dumps({**wanted, "number": found.number}).encode()).decode()
