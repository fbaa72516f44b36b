"""The e-mail of ours that made-up bounces return, and how they are put together."""

from typing import NamedTuple

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"
ADDRESS = f"bounce+{TOKEN}@bounces.petitions.example"
TO = "ann@mail.example"


class Sample(NamedTuple):
    """One made-up bounce, what it is called, and its class: see Kind in app/bounces/verdict.py."""

    name: str
    kind: str
    raw: bytes


HEADERS = f"""Return-Path: <{ADDRESS}>
Received: from petitions.example (petitions.example [192.0.2.7])
\tby mx.mail.example with ESMTPS id 4Rabc; Mon, 2 Nov 2026 10:00:00 +0000
Message-ID: <0123456789abcdef@petitions.example>
Date: Mon, 02 Nov 2026 10:00:00 +0000
From: Petitions <petitions@petitions.example>
To: {TO}
Subject: Please confirm your signature: Save the test library
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
"""
BODY = "Open this link and press the button: https://petitions.example/confirm/x\n"
ORIGINAL = f"{HEADERS}\n{BODY}"


def plain(sender: str, subject: str, text: str, headers: str = "", charset: str = "utf-8") -> bytes:
    """Return a bounce of one part; `headers` are further ones."""
    head = (
        f"Return-Path: <>\nFrom: {sender}\nTo: {ADDRESS}\nSubject: {subject}\n{headers}MIME-Version: 1.0\n"
        f'Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: 8bit\n\n'
    )
    return (head + text).encode(charset, "replace")


def report(
    sender: str,
    subject: str,
    text: str,
    fields: str,
    headers: str = "",
    returned: str = ORIGINAL,
    kind: str = "delivery-status",
) -> bytes:
    """Return a multipart/report (RFC 3462) with these fields and the returned message, or its headers alone."""
    part = "message/rfc822" if returned == ORIGINAL else "text/rfc822-headers"
    return (
        f"Return-Path: <>\nFrom: {sender}\nTo: {ADDRESS}\nSubject: {subject}\n{headers}MIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="=_edge"\n\n'
        f"--=_edge\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--=_edge\nContent-Type: message/{kind}\n\n{fields}\n"
        f"--=_edge\nContent-Type: {part}\n\n{returned}\n--=_edge--\n"
    ).encode()
