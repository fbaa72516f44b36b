"""The compose file, the Dockerfile and the systemd units, read against the settings that there are."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from flask_migrate import upgrade

import config
from app.db import db
from bench.proxy import NODE, SHIPPED
from config import ConfigError
from tests.apps import make_app
from tests.conftest import SECRETS, on_server
from tests.structure.test_docs import read_settings

DEPLOY = config.ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web1", "web2", "worker1", "worker2", "migrate")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
IGNORED = (config.ROOT / ".dockerignore").read_text("utf-8").splitlines()
VERSION = tomllib.loads((config.ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
# What a public site cannot do without: a process that has it starts, and without any one of it the site is another.
REQUIRED = {"DATABASE_URL", "SECRET_KEY", "DATA_KEYS", "BASE_URL", "MAIL_SERVER", "REDIS_URL", "TRUSTED_PROXIES"}
SECRET = {"SECRET_KEY", "DATA_KEYS", "DATABASE_PASSWORD"}
GIVEN = {**SECRETS, "DATABASE_PASSWORD": "zV9-zyX_0"} | {
    "BASE_URL": "https://petitions.example.org",
    "MAIL_SERVER": "mail.example.org",
}
PINNED = re.compile(r"[a-z/]+:[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z]+)*(@sha256:[0-9a-f]{64})?")
NEEDED = re.compile(r"\$\{(\w+):\?[^}]+\}")


def environment(service: str, given: Mapping[str, str] = GIVEN) -> dict[str, str]:
    """Return what a service is started with, as compose fills it in; raise KeyError for what is not given."""

    def value(found: re.Match[str]) -> str:
        if not given.get(found[1]):
            raise KeyError(found[1])
        return given[found[1]]

    return {name: NEEDED.sub(value, text) for name, text in SERVICES[service].get("environment", {}).items()}


@pytest.mark.parametrize("service", OURS)
def test_each_of_our_services_is_set_by_settings_that_are_read_and_has_all_that_are_needed(
    service: str, tmp_path: Path
) -> None:
    names = SERVICES[service]["environment"].keys()
    assert names <= read_settings(tmp_path)
    assert names >= REQUIRED
    assert SERVICES[service]["env_file"] == ".env"


def test_the_site_starts_with_what_the_compose_file_sets(tmp_path: Path) -> None:
    settings = environment("web1")
    folder = tmp_path / "site"
    folder.mkdir()
    loaded = config.load({**settings, "SITE_DIR": str(folder)}, instance=tmp_path / "unused")
    assert loaded["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://countersign:zV9-zyX_0@database/countersign"
    assert loaded["TRUSTED_PROXIES"] == 1
    assert not (tmp_path / "unused").exists(), "it writes no secret of its own"
    assert f"{settings['SITE_DIR']}:ro" in SERVICES["web1"]["volumes"][0]
    assert all(environment(service) == settings for service in OURS), "all nodes have the same"


@pytest.mark.parametrize("name", sorted(SECRET | {"BASE_URL", "MAIL_SERVER"}))
def test_nothing_starts_without_a_secret_and_none_has_a_default(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        environment("web1", {**GIVEN, name: ""})
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    uses = re.findall(r"\$\{([^}]*)\}", text)
    assert all(re.fullmatch(r"\w+:\?.+", use) for use in uses), "no ${NAME}, ${NAME:-default} or ${NAME-default}"
    for service in SERVICES.values():
        for setting, value in service.get("environment", {}).items():
            if re.search("SECRET|PASSWORD|KEY", setting):
                assert NEEDED.fullmatch(value), setting


@pytest.mark.parametrize(
    "weak", [{"DATABASE_PASSWORD": "changeme"}, {"SECRET_KEY": "changeme" * 5}, {"DATA_KEYS": "A" * 43}]
)
def test_a_secret_that_was_filled_in_by_an_example_is_refused(weak: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        config.load({**environment("web1", GIVEN | weak), "SITE_DIR": ""}, instance=tmp_path)


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert PINNED.fullmatch(service["image"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and "privileged" not in service
    assert "no-new-privileges:true" in service["security_opt"]
    assert name in OURS or str(service["user"]).partition(":")[0] not in {"", "0", "root"}
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert name.startswith(("web", "worker", "migrate")) or "test" in service["healthcheck"]
    assert bool(service.get("ports")) is (name == "proxy")
    assert ("outside" in service["networks"]) is (name == "proxy" or name.startswith("worker"))
    assert all(volume.endswith(":ro") for volume in service.get("volumes", []) if volume.startswith("."))


def test_the_inner_network_leads_nowhere() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_tables_are_migrated_once_before_any_of_ours_starts() -> None:
    assert SERVICES["migrate"]["command"][-2:] == ["db", "upgrade"]
    assert SERVICES["migrate"]["depends_on"]["database"]["condition"] == "service_healthy"
    for name in set(OURS) - {"migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_proxy_file_names_the_web_nodes_of_the_compose_file() -> None:
    nodes = [SERVICES[name]["networks"]["inside"]["ipv4_address"] for name in ("web1", "web2")]
    shipped, readme = SHIPPED.read_text("utf-8"), (DEPLOY / "README.md").read_text("utf-8")
    assert NODE in shipped
    assert all(f"server {node}:8000;" in text for node in nodes for text in (shipped, readme))
    assert "listen 443 ssl" in shipped and any(port.endswith(":443:443") for port in SERVICES["proxy"]["ports"])


def test_what_compose_mounts_is_there_or_told_in_the_readme() -> None:
    readme = (DEPLOY / "README.md").read_text("utf-8")
    mounted = [one.split(":")[0] for service in SERVICES.values() for one in service.get("volumes", [])]
    for place in {one.removeprefix("./") for one in mounted if one.startswith("./")}:
        assert (DEPLOY / place).exists() or f"`{place}`" in readme or f"deploy/{place}`" in readme, place


def test_the_image_is_pinned_locked_and_runs_as_nobody(tmp_path: Path) -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(set(bases)) == 1 and PINNED.fullmatch(bases[0])
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert re.search(r"^USER 65534:65534$", DOCKERFILE, re.MULTILINE)
    (client,) = re.findall(r"postgresql-client-(\d+)", DOCKERFILE)
    assert SERVICES["database"]["image"].startswith(f"postgres:{client}."), "pg_dump is of the server's own version"
    assert DOCKERFILE.index("\nUSER ") < DOCKERFILE.index("\nCMD ") and "HEALTHCHECK" in DOCKERFILE
    named = set(re.findall(r"\b([A-Z][A-Z_]+)=", DOCKERFILE))
    assert not named & read_settings(tmp_path), "what is set is set where it runs"
    assert named <= {"PATH", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_NO_CACHE_DIR", "PYTHONDONTWRITEBYTECODE"}
    assert not re.search(r"^(ARG|ADD)\b", DOCKERFILE, re.MULTILINE)


def test_only_what_is_named_gets_into_the_image() -> None:
    assert IGNORED[1] == "*", "all else is left out: settings, keys, databases, history"
    taken = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
    assert all((config.ROOT / name).exists() for name in taken)
    assert not taken & {"instance", ".env", ".git", "deploy", "tests"}
    assert {"app", "migrations", "templates", "static", "translations", "config.py", "wsgi.py"} <= taken


def test_the_image_has_the_version_of_the_project() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {f"countersign:{VERSION}"}
    assert f"countersign:{VERSION}" in DOCKERFILE
    first = re.search(r"^## (\S+)", (config.ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert first and first[1] == VERSION


def test_the_same_servers_run_in_the_image_and_under_systemd() -> None:
    def options(text: str) -> set[str]:
        return set(re.findall(r"--(?!host)[a-z-]+[ =][\w:]+", re.sub(r'["\',\\\n ]+', " ", text)))

    unit = (DEPLOY / "countersign-web.service").read_text("utf-8")
    assert options(DOCKERFILE.rpartition("CMD [")[2]) == options(
        unit.partition("ExecStart=")[2].partition("Restart")[0]
    )
    worker = " ".join(SERVICES["worker1"]["command"])
    assert worker in (DEPLOY / "countersign-worker.service").read_text("utf-8")


@pytest.mark.parametrize("unit", sorted(path.name for path in DEPLOY.glob("*.service")))
def test_units_hold_no_setting_and_may_do_no_more_than_they_must(unit: str) -> None:
    lines = (DEPLOY / unit).read_text("utf-8").splitlines()
    assert "EnvironmentFile=/etc/countersign/env" in lines and not any(
        line.startswith("Environment=") for line in lines
    )
    for line in ("User=countersign", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
        assert line in lines
    if "Type=oneshot" not in lines:
        assert "Restart=always" in lines and "StartLimitIntervalSec=0" in lines


def test_the_sites_own_database_user_can_migrate_and_is_no_superuser(postgres: str, tmp_path: Path) -> None:
    statements = (DEPLOY / "role.sql").read_text("utf-8")
    assert "ALTER ROLE CURRENT_USER PASSWORD NULL;" in statements
    with psycopg.connect(postgres, autocommit=True) as connection:
        for line in statements.replace(":'password'", "'zV9-zyX_0'").splitlines():
            if not line.startswith(("--", "\\")):
                connection.execute(line)
        try:
            url = (
                on_server(postgres, "countersign")
                .replace("postgres:", "countersign:", 1)
                .replace("postgres@", "countersign@")
            )
            app = make_app(tmp_path, url)
            with app.app_context():
                upgrade()
                found = db.session.execute(
                    db.text("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
                )
                assert tuple(found.one()) == ("countersign", False)
                db.session.remove()
                db.engine.dispose()
        finally:
            connection.execute("DROP DATABASE countersign WITH (FORCE)")
            connection.execute("DROP ROLE countersign")
