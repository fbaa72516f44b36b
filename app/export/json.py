"""The list as JSON (RFC 8259), streamed; a file that was cut off is not valid JSON."""

import json
from collections.abc import Generator, Iterable

from app import clock
from app.export.rows import Choice, ExportRow, Heading

CHUNK_CHARACTERS = 64 * 1024


def write_json(rows: Iterable[ExportRow], choice: Choice, heading: Heading) -> Generator[bytes, None, None]:
    """Yield one object in chunks of about 64 KiB: the petition, `rows` as objects by column, and their `count`."""
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
    chunk, size = [], 0
    for number, row in enumerate(rows, 1):
        values = row._asdict()
        values["verified_at"] = clock.iso(row.verified_at) if row.verified_at else None
        line = ("\n" if number == 1 else ",\n") + encode({column: values[column] for column in columns})
        chunk.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            yield "".join(chunk).encode()
            chunk, size = [], 0
    yield ("".join(chunk) + f'\n],"count":{number}}}\n').encode()
