"""The held-back set: made-up bounces that were written before the rules in app/bounces/, which were not made to fit."""

from collections.abc import Callable, Iterator

from tests.bounces import held_back_forms as form
from tests.bounces import worked_forms
from tests.bounces.returned import Sample

Form = Callable[[str], bytes]
# By form: class, then the server's reply.
TABLE: dict[Form, str] = {
    form.imail: """
        hard Unknown user
        hard Invalid final delivery userid
        hard unknown host
        full user mailbox exceeds allowed size
        soft Delivery userid failure: delivery failed after 20 attempts""",
    form.marshal: """
        hard 550 5.1.1 User unknown
        hard 550 5.1.1 Requested action not taken: mailbox unavailable
        blocked 550 5.7.1 Message rejected due to content restrictions""",
    form.gmx: """
        hard SMTP error from remote server after RCPT command:\\nhost: mx.mail.example\\n5.1.1 unknown user
        full Mailbox full
        full Quota exceeded. The recipients mailbox is full.
        hard unrouteable mail domain "mail.example"
        blocked SMTP error from remote server for TEXT command\\n554 Transaction failed: reputation of 192.0.2.7""",
    form.german: """
        hard Der Empfänger ist unbekannt.
        hard 550 5.1.1 Benutzer existiert nicht
        full Das Postfach des Empfängers ist voll.
        full Speicherplatz des Empfängers überschritten
        blocked 554 Nachricht wurde als Spam abgelehnt""",
    form.french: """
        hard 550 5.1.1 Adresse d'au moins un destinataire invalide. Invalid recipient.
        hard Utilisateur inconnu
        full La boîte aux lettres du destinataire est pleine
        full 552 5.2.2 Quota dépassé
        blocked 550 5.7.1 Message rejeté : contenu indésirable (spam)""",
    form.russian: """
        hard Такого пользователя не существует
        hard 550 Почтовый ящик не найден
        full Почтовый ящик получателя переполнен
        blocked Сообщение отклонено как спам""",
    form.japanese: """
        hard 宛先のメールアドレスは存在しません
        hard 550 Unknown user ann@mail.example
        full メールボックスの容量を超えています""",
    form.yandex: """
        hard 550 5.7.1 No such user!
        hard 550 Policy rejection on the target address: mailbox does not exist
        full 552 5.2.2 Mailbox size limit exceeded
        blocked 554 5.7.1 Message rejected under suspicion of SPAM; https://ya.example/1""",
    form.opensmtpd: """
        hard 550 5.1.1 Invalid recipient: user does not exist
        hard Domain does not exist
        soft 550 Network error on destination MXs""",
    form.groupwise: """
        hard 550 5.1.1 User not found
        full 550 Mailbox disk space limit exceeded
        hard user not known at this site""",
    form.page: """
        hard 550 5.1.1 The recipient's mailbox does not exist at mail.example
        hard The email address you entered couldn't be found.
        full The recipient's mailbox is full and can't accept messages now.
        blocked Your message was rejected because your IP is on a block list (reputation).
        hard 550 permanent failure for one or more recipients (ann@mail.example:550 5.1.1 no mailbox here)""",
    form.fields_alone: """
        hard 550 5.1.1 no such address
        blocked 550 5.7.509 Access denied, sending domain does not pass DMARC verification
        full 552 5.2.3 quota full""",
    form.several: """
        soft 550 5.1.1 recipient rejected
        full 552 5.2.2 over quota
        soft 554 5.4.7 delivery time expired""",
    worked_forms.postfix: """
        hard 550 5.1.0 Address rejected.
        hard 550 5.1.6 Recipient has moved and left no address
        hard 556 5.1.10 recipient's domain has a null MX: does not accept mail
        hard 550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)
        hard 550 5.1.1 <ann@mail.example>: inactive user
        hard 552 1 Requested mail action aborted, mailbox not found
        blocked 550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. their network is on our list (S3140)
        blocked 554 5.7.9 Message not accepted for policy reasons
        blocked 550 5.7.1 SPF check failed for petitions.example
        blocked 571 5.7.1 Message contains spam or virus or sender is blocked : 192.0.2.7
        blocked 554 IP=192.0.2.7 - A problem occurred. Ask your postmaster for help about the DNSBL
        blocked 550 5.1.8 Sender address rejected: Domain not found
        full 552 5.7.0 Mailbox full: Number of messages exceeds the maximum allowed
        full 452 4.2.2 user has exceeded his/her disk space limit
        soft 450 4.2.0 Greylisted, please try again later
        soft 550 5.3.5 System incorrectly configured
        soft 554 5.6.0 Lone CR or LF in body
        soft 451 4.3.0 Temporary lookup failure""",
    worked_forms.exchange: """
        hard 550 5.1.0 Account disabled: sorry, this mailbox has been closed
        hard 550 5.1.351 Remote server returned unknown recipient or mailbox unavailable
        blocked 550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP
        blocked 550 5.7.124 Sender not in allowed senders list""",
    form.relayed: "nothing 250 2.1.5 OK",
    form.late: "delayed later",
    form.feedback: """
        complaint abuse
        complaint opt-out
        nothing virus""",
    form.vacation: """
        auto-reply X-Autoreply: yes | Re: Please confirm | I read no mail here. My account is disabled soon.
        auto-reply Precedence: auto_reply | Frånvarande | Jag är på semester till den 9 november.
        auto-reply X-Auto-Response-Suppress: All | Automatic reply: Please confirm | On leave until Monday.
        auto-reply - | Out of Office AutoReply: Please confirm | Back on Monday.
        auto-reply - | Automatische Antwort: Bitte | Ich bin nicht da.
        auto-reply X-Autorespond: vacation | Fuori ufficio | Sono in ferie, la casella non esiste fino a lunedì.
        auto-reply Auto-Submitted: auto-replied (vacation) | Poza biurem | Jestem na urlopie.
        auto-reply Auto-Submitted: auto-generated | Ticket [#1234] received | We have received your request.
        auto-reply - | Odpowiedź automatyczna: podpis | Wracam w poniedziałek.
        auto-reply - | Automatisch antwoord: afwezig | Ik ben er niet.""",
    form.person: """
        nothing Re: Please confirm | It worked, thank you.
        nothing Why do I get this? | Please stop. I get 550 such e-mails a day.""",
}


def samples() -> Iterator[Sample]:
    """Yield the whole set."""
    for write, lines in TABLE.items():
        for line in lines.strip().splitlines():
            kind, _, reply = line.strip().partition(" ")
            said = reply.replace("\\n", "\n")
            yield Sample(f"{write.__name__}: {reply}", kind, write(said))
