"""Reading the codes of the second step from what was typed or pasted, as signers' codes are (app/signing/code.py)."""

import re

from app.web.typed_text import plain_code, tidy_line

# Flask-Security makes recovery codes of three groups of hexadecimal digits.
FOUR = "([0-9A-F]{4})"
RECOVERY_CODE = re.compile(rf"(?<![A-Z0-9]){FOUR}[\W_]*{FOUR}[\W_]*{FOUR}(?![A-Z0-9])")
HEXADECIMAL = "0123456789ABCDEF"


def read_recovery_code(typed: str | None) -> str:
    """Return the recovery code in what was typed, in Flask-Security's spelling; without one, what is left of it."""
    plain = plain_code(tidy_line(typed))
    in_groups = RECOVERY_CODE.findall(plain)
    code = "".join(in_groups[-1]) if in_groups else "".join(one for one in plain if one in HEXADECIMAL)
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4)).lower()


def read_app_code(typed: str | None) -> str:
    """Return the digits in what was typed: all that the codes of apps consist of."""
    return re.sub("[^0-9]", "", plain_code(tidy_line(typed)))
