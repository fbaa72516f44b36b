"""The list as JSON (RFC 8259), streamed: its end comes last, so that a file that was cut off is no JSON at all."""

import json
from collections.abc import Generator, Iterable

from app import clock
from app.export.rows import Choice, ExportRow, Heading

CHUNK_CHARACTERS = 64 * 1024  # characters


def write_json(rows: Iterable[ExportRow], choice: Choice, heading: Heading) -> Generator[bytes, None, None]:
    """Yield one object in pieces of about 64 KiB: whose list it is, `rows` as objects by column, and their `count`."""
    columns = choice.columns()
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    about = {
        "petition": heading.slug,
        "title": heading.title,
        "language": heading.language,
        "exported_at": clock.iso(heading.exported_at),
    }
    yield (encode(about)[:-1] + ',"rows":[').encode()
    number = 0
    piece, size = [], 0
    for number, row in enumerate(rows, 1):
        values = row._asdict()
        values["verified_at"] = clock.iso(row.verified_at) if row.verified_at else None
        line = ("\n" if number == 1 else ",\n") + encode({column: values[column] for column in columns})
        piece.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            yield "".join(piece).encode()
            piece, size = [], 0
    yield ("".join(piece) + f'\n],"count":{number}}}\n').encode()
