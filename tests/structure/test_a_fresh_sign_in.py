"""What reaches many people, or shows signers' or members' data, wants a fresh sign-in, and nothing else does."""

from flask import Flask

from app.models import Role
from tests.factories import make_petition
from tests.organisers.people import signed_in
from tests.structure.test_who_may_do_what import example_values, put_image_back, put_news_back, rules, somebody

# Words and details that people trust want one too, and only if those are changed: see tests/publishing.
FRESH = {
    "editing": {"trust"},
    "export": {"choose", "show_before", "hand_over", "download", "make_pdf", "pdf"},
    "log_file": {"save_log"},
    "members": {"show_members", "invite", "change_role", "remove"},
    "moderation": {"invalidate", "restore", "dismiss"},
    "organisers": {"ask_to_end_account", "end_account"},
    "people": {"people", "invite", "person", "change_person", "ask_to_end", "end"},
    "publishing": {"ask_for_file", "import_file"},
    "sending_news": {"ask", "send_now", "consent", "resume"},
    "trial": {"try_out"},
    "watching": {"signatures", "signature", "find", "find_by_name"},
}


def test_exactly_these_pages_ask_again_who_has_signed_in_long_ago(app: Flask) -> None:
    make_petition(app)
    values = example_values(app)
    addresses = app.url_map.bind("localhost")
    asked: dict[str, set[str]] = {}
    for number, rule in enumerate(rule for rule in rules(app) if not rule.endpoint.startswith("security.")):
        put_image_back(app)
        put_news_back(app)
        values |= somebody(app)
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        owner = signed_in(app, f"owner{number}@example.org", Role.OWNER, administrator=True, minutes_ago=60)
        path = addresses.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method)
        with owner.open(path, method=method) as answer:
            if answer.status_code == 302 and answer.location.startswith("/organise/verify"):
                blueprint, _, view = rule.endpoint.partition(".")
                asked.setdefault(blueprint, set()).add(view)
    assert asked == FRESH
