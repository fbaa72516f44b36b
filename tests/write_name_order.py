"""Write `app/web/name_order.json` anew: `make orders`. ICU sorts, in the node that Playwright brings."""

import json
import subprocess

from babel import Locale
from playwright._impl._driver import compute_driver_executable

from app.web import countries, language
from app.web.name_order import ORDERS

SORT = """
const told = JSON.parse(require("fs").readFileSync(0, "utf8"));
const sorted = (spoken, named) =>
  Object.keys(named).sort((a, b) => new Intl.Collator(spoken).compare(named[a], named[b]) || (a < b ? -1 : 1));
const each = (lists) =>
  Object.fromEntries(Object.entries(lists).map(([spoken, named]) => [spoken, sorted(spoken, named).join(" ")]));
console.log(JSON.stringify(Object.fromEntries(Object.entries(told).map(([list, lists]) => [list, each(lists)]))));
"""
Names = dict[str, dict[str, dict[str, str]]]


def names() -> Names:
    """Return for each list, then each language of the interface, the names by code."""
    spoken = {tag: Locale.parse(tag) for tag in language.INTERFACE_LANGUAGES}
    return {
        "countries": {tag: countries.names(locale) for tag, locale in spoken.items()},
        "languages": {tag: language.names(locale) for tag, locale in spoken.items()},
    }


def orders() -> str:
    """Return what the file has to say."""
    node, _cli = compute_driver_executable()
    asked = subprocess.run([node, "-e", SORT], input=json.dumps(names()).encode(), capture_output=True, check=True)
    return json.dumps(json.loads(asked.stdout), indent=1) + "\n"


if __name__ == "__main__":
    ORDERS.write_text(orders(), "utf-8")
