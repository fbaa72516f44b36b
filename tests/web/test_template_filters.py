"""Dates with times are written as the reader's language writes them."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from app.web import language, template_filters

AT = datetime(2026, 12, 5, 9, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spoken", "written"),
    [("en", "December 5, 2026, 09:07 UTC"), ("ar", "5 ديسمبر 2026، 09:07 UTC"), ("sv", "5 december 2026 09:07 UTC")],
)
def test_date_and_time_are_joined_as_in_the_readers_language(app: Flask, spoken: str, written: str) -> None:
    with app.app_context(), language.force_language(spoken):
        assert template_filters.format_moment(AT) == written
