"""Which line breaks in a paragraph are its writer's own, and which an editor made that wraps long lines."""

from markdown_it.token import Token

WRAPPED_AT = range(60, 121)  # characters: where editors and mail programs wrap
SLACK = 10  # characters: a line that was wrapped, and then edited
ENDS_OF_SENTENCES = (".", "!", "?", ":", ";", "…", "。", "！", "？", "؟", "।")


def keep_own_breaks(paragraph: Token) -> None:
    """Turn the line breaks of an inline token into ones that are shown, unless they come of wrapping.

    Somebody who marks some as Markdown does, by two spaces or a backslash, means the others not to be shown.
    """
    children = paragraph.children or []
    breaks = [child for child in children if child.type in {"softbreak", "hardbreak"}]
    if any(child.type == "hardbreak" for child in breaks) or _is_wrapped(paragraph.content.split("\n")):
        return
    for child in breaks:
        child.type = "hardbreak"


def _is_wrapped(lines: list[str]) -> bool:
    """Return whether each line goes on until its next word would not fit, and not all of them end a sentence."""
    *full, _last = lines
    longest = max(map(len, lines))
    if longest not in WRAPPED_AT or all(line.endswith(ENDS_OF_SENTENCES) for line in full):
        return False
    return all(
        " " in line and len(f"{line} {following.split(' ', 1)[0]}") > longest - SLACK
        for line, following in zip(full, lines[1:], strict=True)
    )
