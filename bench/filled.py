"""Databases full of verified signatures, each really sealed: made once, for all figures that read them."""

from bench import people
from bench.stage import Stage


def verified(stage: Stage, rows: int) -> str:
    """Return the name of a database with so many public signatures; the first figure that asks has it made."""
    name = f"verified_{rows}"
    if name not in stage.filled:
        database = stage.database(name)
        with stage.connect(database) as connection:
            connection.execute("SET synchronous_commit = off")
            people.make_verified(stage.app(database), connection, rows)
            connection.execute("VACUUM ANALYZE")
        stage.filled.add(name)
    return name
