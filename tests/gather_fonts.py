"""Gather `app/typesetting/noto/` anew: a Noto font for each script that the packages of `fonts.py` have not.

    apt-get download fonts-noto-core && dpkg-deb -x fonts-noto-core_*.deb FOLDER
    npm pack @fontsource/noto-sans-tangsa, and of each other script in FROM_FONTSOURCE; unpack each into FOLDER
    .venv/bin/python -m tests.gather_fonts FOLDER

Debian's have most scripts, those of Fontsource are younger. Taken out: hints, which PDF viewers do without, and
Latin letters. Left out: symbols, and the three scripts that weigh 9 MB together, which nobody's name is written in.
"""

import sys
import unicodedata
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from app.typesetting.fonts import OTHER_SCRIPTS, characters

LEFT_OUT = ("Cuneiform", "SignWriting", "Tangut", "Symbols", "Math", "Music", "SiyaqNumbers")
FROM_FONTSOURCE = ("tangsa", "kawi", "sunuwar", "toto", "makasar", "old-uyghur", "dives-akuru", "todhri", "khitan-*")
NO_LETTERS = {"Cc", "Cf", "Co", "Cs"}  # not Cn, which is what Python calls a script that is younger than itself


def main(folder: Path) -> None:
    OTHER_SCRIPTS.mkdir(exist_ok=True)
    covered = set(characters())
    debian = sorted(folder.rglob("Noto*-Regular.ttf"), key=lambda file: ("Sans" not in file.name, len(file.name), file))
    younger = [file for name in FROM_FONTSOURCE for file in sorted(folder.rglob(f"*-{name}-400-normal.woff2"))]
    for file in [*debian, *younger]:
        own = {
            code for code in TTFont(file, lazy=True).getBestCmap() if unicodedata.category(chr(code)) not in NO_LETTERS
        }
        if own - covered and not any(name in file.name for name in LEFT_OUT):
            covered |= own
            written = OTHER_SCRIPTS / Path(file.name).with_suffix(".ttf")
            without_hints_and_latin(file).save(written)


def without_hints_and_latin(file: Path) -> TTFont:
    """Return the font with the rest of what it has."""
    font = TTFont(file, recalcTimestamp=False)
    font.flavor = None
    options = Options(hinting=False, layout_features=["*"], name_IDs=["*"], notdef_outline=True, legacy_cmap=False)
    options.drop_tables += ["DSIG"]
    reducer = Subsetter(options)
    reducer.populate(unicodes=[c for c in font.getBestCmap() if not unicodedata.name(chr(c), "").startswith("LATIN ")])
    reducer.subset(font)
    return font


if __name__ == "__main__":
    main(Path(sys.argv[1]))
