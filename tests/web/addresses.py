"""Addresses for tests that visit every page: a routing rule with its arguments filled in."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from werkzeug.routing import Rule


def fill(rule: Rule, values: Mapping[str, str]) -> str:
    """Return the address of a rule with its arguments filled in, quoted as browsers do; `x` for a missing value."""

    def value(found: re.Match[str]) -> str:
        return quote(values.get(found[1], "x"), safe="/@:+")

    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", value, rule.rule)
