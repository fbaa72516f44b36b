"""Moments look as the language in use writes them."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from app.web import language, template_filters

AT = datetime(2026, 12, 5, 9, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spoken", "written"),
    [("en", "December 5, 2026, 09:07 UTC"), ("ar", "5 ديسمبر 2026، 09:07 UTC"), ("sv", "5 december 2026 09:07 UTC")],
)
def test_a_moment_is_joined_as_the_language_joins_them(app: Flask, spoken: str, written: str) -> None:
    with app.app_context(), language.force_language(spoken):
        assert template_filters.format_moment(AT) == written
