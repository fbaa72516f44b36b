"""The forms of the worked set: what mail servers write, by the reply `code status words` that they tell of."""

from tests.bounces.returned import ADDRESS, BODY, HEADERS, ORIGINAL, TO, plain, report


def _status(reply: str, without: str = "5.0.0") -> str:
    words = reply.split()
    return words[1] if len(words) > 1 and words[1].count(".") == 2 and words[1][0] in "245" else without


def postfix(reply: str, action: str = "failed") -> bytes:
    late = action == "delayed"
    subject = "Delayed Mail (still being retried)" if late else "Undelivered Mail Returned to Sender"
    middle = (
        "####################################################################\n# THIS IS A WARNING ONLY.  YOU DO NOT"
        " NEED TO RESEND YOUR MESSAGE. #\n\nYour message could not be delivered for more than 4 hour(s).\n"
        if late
        else "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n"
    )
    said = f"host mx.mail.example[192.0.2.25] said: {reply} (in reply to RCPT TO command)"
    return report(
        "MAILER-DAEMON@relay.example (Mail Delivery System)",
        subject,
        f"This is the mail system at host relay.example.\n\n{middle}\n<{TO}>: {said}\n",
        f"Reporting-MTA: dns; relay.example\nX-Postfix-Queue-ID: 4Rdef\nX-Postfix-Sender: rfc822; {ADDRESS}\n"
        f"Arrival-Date: Mon,  2 Nov 2026 10:00:01 +0000 (UTC)\n\nFinal-Recipient: rfc822; {TO}\n"
        f"Original-Recipient: rfc822;{TO}\nAction: {action}\nStatus: {_status(reply)}\n"
        f"Remote-MTA: dns; mx.mail.example\nDiagnostic-Code: smtp; {reply}\n",
        "Auto-Submitted: auto-replied\n",
        ORIGINAL if not late else HEADERS,
    )


def exim(reply: str, action: str = "failed") -> bytes:
    late = action == "delayed"
    words = (
        "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours"
        " on the queue on relay.example.\n"
        if late
        else "A message that you sent could not be delivered to one or more of its\nrecipients."
        " This is a permanent error. The following address(es) failed:\n"
    )
    ending = (
        "No action is required on your part. Delivery attempts will continue for\nsome time.\n"
        if late
        else f"------ This is a copy of the message, including all the headers. ------\n\n{ORIGINAL}"
    )
    return plain(
        "Mail Delivery System <Mailer-Daemon@relay.example>",
        "Warning: message 1abc-0002 delayed 24 hours" if late else "Mail delivery failed: returning message to sender",
        f"This message was created automatically by mail delivery software.\n\n{words}\n  {TO}\n"
        f"    host mx.mail.example [192.0.2.25]\n    SMTP error from remote mail server after RCPT TO:<{TO}>:\n"
        f"    {reply}\n\n{ending}",
        f"X-Failed-Recipients: {TO}\nAuto-Submitted: auto-replied\n",
    )


def qmail(reply: str, action: str = "failed") -> bytes:
    return plain(
        "MAILER-DAEMON@relay.example",
        "failure notice",
        "Hi. This is the qmail-send program at relay.example.\nI'm afraid I wasn't able to deliver your message to the"
        " following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{TO}>:\n{reply}\n\n--- Below this line is a copy of the message.\n\n{ORIGINAL}",
    )


def sendmail(reply: str, action: str = "failed") -> bytes:
    late = action == "delayed"
    return report(
        "Mail Delivery Subsystem <MAILER-DAEMON@relay.example>",
        f"Warning: could not send message for past 4 hours {TO}"
        if late
        else "Returned mail: see transcript for details",
        f"The original message was received at Mon, 2 Nov 2026 10:00:00 GMT\nfrom petitions.example [192.0.2.7]\n\n"
        f"   ----- The following addresses had {'transient' if late else 'permanent fatal'} errors -----\n<{TO}>\n"
        f"    (reason: {reply})\n\n   ----- Transcript of session follows -----\n"
        "... while talking to mx.mail.example.:\n"
        f">>> DATA\n<<< {reply}\n",
        f"Reporting-MTA: dns; relay.example\nReceived-From-MTA: DNS; petitions.example\n\n"
        f"Final-Recipient: RFC822; {TO}\nAction: {action}\n"
        f"Status: {_status(reply, '5.1.1' if 'unknown' in reply.lower() else '5.0.0')}\n"
        f"Diagnostic-Code: SMTP; {reply}\n",
    )


def exchange(reply: str, action: str = "failed") -> bytes:
    return report(
        '"Microsoft Outlook" <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@relay.example>',
        "Undeliverable: Please confirm your signature",
        f"Your message to {TO} couldn't be delivered.\n\nDiagnostic information for administrators:\n\n"
        f"Generating server: AB1PR01.prod.relay.example\n\n{TO}\nRemote Server returned '{reply}'\n\nOriginal message"
        " headers:\n",
        f"Reporting-MTA: dns;AB1PR01.prod.relay.example\nReceived-From-MTA: dns;petitions.example\n\n"
        f"Final-recipient: rfc822;{TO}\nAction: {action}\nStatus: {_status(reply)}\nDiagnostic-code: smtp;{reply}\n"
        "X-Display-Name: Ann\n",
    )


def google(reply: str, action: str = "failed") -> bytes:
    return report(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        f"Delivery Status Notification ({'Delay' if action == 'delayed' else 'Failure'})",
        f"** Address not found **\n\nYour message wasn't delivered to {TO}.\n\nThe response was:\n{reply}\n",
        f"Reporting-MTA: dns; googlemail.com\nReceived-From-MTA: dns; {ADDRESS}\nX-Original-Message-ID: <01@x>\n\n"
        f"Final-Recipient: rfc822; {TO}\nAction: {action}\nStatus: {_status(reply)}\n"
        f"Remote-MTA: dns; mx.mail.example\nDiagnostic-Code: smtp; {reply}\nLast-Attempt-Date: Mon, 02 Nov 2026"
        " 02:00:00 -0800 (PST)\n",
        f"X-Failed-Recipients: {TO}\nAuto-Submitted: auto-replied\n",
    )


def yahoo(reply: str, action: str = "failed") -> bytes:
    return plain(
        "MAILER-DAEMON@nm1.bullet.mail.yahoo.example",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n"
        f"<{TO}>:\nRemote host said:\n{reply}\n\n--- Below this line is a copy of the message.\n\n{ORIGINAL}",
    )


def courier(reply: str, action: str = "failed") -> bytes:
    return report(
        '"Courier mail server at relay.example" <@relay.example>',
        "NOTICE: mail delivery status.",
        "This is a delivery status notification from relay.example,\nrunning the Courier mail server.\n\n"
        f"UNDELIVERABLE MAIL:\n\nYour message to the following recipients cannot be delivered:\n\n<{TO}>:\n"
        f"    mx.mail.example [192.0.2.25]:\n<<< {reply}\n",
        f"Reporting-MTA: dns; relay.example\nArrival-Date: Mon, 02 Nov 2026 10:00:00 +0000\n\n"
        f"Final-Recipient: rfc822; {TO}\nAction: {action}\nStatus: 5.0.0\nRemote-MTA: dns; mx.mail.example\n"
        f"Diagnostic-Code: smtp; {reply}\n",
    )


def domino(reply: str, action: str = "failed") -> bytes:
    return report(
        "Postmaster@relay.example",
        "DELIVERY FAILURE: " + reply.partition(" ")[2],
        f"Your message\n\n  Subject: Please confirm your signature\n\nwas not delivered to:\n\n  {TO}\n\nbecause:\n\n"
        f"  {reply}\n",
        f"Reporting-MTA: dns;notes.relay.example\n\nFinal-Recipient: rfc822;{TO}\nAction: {action}\nStatus: 5.0.0\n"
        f"Diagnostic-Code: X-Notes; {reply}\n",
    )


def ses(reply: str, action: str = "failed") -> bytes:
    return report(
        "MAILER-DAEMON@email-smtp.amazonses.example",
        "Delivery Status Notification (Failure)",
        f"An error occurred while trying to deliver the mail to the following recipients:\n{TO}\n",
        f"Reporting-MTA: dns; a1-11.smtp-out.amazonses.example\n\nAction: {action}\nFinal-Recipient: rfc822; {TO}\n"
        f"Diagnostic-Code: smtp; {reply}\nStatus: {_status(reply)}\n",
        "Auto-Submitted: auto-replied\n",
    )


def complaint(kind: str, action: str = "failed") -> bytes:
    return report(
        "<feedback@arf.mail.example>",
        "FW: Please confirm your signature",
        "This is an email abuse report for an email message received from 192.0.2.7.\n",
        f"Feedback-Type: {kind}\nUser-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Mail-From: <{ADDRESS}>\n"
        f"Original-Rcpt-To: <{TO}>\nSource-IP: 192.0.2.7\nReported-Domain: petitions.example\n",
        kind="feedback-report",
    )


def note(words: str, action: str = "failed") -> bytes:
    subject, _, text = words.partition(" | ")
    quoted = "".join(f"> {line}\n" for line in BODY.splitlines())
    return plain(f"Ann <{TO}>", subject, f"{text}\n\n{quoted}", "Auto-Submitted: auto-replied\n")


def answer(words: str, action: str = "failed") -> bytes:
    subject, _, text = words.partition(" | ")
    return plain(f"Ann <{TO}>", subject, f"{text}\n\n> {BODY}", "In-Reply-To: <0123456789abcdef@petitions.example>\n")
