"""The order of names in lists, by the alphabet of each language: Ö after Z in Swedish, Ch after H in Czech.

Python sorts by code points. ICU, which knows each alphabet, weighs 40 MB in every process; so `name_order.json` keeps
what it says of the names that we list, and `make orders` asks it anew when CLDR's names change.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

ORDERS = Path(__file__).with_suffix(".json")


def in_order(list_name: str, language: str, named: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return pairs of code and name as readers of `language` look for the names.

    `list_name` says which list in the file has the codes: `countries` or `languages`. What it has not comes last.
    """
    places = _places(list_name, language)
    return sorted(named, key=lambda pair: (places.get(pair[0], len(places)), pair[1].casefold()))


@lru_cache(maxsize=64)
def _places(list_name: str, language: str) -> dict[str, int]:
    codes = json.loads(ORDERS.read_text("utf-8"))[list_name].get(language, "").split()
    return {code: place for place, code in enumerate(codes)}
