"""A software passkey, as a browser's authenticator (W3C Web Authentication, level 3)."""

import base64
import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """One passkey at `origin`. Without `verifies` it does not verify its user."""

    origin: str
    verifies: bool = True
    id: bytes = field(default_factory=lambda: os.urandom(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user: str = ""
    uses: int = 0

    def press(self, client: FlaskClient, page: TestResponse) -> TestResponse:
        """Do what the script of a passkey form does: answer its options, and send the form."""
        form = re.search(r'<form method="post" action="([^"]*)" data-passkey="(\w+)" data-options="([^"]*)"', page.text)
        assert form, page.text
        answer = self.create if form[2] == "create" else self.get
        credential = answer(json.loads(unescape(form[3])))
        return client.post(unescape(form[1]), data={"credential": json.dumps(credential)})

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the credential of a new passkey."""
        self.user = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        about = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], WITH_KEY) + about
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", options)
        return self._credential(client_data, attestationObject=attestation)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the assertion for these options."""
        self.uses += 1
        client_data = self._client_data("webauthn.get", options)
        data = self._data(options["rpId"])
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        answer = self._credential(client_data, authenticatorData=data, signature=signature)
        answer["response"]["userHandle"] = self.user
        return answer

    def _data(self, rp: str, more: int = 0) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _credential(self, client_data: bytes, **parts: bytes) -> dict[str, Any]:
        response = {name: to_text(part) for name, part in parts.items()}
        response["clientDataJSON"] = to_text(client_data)
        return {"id": to_text(self.id), "rawId": to_text(self.id), "type": "public-key", "response": response}
