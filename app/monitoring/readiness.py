"""Is this process ready to answer people: is the database there, at this version, and are its data keys here?"""

from dataclasses import asdict, dataclass
from functools import cache

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import config
from app.crypto import sealing
from app.data_keys.check import absent_keys
from app.db import db, is_away
from app.outbox.lateness import seconds_late


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found, in words for the operator. What could not be looked at is `unknown`, or None.

    The outbox being late makes no process unready: people could not even read then, and no letter would go out sooner.
    """

    ready: bool
    database: str
    migrations: str = "unknown"
    data_keys: str = "unknown"
    outbox_late_seconds: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


def readiness() -> Readiness:
    """Look whether this process is ready; a database that cannot be reached is told, not raised."""
    try:
        at_head, migrations = _migrations()
        if not at_head:
            return Readiness(ready=False, database="reached", migrations=migrations)
        all_here, data_keys = _data_keys()
        return Readiness(all_here, "reached", migrations, data_keys, seconds_late())
    except Exception as error:
        if not is_away(error):
            raise
        return Readiness(ready=False, database=f"away: {type(error).__name__}")


def _migrations() -> tuple[bool, str]:
    """Tell whether the database is at this version, and in words.

    A version unknown here is a newer one's: while a site is upgraded, processes of both answer (a migration only adds
    what the older can do without).
    """
    head, known = _versions()
    with db.engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    if at is not None and at not in known:
        return True, f"at {at}, of a newer version than this process, which knows {head}"
    return at == head, f"at {at}" if at == head else f"at {at}, and this process needs {head}: run db upgrade"


@cache
def _versions() -> tuple[str | None, set[str]]:
    scripts = ScriptDirectory(str(config.ROOT / "migrations"))
    return scripts.get_current_head(), {script.revision for script in scripts.walk_revisions()}


def _data_keys() -> tuple[bool, str]:
    try:
        absent = absent_keys()
        here = ", ".join(sealing.key_id(key).hex() for key in sealing.data_keys())
    except (OSError, config.ConfigError) as error:
        return False, f"cannot be read: {type(error).__name__}"
    lacking = ", ".join(sorted(key_id.hex() for key_id in absent))
    return not absent, f"lacking {lacking}; here are {here}" if absent else f"here: {here}"
