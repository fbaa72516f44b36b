"""A real IMAP server on loopback: Debian's Dovecot, with a folder and a configuration of its own."""

import getpass
import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imapclient import IMAPClient

from tests.mail_server import free_port
from tests.site import wait_until

DOVECOT = shutil.which("dovecot", path=f"{os.defpath}:/usr/sbin")
USER, PASSWORD = "bounces@petitions.example", "a pass/word"
# Without root it has no other users; with root it wants those that Debian made.
USERS = """default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
"""
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
{users}first_valid_uid = 0
first_valid_gid = 0
disable_plaintext_auth = no
auth_failure_delay = 0
ssl = {ssl}
mail_location = maildir:{folder}/mail
passdb {{
  driver = passwd-file
  args = scheme=plain {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


class ImapServer:
    """The ports of a running server, and what is in its mailbox."""

    def __init__(self, folder: Path, port: int, tls_port: int) -> None:
        self.folder, self.port, self.tls_port = folder, port, tls_port

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10) as client:
            client.login(USER, PASSWORD)
            client.select_folder("INBOX")
            yield client

    def deliver(self, *messages: bytes) -> None:
        with self.client() as client:
            for message in messages:
                client.append("INBOX", message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))

    def files(self) -> list[Path]:
        """Return where the messages lie, in the order in which they were delivered."""
        return sorted((self.folder / "mail" / "cur").iterdir(), key=lambda file: file.stat().st_mtime_ns)

    def unread_and_all(self) -> tuple[int, int]:
        with self.client() as client:
            return len(client.search("UNSEEN")), len(client.search("ALL"))


@contextmanager
def running(certificate: Path | None = None) -> Iterator[ImapServer]:
    """Run one; with a certificate (and its key in the same file) it also listens for encrypted connections."""
    assert DOVECOT
    folder = Path(tempfile.mkdtemp(prefix="dovecot"))
    folder.chmod(0o755)  # as its users must get there, unlike to the folder of a test
    server = ImapServer(folder, free_port(), free_port() if certificate else 0)
    owner = pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("dovecot")  # mail is nobody's who is root
    for name in ("run", "mail"):
        (folder / name).mkdir()
    shutil.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
    me = {"user": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    text = CONFIGURATION.format(
        folder=folder,
        users=USERS.format(**me) if os.getuid() else "",
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        port=server.port,
        tls_port=server.tls_port,
        ssl="yes" if certificate else "no",
    )
    if certificate:
        text += f"ssl_cert = <{certificate}\nssl_key = <{certificate}\n"
    (folder / "dovecot.conf").write_text(text)
    process = subprocess.Popen(
        [DOVECOT, "-F", "-c", str(folder / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _answers(server) or process.poll() is not None, 20)
        assert process.poll() is None, (folder / "log").read_text()
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(server: ImapServer) -> bool:
    try:
        with server.client():
            return True
    except (OSError, IMAPClient.Error):
        return False
