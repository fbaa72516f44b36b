"""Write `app/web/written_languages.json` anew: the languages that CLDR covers at its level "modern".

    npm pack cldr-core && tar xzf cldr-core-*.tgz
    .venv/bin/python -m tests.write_written_languages package/coverageLevels.json && make orders

Babel brings CLDR's names of languages, and not how well each is covered. These are from CLDR 48.2.
"""

import json
import sys
from pathlib import Path

from app.web.language import WRITTEN_LANGUAGES


def main(levels: Path) -> None:
    covered = json.loads(levels.read_text("utf-8"))["coverageLevels"]
    modern = sorted(tag for tag, level in covered.items() if level == "modern")
    WRITTEN_LANGUAGES.write_text(json.dumps(modern, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
