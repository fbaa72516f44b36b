"""Web addresses that stand in a text as they are become links, as people expect who paste them."""

import re

from markdown_it.rules_inline import StateInline

SCHEME = re.compile(r"(?<![a-z0-9.+-])https?\Z", re.IGNORECASE)
LONGEST_SCHEME = len(".https")
# What follows "://": up to a space, a quotation mark, or what Markdown or Chinese and Japanese put around an address.
MAX_LENGTH = 2_000
REST = re.compile(rf"\w[^\s<>\"\[\]`\\|“”„«»‘‚。，、；：！？（）「」『』【】《》]{{0,{MAX_LENGTH}}}")
AFTERWARDS = ".,;:!?…'’*_~"


def bare_address(state: StateInline, silent: bool) -> bool:
    """Make a link of `http://` or `https://` and what follows, without the sentence's full stop (a rule of the parser).

    Its words are what was typed. Where the parser only looks ahead, `silent`, it is about the end of a link's words.
    """
    at = state.pos
    if silent or state.linkLevel > 0 or not state.src.startswith("://", at):
        return False
    scheme = SCHEME.search(state.src[max(0, at - LONGEST_SCHEME) : at])
    rest = REST.match(state.src, at + 3, state.posMax)
    if not scheme or not rest or len(rest[0]) > MAX_LENGTH or not state.pending.endswith(scheme[0]):
        return False
    typed = _without_what_follows(f"{scheme[0]}://{rest[0]}")
    address = state.md.normalizeLink(typed)
    if not state.md.validateLink(address):
        return False
    state.pending = state.pending.removesuffix(scheme[0])
    state.push("link_open", "a", 1).attrs = {"href": address}
    state.push("text", "", 0).content = typed
    state.push("link_close", "a", -1)
    state.pos = at + len(typed) - len(scheme[0])
    return True


def _without_what_follows(address: str) -> str:
    unopened = address.count(")") - address.count("(")
    end = len(address)
    while address[end - 1] in AFTERWARDS or (address[end - 1] == ")" and unopened > 0):
        unopened -= address[end - 1] == ")"
        end -= 1
    return address[:end]
