"""The worked set: made-up bounces by which the rules in app/bounces/ were written."""

from collections.abc import Callable, Iterator

from tests.bounces import worked_forms as form
from tests.bounces.returned import Sample

Form = Callable[[str, str], bytes]
# By form: class, then the server's reply.
FAILED: dict[Form, str] = {
    form.postfix: """
        hard 550 5.1.1 <ann@mail.example>: Recipient address rejected: User unknown in virtual mailbox table
        hard 550 5.1.1 <ann@mail.example>... User unknown
        hard 550 5.4.4 Host or domain name not found. Name service error for name=mail.example type=AAAA: Host not found
        hard 550 5.1.2 Domain mail.example does not exist
        hard 550 5.2.1 The email account that you tried to reach is disabled
        hard 554 5.7.1 <ann@mail.example>: Relay access denied: no such user here
        hard 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
        full 552 5.2.2 Mailbox size limit exceeded
        full 452 4.2.2 The email account that you tried to reach is over quota
        blocked 554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.example
        blocked 550 5.7.26 Unauthenticated email from petitions.example is not accepted due to domain's DMARC policy
        blocked 550 5.7.1 Message rejected as spam by Content Filtering
        blocked 421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to unexpected volume or complaints
        soft 451 4.4.1 Connection timed out
        soft 452 4.3.1 Insufficient system storage
        soft 554 5.4.6 mail for mail.example loops back to myself
        soft 552 5.3.4 Message size exceeds fixed limit""",
    form.exim: """
        hard 550 Unrouteable address
        hard 550 5.1.1 Unknown user
        hard 550 No such user here
        hard 550 Requested action not taken: mailbox unavailable
        full 552 Mailbox quota exceeded / Quota exceeded
        full 550 mailbox is full (MTA-imposed quota exceeded while writing to file /mail/ann)
        blocked 550 JunkMail rejected - petitions.example [192.0.2.7]:51234 is in an RBL
        blocked 554 spam message rejected. Please visit https://help.mail.example/notspam-support
        soft 451 retry timeout exceeded
        soft 552 Message size exceeds maximum permitted""",
    form.qmail: """
        hard 192.0.2.25 does not like recipient.\\nRemote host said: 550 5.1.1 No such user - ann
        hard Sorry, no mailbox here by that name. (#5.1.1)
        hard Sorry, I couldn't find any host named mail.example. (#5.1.2)
        hard vpopmail: This account is disabled or does not exist. (#5.1.1)
        full The user's mailbox is over its quota. user is over quota (#5.2.2)
        blocked 192.0.2.25 failed after I sent the message.\\nRemote host said: 554 Your mail looks like spam (#5.7.1)
        soft Sorry, I wasn't able to establish an SMTP connection. (#4.4.1) I'm not going to try again; too long""",
    form.sendmail: """
        hard 550 5.1.1 <ann@mail.example>... User unknown
        hard 550 Host unknown (Name server: mail.example: host not found)
        full 554 5.2.2 mailbox full
        blocked 553 5.3.0 <ann@mail.example>... Your address is listed in our blacklist
        soft 451 4.4.7 Message could not be delivered for 5 days""",
    form.exchange: """
        hard 550 5.1.1 RESOLVER.ADR.RecipNotFound; not found
        hard 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@mail.example not found by SMTP address lookup
        hard 550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AB1.prod.example]
        hard 550 5.4.310 DNS domain mail.example does not exist [Message=InfoDomainNonexistent]
        full 554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException
        blocked 550 5.7.606 Access denied, banned sending IP [192.0.2.7]
        blocked 550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required
        soft 550 5.4.300 Message expired -> 451 4.4.1 connection refused""",
    form.google: """
        hard 550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the address
        hard 550 5.2.1 The email account that you tried to reach is inactive
        full 552 5.2.2 The recipient's inbox is out of storage space and inactive
        blocked 550 5.7.1 Our system has detected that this message is likely unsolicited mail
        soft 421 4.4.1 The recipient server did not accept our requests to connect: timed out""",
    form.yahoo: """
        hard 554 delivery error: dd This user doesn't have a yahoo.example account (ann@mail.example) [0]
        hard 554 delivery error: dd Not a valid recipient - mta4321.mail.example
        full 554 delivery error: dd Requested mail action aborted: mailbox over quota
        blocked 553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.7, because the ip is in a list""",
    form.courier: """
        hard 550 User <ann@mail.example> unknown.
        full 522 Mailbox quota exceeded
        blocked 550 Sender IP rejected due to poor reputation""",
    form.domino: """
        hard 550 User ann (ann@mail.example) not listed in Domino Directory
        blocked 554 Message rejected because of unacceptable content""",
    form.ses: """
        hard 550 5.1.1 user unknown
        hard 550 5.1.1 Amazon SES did not send the message to this address because it is on the suppression list
        full 552 5.2.2 over quota""",
    form.complaint: """
        complaint abuse
        complaint fraud
        nothing not-spam
        nothing auth-failure""",
    form.note: """
        auto-reply Out of office: Please confirm | I am away until 9 November and read no e-mail.
        auto-reply Abwesenheitsnotiz | Ich bin bis zum 9. November nicht im Büro.
        auto-reply Réponse automatique : absence | Je suis absente jusqu'au 9 novembre.
        auto-reply Автоответ: отпуск | Меня нет в офисе до 9 ноября, почтовый ящик не читаю.
        auto-reply Respuesta automática | Estoy fuera de la oficina.
        auto-reply 自動返信 | 不在にしております。""",
    form.answer: """
        nothing Re: Please confirm your signature | Thank you for your work, I have confirmed.
        nothing Re: Please confirm | Who are you? I have never signed anything. Is my mailbox full again?""",
}
DELAYED: dict[Form, str] = {
    form.postfix: "delayed 451 4.4.1 connect to mx.mail.example: Connection timed out",
    form.exim: "delayed 451 retry time not reached for any host",
    form.sendmail: "delayed 451 4.4.2 Deferred: Connection reset",
    form.google: "delayed 451 4.4.2 [mx.mail.example] timed out while sending",
}


def samples() -> Iterator[Sample]:
    """Yield the whole set."""
    for action, table in (("failed", FAILED), ("delayed", DELAYED)):
        for write, lines in table.items():
            for line in lines.strip().splitlines():
                kind, _, reply = line.strip().partition(" ")
                yield Sample(f"{write.__name__}: {reply}", kind, write(reply.replace("\\n", "\n"), action))
