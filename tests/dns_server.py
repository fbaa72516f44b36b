"""A real DNS server for tests: answers over UDP on loopback from a zone, fails or falls silent when told to."""

import socketserver
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset

TTL = 60


class DnsServer:
    """Its `zone` holds records by name, then by kind. What is not in it is NXDOMAIN; `silent` names get no answer."""

    def __init__(self) -> None:
        self.reset()
        server = self

        class Answering(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                packet, socket = self.request
                answer = server.answer(dns.message.from_wire(packet))
                if answer is not None:
                    socket.sendto(answer.to_wire(max_size=65535), self.client_address)

        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answering)
        threading.Thread(target=self._udp.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def reset(self) -> None:
        """Know nothing."""
        self.zone: dict[str, dict[str, list[str]]] = {}
        self.silent: set[str] = set()
        self.failing: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> tuple[str, int]:
        """What DNS_RESOLVER is to be."""
        host, port = self._udp.server_address[:2]
        return str(host), int(port)

    def add(self, records: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """Add records, by name and kind; those of one kind at a name are replaced."""
        for name, kinds in records.items():
            self.zone.setdefault(name, {}).update({kind: [*texts] for kind, texts in kinds.items()})

    def answer(self, query: dns.message.Message) -> Any:
        """Return the answer to a query; None for silence."""
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = question.rdtype.name
        self.asked.append((name, kind))
        if "*" in self.silent or name in self.silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name in self.zone:
            texts = self.zone[name].get(kind)
            if texts:
                response.answer.append(dns.rrset.from_text(question.name, TTL, "IN", kind, *texts))
        elif not any(known.endswith(f".{name}") for known in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    def stop(self) -> None:
        """Stop answering."""
        self._udp.shutdown()
        self._udp.server_close()


def txt(text: str) -> str:
    """Return a TXT record's value as zone files write it: quoted, in parts of 255 characters at most."""
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))
