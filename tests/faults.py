"""Faults in the reports of failing tests, with the text and SQL parameters that the app keeps out of its log."""

import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from app import logs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Add each error that the app answers or logs, with its text and its traceback, to the test's report."""
    without_message = logs.describe_error

    def describe(error: BaseException) -> str:
        item.add_report_section("call", "fault", "".join(traceback.format_exception(error)))
        return without_message(error)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(logs, "describe_error", describe)
        return (yield)


@event.listens_for(Engine, "handle_error")
def _note_parameters(context: ExceptionContext) -> None:
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.add_note(f"[parameters: {context.parameters!r}]")
