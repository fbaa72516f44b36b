"""nginx on loopback with the shipped file, in which only ports and places of files are changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import config
from bench.certificates import self_signed

SHIPPED = config.ROOT / "deploy" / "nginx.conf.example"
NAME = "petitions.example.org"
NODE = "server 127.0.0.1:8000;"
MAIN = """
daemon off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An nginx that is to listen on `port` with TLS and on `plain_port` without, with its files in `folder`.

    Without `tls`, the site itself is without it too: for a load that makes none.
    """

    folder: Path
    port: int
    plain_port: int
    tls: bool = True

    def command(self, program: str, nodes: Sequence[int]) -> list[str]:
        """Write its configuration, in front of these ports of web nodes; return the command that starts it."""
        self_signed(self.folder / "server.pem")
        (self.folder / "site.conf").write_text(self._site(nodes))
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder))
        return [program, "-c", str(self.folder / "nginx.conf"), "-e", str(self.folder / "error.log")]

    def _site(self, nodes: Sequence[int]) -> str:
        changes = {
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen [::]:80;": "",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port}{' ssl' if self.tls else ''};",
            "listen [::]:443 ssl;": "",
            "/etc/ssl/countersign/fullchain.pem": f"{self.folder}/server.pem",
            "/etc/ssl/countersign/privkey.pem": f"{self.folder}/server.pem",
            "/var/cache/nginx/countersign": f"{self.folder}/pages",
            NODE: " ".join(f"server 127.0.0.1:{node};" for node in nodes),
        }
        site = SHIPPED.read_text("utf-8")
        for shipped, changed in changes.items():
            if shipped not in site:
                raise RuntimeError(f"{SHIPPED.name} has no {shipped}")
            site = site.replace(shipped, changed)
        return site
