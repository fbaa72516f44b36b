"""The forms of the held-back set, which the rules were not written by: other servers, and other languages."""

import base64

from tests.bounces.returned import ADDRESS, HEADERS, ORIGINAL, TO, plain, report


def imail(reply: str) -> bytes:
    return plain(
        "Postmaster <postmaster@relay.example>",
        "Undeliverable Mail",
        f"{reply}: {TO}\n\nOriginal message follows.\n\n{ORIGINAL}",
        "X-Mailer: <SMTP32 v8.22>\n",
    )


def marshal(reply: str) -> bytes:
    return plain(
        "Administrator@relay.example",
        'Undeliverable Mail: "Please confirm your signature"',
        "Your message:\n   From:    petitions@petitions.example\n   Subject: Please confirm your signature\n\n"
        f"Could not be delivered because of\n\n{reply}\n\nThe following recipients were affected:\n   {TO}\n\n"
        f"Additional Information\n======================\nOriginal Sender: <{ADDRESS}>\nSender-MTA: <192.0.2.7>\n"
        "Remote-MTA:         <mx.mail.example>\n",
    )


def gmx(reply: str) -> bytes:
    return plain(
        "GMX Mailer Daemon <mailer-daemon@gmx.example>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be"
        f" delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"
        f'"{TO}":\n{reply}\n\n\n--- The header of the original message is following. ---\n\n{HEADERS}',
    )


def german(reply: str) -> bytes:
    return plain(
        "Mail Delivery System <Mailer-Daemon@t-online.example>",
        "Ihre E-Mail konnte nicht zugestellt werden",
        "Sehr geehrte Damen und Herren,\n\nIhre Nachricht konnte an folgende Adresse nicht zugestellt werden:\n\n"
        f"|  {TO}\n\n{reply}\n\nIhre Nachricht lautete:\n\n{HEADERS}",
    )


def french(reply: str) -> bytes:
    text = (
        f"Ce message a été généré automatiquement.\n\nVotre message n'a pas pu être remis à :\n\n<{TO}>: {reply}\n\n"
        f"En-têtes du message d'origine :\n\n{HEADERS}"
    )
    return plain("MAILER-DAEMON@orange.example", "Courriel non remis", text, charset="iso-8859-1")


def russian(reply: str) -> bytes:
    text = (
        f"Ваше сообщение не доставлено следующему получателю:\n\n  {TO}\n\n{reply}\n\n--- Копия письма ---\n{HEADERS}"
    )
    return plain("mailer-daemon@corp.mail.example", "Сообщение не доставлено", text, charset="koi8-r")


def japanese(reply: str) -> bytes:
    text = f"次の宛先へのメールを送信できませんでした。\n\n<{TO}>\n{reply}\n\n元のメッセージ:\n{HEADERS}"
    return plain("Mail Administrator <postmaster@docomo.example>", "Undeliverable", text, charset="shift_jis")


def yandex(reply: str) -> bytes:
    return report(
        "mailer-daemon@yandex.example",
        "=?utf-8?b?0J3QtdC00L7RgdGC0LDQstC70LXQvdC90L7QtSDRgdC+0L7QsdGJ0LXQvdC40LU=?=",
        f"Это письмо отправлено почтовым сервером yandex.example.\n\nК сожалению, мы вынуждены сообщить Вам о том, что"
        f" Ваше письмо не может\nбыть отправлено одному или нескольким адресатам.\n\n<{TO}>: {reply}\n",
        f"Reporting-MTA: dns; forward1.mail.yandex.example\n\nFinal-Recipient: rfc822; {TO}\nAction: failed\n"
        f"Status: 5.0.0\nDiagnostic-Code: smtp; {reply}\n",
    )


def opensmtpd(reply: str) -> bytes:
    return report(
        "Mailer Daemon <MAILER-DAEMON@relay.example>",
        "Delivery status notification: error",
        f"    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred"
        f" while attempting to deliver a message for\n    the following list of recipients:\n\n{TO}: {reply}\n",
        f"Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; {TO}\nAction: error\nStatus: 5.0.0\n",
        returned=HEADERS,
    )


def groupwise(reply: str) -> bytes:
    return plain(
        "Mailer-Daemon@gw.relay.example",
        "Message status - undeliverable",
        f"The message that you sent was undeliverable to the following:\n\n  ann ({reply})\n\n"
        f"Possibly truncated original message follows:\n\n{ORIGINAL}",
    )


def page(reply: str) -> bytes:
    """Return a bounce whose words are a page in HTML, in base64, as filters in front of mail servers write."""
    html = f"<html><body><p>Delivery has failed to these recipients:</p><p>{TO}</p><p>{reply}</p></body></html>"
    encoded = base64.encodebytes(html.encode()).decode()
    return (
        f"Return-Path: <>\nFrom: postmaster@filter.example\nTo: {ADDRESS}\nSubject: Delivery failure\n"
        "MIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="edge"\n\n--edge\nContent-Type: text/html; charset=utf-8\n'
        f"Content-Transfer-Encoding: base64\n\n{encoded}\n--edge\n"
        f"Content-Type: message/rfc822\n\n{ORIGINAL}\n--edge--\n"
    ).encode()


def fields_alone(reply: str) -> bytes:
    """Return a report that came through a system which made its parts one text (as some ticket systems do)."""
    status = reply.split()[1]
    text = (
        f"Final-Recipient: rfc822;{TO}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp;{reply}\n\n{ORIGINAL}"
    )
    return plain("postmaster@relay.example", "Undeliverable: Please confirm", text)


def several(reply: str) -> bytes:
    """Return a report of a mailbox that forwards to two others: one of these took it, so ours is there."""
    return report(
        "MAILER-DAEMON@forwarder.example",
        "Undelivered Mail Returned to Sender",
        f"<{TO}>: {reply}\n",
        "Reporting-MTA: dns; forwarder.example\n\nFinal-Recipient: rfc822; other@mail.example\nAction: relayed\n"
        f"Status: 2.0.0\n\nFinal-Recipient: rfc822; {TO}\nAction: failed\nStatus: {reply.split()[1]}\n"
        f"Diagnostic-Code: smtp; {reply}\n",
    )


def relayed(reply: str) -> bytes:
    return report(
        "MAILER-DAEMON@relay.example",
        "Successful Mail Delivery Report",
        f"Your message was successfully delivered to the destination(s)\nlisted below.\n\n<{TO}>: {reply}\n",
        f"Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; {TO}\nAction: relayed\nStatus: 2.1.5\n"
        f"Diagnostic-Code: smtp; {reply}\n",
    )


def late(reply: str) -> bytes:
    return report(
        "postmaster@relay.example",
        "Delivery delayed: Please confirm your signature",
        f"Delivery is delayed to these recipients:\n\n{TO}\n\nThis message hasn't been delivered yet. Delivery will"
        " continue to be attempted.\n",
        f"Reporting-MTA: dns;relay.example\n\nFinal-recipient: RFC822;{TO}\nAction: delayed\nStatus: 4.4.7\n"
        "Will-Retry-Until: Wed, 4 Nov 2026 10:00:00 +0000\n",
    )


def feedback(kind: str) -> bytes:
    return (
        f"From: complaints@postmark.example\nTo: {ADDRESS}\nSubject: Abuse report\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type="feedback-report"; boundary="b1"\n\n'
        "--b1\nContent-Type: text/plain\n\nThis message is a complaint.\n--b1\nContent-Type: message/feedback-report\n"
        f"Content-Disposition: inline\n\nfeedback-type: {kind}\nversion: 0.1\nuser-agent: Yahoo!-Mail-Feedback/2.0\n"
        f"\n--b1\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n{ORIGINAL}\n--b1--\n"
    ).encode()


def vacation(words: str) -> bytes:
    """Return what a `vacation` program or a web mailer answers: some say so in a header, some in the subject alone."""
    header, subject, text = words.split(" | ")
    return plain(f"Ann <{TO}>", subject, f"{text}\n", f"{header}\n" if header != "-" else "")


def person(words: str) -> bytes:
    subject, _, text = words.partition(" | ")
    return plain(f"Ann <{TO}>", subject, f"{text}\n\n> {HEADERS}")
