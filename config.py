"""The only reader of the environment: makes Flask's configuration of it, or says in words what is wrong."""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SITE = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[::1\])(?::[0-9]{1,5})?")
EXAMPLE_SECRETS = {"change", "changeme", "secret", "example", "password", "default", "dev", "test", "your"}
# Before it stand up to 64 characters and an @, and an address has at most 254 (RFC 5321).
DOMAIN = re.compile(r"(?=.{1,189}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
MIN_SECRET_LENGTH = 32
DATA_KEY_BYTES = 32
MAX_NAME_LENGTH = 60
SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,61})*")
COLOUR = re.compile("#[0-9a-fA-F]{6}")
ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")
SECURITY_CONTACT = re.compile(r"(mailto:[^\s@]+@[^\s@]+|https://\S+)")


class ConfigError(Exception):
    """A setting that the site refuses to start with; its text tells the operator what to do."""


@dataclass
class KeyFile:
    """The data keys that the site made itself: a file that running processes read anew when it changes."""

    path: Path
    _read: tuple[tuple[int, ...], list[bytes]] = field(default=((), []), compare=False)

    def keys(self) -> list[bytes]:
        """Return the keys, the newest first; while the file cannot be read, those that it held before."""
        seen, keys = self._read
        try:
            now = self.path.stat()
            mark = (now.st_mtime_ns, now.st_ino, now.st_size)
            if mark != seen:
                keys = _checked_keys(_kept(self.path).split(","))
                self._read = (mark, keys)
        except (OSError, ConfigError):
            if not keys:
                raise
        return keys

    def replace(self, keys: Sequence[bytes]) -> None:
        """Let the file hold these keys, the newest first; whoever reads it finds the old ones or the new, whole."""
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}")
        try:
            _write_secret(draft, ",".join(base64.urlsafe_b64encode(key).decode().rstrip("=") for key in keys))
            before = self.path.stat()
            os.chown(draft, before.st_uid, before.st_gid)  # run as root, it must stay readable to the site's user
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)
        sync(self.path.parent)


def sync(path: Path) -> None:
    """Have a file's content, or a folder's list of files, on the disk before going on (fsync)."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def new_data_key() -> bytes:
    """Return a random key that DATA_KEYS takes."""
    return secrets.token_bytes(DATA_KEY_BYTES)


def load(environ: Mapping[str, str] | None = None, instance: Path | None = None) -> dict[str, Any]:
    """Return Flask's configuration made of `environ` (default: this process's own).

    Secrets that are not given are made once into `instance` (default: instance/ beside this file), mode 0600.
    Raises ConfigError, in words for the operator, on a weak secret, a malformed value or an unsafe combination.
    """
    env = environment() if environ is None else environ
    instance = instance or ROOT / "instance"
    port = _number(env, "PORT", 8000, least=1)
    base_url = _base_url(env, port)
    key_file = None if _list(env, "DATA_KEYS") else _key_file(instance)
    mailbox = env.get("COUNTERSIGN_MAILBOX")  # set by `flask serve` for the processes that it starts
    return {
        "INSTANCE_DIR": str(instance),
        "PORT": port,
        "BASE_URL": base_url,
        "PREFERRED_URL_SCHEME": urlsplit(base_url).scheme,
        "SERVER_NAME": urlsplit(base_url).netloc,  # for links in letters, which are written outside any request
        "SECRET_KEY": _secret_key(env, instance),
        "SECRET_KEY_FALLBACKS": [
            _checked_secret("SECRET_KEY_FALLBACKS", s) for s in _list(env, "SECRET_KEY_FALLBACKS")
        ],
        "DATA_KEYS": key_file.keys() if key_file else _checked_keys(_list(env, "DATA_KEYS")),
        "DATA_KEYS_FILE": key_file,
        "ERASURES_DIR": (ROOT / (env.get("ERASURES_DIR") or instance / "erasures")).resolve(),
        "SQLALCHEMY_DATABASE_URI": database_uri(env.get("DATABASE_URL") or f"sqlite:///{instance}/countersign.db"),
        "OUTBOX_LEASE_SECONDS": 120,
        "SMTP_TIMEOUT_SECONDS": 10,
        "DNS_RESOLVER": _dns_resolver(env),
        "MAX_CONTENT_LENGTH": 64 * 1024,
        "MAX_FORM_PARTS": 50,
        "TRUSTED_PROXIES": _number(env, "TRUSTED_PROXIES", 0),
        "REDIS_URL": _redis_url(env),
        "METRICS_TOKEN": _metrics_token(env),
        "EVERYBODY_MAY_OPEN": _flag(env, "EVERYBODY_MAY_OPEN"),
        "REQUIRE_SECOND_STEP": _flag(env, "REQUIRE_SECOND_STEP"),
        "MAILBOX_DIR": mailbox,
        **_site(env),
        **_mail(env, base_url),
        **_dkim(env),
    }


def database_uri(url: str) -> str:
    """Return SQLAlchemy's form of DATABASE_URL: psycopg 3 for PostgreSQL, a full path for SQLite.

    Raises ConfigError for any other database, and for a password that everybody knows.
    """
    for prefix in ("postgresql://", "postgres://", "postgresql+psycopg://"):
        if url.startswith(prefix):
            return _without_known_password("postgresql+psycopg://" + url.removeprefix(prefix))
    if url.startswith("sqlite:///"):
        return f"sqlite:///{(ROOT / url.removeprefix('sqlite:///')).resolve()}"
    raise ConfigError("DATABASE_URL must begin with sqlite:/// or postgresql://. Other databases are not supported.")


def _without_known_password(uri: str) -> str:
    try:
        parts = make_url(uri)
    except (ArgumentError, ValueError):
        raise ConfigError("DATABASE_URL is no address: write it like postgresql://user:PASSWORD@host/name.") from None
    password = (parts.password or "").lower()
    if password and (password in {"postgres", (parts.username or "").lower()} or _is_example(password)):
        raise ConfigError(
            "DATABASE_URL has a password that everybody would try first. Give the database's user another, made with:"
            " python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return uri


def _site(env: Mapping[str, str]) -> dict[str, Any]:
    name = env.get("SITE_NAME") or "Countersign"
    colour = env.get("SITE_COLOUR") or None
    language = env.get("SITE_LANGUAGE") or "en"
    folder = (ROOT / env["SITE_DIR"]).resolve() if env.get("SITE_DIR") else None
    written = {"en", *(path.parent.name for path in (ROOT / "translations").glob("*/LC_MESSAGES"))}
    if not name.isprintable() or not name.strip() or len(name) > MAX_NAME_LENGTH:
        raise ConfigError(f"SITE_NAME is {name!r}: it must be one line of at most {MAX_NAME_LENGTH} characters.")
    if colour and not COLOUR.fullmatch(colour):
        raise ConfigError(f"SITE_COLOUR is {colour!r}: write it as # and six hexadecimal digits, such as #14532d.")
    if language not in written:
        raise ConfigError(f"SITE_LANGUAGE is {language!r}: it must be one of {', '.join(sorted(written))}.")
    if folder and not folder.is_dir():
        raise ConfigError(f"SITE_DIR is {folder}: there is no such folder, or the site's user may not look into it.")
    security = env.get("SECURITY_CONTACT") or None
    if security and not SECURITY_CONTACT.fullmatch(security):
        raise ConfigError(f"SECURITY_CONTACT is {security!r}: write it as mailto:security@example.org or https://...")
    return {
        "SITE_NAME": name.strip(),
        "SITE_COLOUR": colour,
        "SITE_LANGUAGE": language,
        "SITE_DIR": folder,
        "SECURITY_CONTACT": security,
    }


def _mail(env: Mapping[str, str], base_url: str) -> dict[str, Any]:
    host = urlsplit(base_url).hostname or "localhost"
    server = env.get("MAIL_SERVER")
    if not server and host not in LOOPBACK:
        raise ConfigError(
            f"BASE_URL is {base_url}, so people will sign there: set MAIL_SERVER to the mail server to use."
        )
    reply_to = env.get("MAIL_REPLY_TO") or None
    if reply_to and not ADDRESS.fullmatch(reply_to):
        raise ConfigError(f"MAIL_REPLY_TO is {reply_to!r}: it must be an address alone, such as help@example.org.")
    use_ssl = _flag(env, "MAIL_USE_SSL")
    use_tls = _flag(env, "MAIL_USE_TLS")
    return {
        "MAIL_SERVER": server,
        "MAIL_PORT": _number(env, "MAIL_PORT", 465 if use_ssl else 587 if use_tls else 25),
        "MAIL_USERNAME": env.get("MAIL_USERNAME"),
        "MAIL_PASSWORD": env.get("MAIL_PASSWORD"),
        "MAIL_USE_TLS": use_tls,
        "MAIL_USE_SSL": use_ssl,
        "MAIL_DEFAULT_SENDER": env.get("MAIL_DEFAULT_SENDER") or f"petitions@{host}",
        "MAIL_MAX_PER_HOUR": _number(env, "MAIL_MAX_PER_HOUR", 0, most=10**9),
        "MAIL_MAX_PER_DAY": _number(env, "MAIL_MAX_PER_DAY", 0, most=10**9),
        "MAIL_OUTGOING_IPS": [_address("MAIL_OUTGOING_IPS", text) for text in _list(env, "MAIL_OUTGOING_IPS")],
        "BOUNCE_DOMAIN": _bounce_domain(env),
        "BOUNCE_MAILDIR": Path(env["BOUNCE_MAILDIR"]) if env.get("BOUNCE_MAILDIR") else None,
        "BOUNCE_IMAP_URL": _bounce_imap_url(env),
        "MAIL_REPLY_TO": reply_to,
    }


def _bounce_domain(env: Mapping[str, str]) -> str | None:
    domain = (env.get("BOUNCE_DOMAIN") or "").lower()
    if domain and not DOMAIN.fullmatch(domain):
        raise ConfigError(
            f"BOUNCE_DOMAIN is {domain!r}: write a domain alone, such as bounces.example.org, in ASCII (xn--...)."
        )
    return domain or None


def _bounce_imap_url(env: Mapping[str, str]) -> str | None:
    url = env.get("BOUNCE_IMAP_URL") or ""
    try:
        parts = urlsplit(url)
        needed = (parts.hostname, parts.username, parts.password)
        is_whole = parts.scheme in {"imaps", "imap"} and all(needed) and parts.port != 0
    except ValueError:
        is_whole = False
    if url and not is_whole:
        raise ConfigError(
            "BOUNCE_IMAP_URL must be like imaps://user:password@imap.example.org/INBOX, with what is special in user,"
            " password and folder in per cent (%40 for @); imap:// is encrypted by STARTTLS."
        )
    return url or None


def _dkim(env: Mapping[str, str]) -> dict[str, Any]:
    key, selector = env.get("DKIM_KEY") or None, env.get("DKIM_SELECTOR") or None
    if selector and not SELECTOR.fullmatch(selector):
        raise ConfigError(f"DKIM_SELECTOR is {selector!r}: it must be a name such as mail2026, of letters and digits.")
    if key is None:
        return {"DKIM_KEY": None, "DKIM_KEY_FILE": None, "DKIM_SELECTOR": selector}
    if selector is None:
        raise ConfigError("DKIM_KEY is set: set DKIM_SELECTOR too, the name under which the public key stands in DNS.")
    if "-----BEGIN" in key:
        file, pem = None, key.replace("\\n", "\n")  # a file of settings may hold it in one line
    else:
        file = (ROOT / key).resolve()
        try:
            pem = file.read_text()
        except (OSError, ValueError) as error:
            raise ConfigError(f"DKIM_KEY is {file}, which cannot be read: {error.__class__.__name__}.") from None
    read_dkim_key(pem)
    return {"DKIM_KEY": pem, "DKIM_KEY_FILE": file, "DKIM_SELECTOR": selector}


def read_dkim_key(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    """Return the private key in DKIM_KEY; raise ConfigError unless it is RSA of 2048 to 4096 bits, or Ed25519."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, RSAPrivateKey) and 2048 <= key.key_size <= 4096:
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ConfigError(
        "DKIM_KEY is no private key in PEM, without a password, of RSA with 2048 to 4096 bits or of Ed25519. Make one"
        " with: openssl genrsa -out dkim.pem 2048"
    )


def _address(name: str, text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ConfigError(f"{name} has {text!r}: write IP addresses, parted by commas.") from None


def _base_url(env: Mapping[str, str], port: int) -> str:
    url = (env.get("BASE_URL") or f"http://localhost:{port}").rstrip("/").lower()
    if not SITE.fullmatch(url):
        raise ConfigError(f"BASE_URL is {url!r}: write it like https://petitions.example.org, with no path behind it.")
    if url.startswith("http:") and urlsplit(url).hostname not in LOOPBACK:
        raise ConfigError(
            f"BASE_URL is {url}: outside this machine it must begin with https://, or names travel readable."
        )
    return url.removesuffix(":443" if url.startswith("https:") else ":80")  # spelt as browsers spell it in Origin


def _dns_resolver(env: Mapping[str, str]) -> tuple[str, int] | None:
    text = env.get("DNS_RESOLVER")
    if not text:
        return None
    try:
        parts = urlsplit(f"//{text if text.count(':') < 2 or '[' in text else f'[{text}]'}")
        return str(ip_address(parts.hostname or "")), parts.port or 53
    except ValueError:
        raise ConfigError(
            f"DNS_RESOLVER is {text!r}: write an IP address, and a port if it is not 53, such as 192.0.2.1:5353."
        ) from None


def _redis_url(env: Mapping[str, str]) -> str | None:
    url = env.get("REDIS_URL")
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigError("REDIS_URL must begin with redis://, rediss:// or unix://, such as redis://localhost:6379/0.")
    return url or None


def _secret_key(env: Mapping[str, str], instance: Path) -> str:
    given = env.get("SECRET_KEY")  # one made here may by chance begin like an example
    return _checked_secret("SECRET_KEY", given) if given else _made_once(instance / "secret_key")


def _metrics_token(env: Mapping[str, str]) -> str | None:
    token = env.get("METRICS_TOKEN")
    without = "Leave it out and only this machine itself is told the metrics"
    return _checked_secret("METRICS_TOKEN", token, without) if token else None


def _checked_secret(
    name: str, secret: str, without: str = "Leave it out and a strong one is made into instance/"
) -> str:
    weak = len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < 12
    if weak or _is_example(secret.lower()):
        raise ConfigError(
            f"{name} is too weak or an example. {without}, or make one with:"
            " python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return secret


def _is_example(secret: str) -> bool:
    return secret.startswith(tuple(EXAMPLE_SECRETS))


def _key_file(instance: Path) -> KeyFile:
    path = instance / "data_keys"
    _made_once(path)
    return KeyFile(path)


def _checked_keys(given: Sequence[str]) -> list[bytes]:
    keys = [_data_key(text.strip()) for text in given]
    if len(set(keys)) != len(keys):
        raise ConfigError("DATA_KEYS names the same key twice: keep each once, the newest first.")
    return keys


def _data_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != DATA_KEY_BYTES or len(set(key)) < 16:
        raise ConfigError(
            "DATA_KEYS must be random 32-byte keys in base64, parted by commas, the newest first. Make one with:"
            " python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return key


def _made_once(path: Path) -> str:
    """Return the secret kept at `path`, made there first if nobody has; safe when several processes start at once."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        _write_secret(draft, secrets.token_urlsafe(32))
        try:
            os.link(draft, path)  # unlike rename, link never replaces the secret that another process made first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return _kept(path)


def _kept(path: Path) -> str:
    kept = path.read_text().strip()
    if len(kept) < MIN_SECRET_LENGTH:
        raise ConfigError(f"{path} is damaged: put it back from a backup. What it sealed or signed needs it.")
    return kept


def _write_secret(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _list(env: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in env.get(name, "").split(",") if part.strip()]


def _number(env: Mapping[str, str], name: str, default: int, least: int = 0, most: int = 65535) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 10 or not least <= int(text) <= most:
        raise ConfigError(f"{name} is {text!r}: it must be a whole number from {least} to {most}.")
    return int(text)


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").lower()
    if text not in {"", "0", "1", "false", "true", "no", "yes", "off", "on"}:
        raise ConfigError(f"{name} is {text!r}: write true or false.")
    return text in {"1", "true", "yes", "on"}


def environment() -> Mapping[str, str]:
    """Return this process's environment."""
    return os.environ  # noqa: TID251 - here and nowhere else
