"""What people type or paste, without what cannot be seen: for every form, signers' and organisers'.

Nobody can find what they cannot see, so it is taken out and not refused.
"""

import re
import unicodedata

from app.normal_form import normalized, without_unseen

# What ends a line in Unicode beside LF (UAX #14); word processors put them into copied text.
LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
ODD_LINE_ENDS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
# Characters that show nothing: Unicode categories, and some that Unicode counts as letters or symbols.
INVISIBLE_CATEGORIES = {"Cc", "Cf", "Me", "Mn", "Zl", "Zp", "Zs"}
INVISIBLE = "\u115f\u1160\u2800\u3164\uffa0"
# Cyrillic and Greek capitals that look like those in codes and IBANs.
LOOK_ALIKES = str.maketrans("АВЕКМНРСТХУЅЈΑΒΕΖΗΚΜΝΡΤΥΧ", "ABEKMHPCTXYSJABEZHKMNPTYX")


def tidy_line(text: str | None) -> str:
    """Return `text` in Unicode NFC without what cannot be seen, stripped, with single spaces."""
    return _empty_if_invisible(re.sub(r"[^\S\r\n]+", " ", without_unseen(normalized("NFC", text or ""))).strip())


def tidy_paragraphs(text: str | None) -> str:
    """Return `text` as `tidy_line` does, but with its line breaks, as LF, and its spaces."""
    return tidy_markdown(text).replace("\t", " ").strip()


def tidy_title(text: str | None) -> str:
    """Return a line of a petition as `tidy_line` does, but with its spaces: a no-break one may be meant."""
    return tidy_markdown(ODD_LINE_ENDS.sub(" ", text or ""))


def tidy_markdown(text: str | None) -> str:
    """Return `text` as `tidy_paragraphs` does, but with its tabs, of which tables are made."""
    with_newlines = LINE_ENDS.sub("\n", normalized("NFC", text or ""))
    return _empty_if_invisible(without_unseen(with_newlines).strip())


def ascii_digits(text: str) -> str:
    """Return `text` with the digits of all scripts as 0 to 9."""
    return "".join(str(unicodedata.decimal(one, one)) for one in text)


def plain_code(typed: str) -> str:
    """Return what was typed in Latin capitals and the digits 0 to 9, whatever the script of digits and look-alikes."""
    plain = normalized("NFKC", typed).upper().translate(LOOK_ALIKES)
    return "".join(str(unicodedata.digit(one, one)) for one in plain)


def _empty_if_invisible(text: str) -> str:
    return text if any(unicodedata.category(c) not in INVISIBLE_CATEGORIES and c not in INVISIBLE for c in text) else ""
