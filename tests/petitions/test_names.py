"""Public names: verified public signers only, pages at the same cost, and no indexing by search engines."""

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, text, update

from app import clock
from app.db import db, transaction
from app.models import Petition, Signature, State, Visibility
from app.petitions import names
from app.petitions.names import PAGE_SIZE
from app.retention.erase import erase_after_closing
from app.web.cursor import EPOCH, MICROSECOND
from tests.factories import SLUG, change_signers, make_petition, make_signature
from tests.html_page import HtmlPage
from tests.petitions.stored import NOON, public_signer
from tests.watching.people import add_people
from tests.watching.test_listing import sum_of_scans

pytestmark = pytest.mark.both_databases

LIST = f"/petitions/{SLUG}/signatures"


def read(client: FlaskClient, path: str = LIST) -> HtmlPage:
    answer = client.get(path)
    assert answer.status_code == 200
    return HtmlPage(answer.text)


def named(page: HtmlPage) -> list[str]:
    return [one.text for one in page.all("strong") if any(each.get("class") == "names" for each in one.inside)]


def link(page: HtmlPage, words: str) -> str | None:
    return next((one.get("href") for one in page.all("a") if one.words() == words), None)


def test_only_verified_public_signers_are_named(app: Flask, client: FlaskClient, petition: str) -> None:
    make_petition(app, slug='"another"')
    make_signature(app, slug="another", name="Signer of another")
    for state in State:
        for visibility in Visibility:
            address = f"{state}.{visibility}@example.org"
            make_signature(app, state=state, visibility=visibility, name=f"{state} {visibility}", email=address)
    hidden = make_signature(app, name="Hidden Example", email="hidden@example.org")
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).where(Signature.public_id == hidden).values(hidden_name=True))
    page = read(client)
    assert named(page) == ["verified public"]
    assert "@example.org" not in page.html
    words = page.all("main")[0].words()
    assert "4 verified signatures" in words
    assert "The others are counted just the same" in words


def test_a_name_has_day_and_comment_but_no_hidden_comment(app: Flask, client: FlaskClient, petition: str) -> None:
    public_signer(app, "דנה דוגמה", affiliation="Союз читателей", comment="First line\n\nNext paragraph")
    page = read(client)
    (entry,) = [one for one in page.all("li") if any(each.get("class") == "names" for each in one.inside)]
    assert entry.words().startswith("דנה דוגמה, Союз читателей November 20, 2026 First line")
    assert "12:00" not in page.html
    (comment,) = page.all("div", **{"class": "comment"})
    assert comment.get("dir") == "auto"
    with app.app_context(), transaction() as session:
        session.execute(update(Signature).values(hidden_comment=True))
    assert "First line" not in read(client).html
    assert named(read(client)) == ["דנה דוגמה"]


def test_all_pages_together_name_everyone_once_in_both_directions(
    app: Flask, client: FlaskClient, petition: str
) -> None:
    """All have the same time, so that the time alone does not give the order."""
    add_people(app, 2 * PAGE_SIZE + 7, apart=timedelta(0))
    path, pages = LIST, []
    while path:
        pages.append(read(client, path))
        path = link(pages[-1], "Older →") or ""
    assert [len(named(one)) for one in pages] == [50, 50, 7]
    shown = [name for one in pages for name in named(one)]
    assert sorted(shown) == sorted(f"Person {which}" for which in range(107))
    assert shown[0] == "Person 106"
    assert (link(pages[0], "Newest"), link(pages[0], "← Newer")) == (None, None)
    assert {link(one, "Newest") for one in pages[1:]} == {LIST}
    back = read(client, link(pages[2], "← Newer") or "")
    assert named(back) == named(pages[1])
    top = read(client, link(back, "← Newer") or "")
    assert named(top) == named(pages[0])
    assert link(top, "← Newer") is None and link(top, "Newest") == LIST
    relations = {one.words(): one.get("rel") for one in back.all("a") if one.get("rel") in {"prev", "next"}}
    assert relations == {"← Newer": "prev", "Older →": "next"}


@pytest.mark.parametrize("path", [LIST, f"{LIST}/sv", "older"])
def test_pages_of_names_are_noindex(app: Flask, client: FlaskClient, petition: str, path: str) -> None:
    add_people(app, PAGE_SIZE + 1)
    page = read(client, (link(read(client), "Older →") or "") if path == "older" else path)
    (robots,) = page.all("meta", name="robots")
    assert robots.get("content") == "noindex, nofollow, noarchive"


def test_a_cursor_reveals_neither_time_nor_number(app: Flask, client: FlaskClient, petition: str) -> None:
    add_people(app, PAGE_SIZE + 1)
    older = link(read(client), "Older →") or ""
    assert older == link(read(client), "Older →")
    (place,) = re.findall(r"before=([\w-]+)$", older)
    told = base64.urlsafe_b64decode(place + "=")
    with app.app_context():
        last = db.session.scalars(select(Signature).order_by(Signature.id).offset(1)).first()
    assert last and last.verified_at
    moment = (last.verified_at - EPOCH) // MICROSECOND
    for number in (moment, last.id):
        assert number.to_bytes(8, "big") not in told
    assert last.public_id not in told


def test_an_invalid_cursor_is_a_404(app: Flask, client: FlaskClient, petition: str) -> None:
    add_people(app, PAGE_SIZE + 1)
    make_petition(app, slug='"another"')
    older = link(read(client), "Older →") or ""
    changed = older[:-10] + ("A" if older[-10] != "A" else "B") + older[-9:]
    elsewhere = older.replace(SLUG, "another")
    for path in (changed, elsewhere, *(f"{LIST}?{name}={odd}" for name in ("before", "after") for odd in ("x", "%00"))):
        assert client.get(path).status_code == 404, path
    assert client.get(f"{LIST}?before=&after=").status_code == 200
    assert client.get("/petitions/nothing/signatures").status_code == 404
    assert client.get(f"{LIST}/xx").status_code == 404


def test_a_withdrawal_while_paging_does_not_break_the_list(app: Flask, client: FlaskClient, petition: str) -> None:
    add_people(app, PAGE_SIZE + 1)
    older = link(read(client), "Older →") or ""
    change_signers(app, visibility=Visibility.DELIVERY)
    page = read(client, older)
    assert named(page) == []
    assert "There are no more names here." in page.all("main")[0].words()
    assert link(page, "Newest") == LIST
    assert "Nobody has chosen so yet." in read(client).all("main")[0].words()


def test_after_the_promised_days_all_names_are_erased(app: Flask, client: FlaskClient, petition: str) -> None:
    add_people(app, 3)
    assert len(named(read(client))) == 3
    with app.app_context():
        with transaction() as session:
            session.execute(update(Petition).values(closes_at=clock.now() - timedelta(days=400)))
        assert erase_after_closing() == 3
    page = read(client)
    assert named(page) == []
    words = page.all("main")[0].words()
    assert "3 verified signatures" in words and "has been erased" in words


def test_the_petitions_page_links_to_the_names_in_its_language(app: Flask, client: FlaskClient, petition: str) -> None:
    public_signer(app, "Ann Example", NOON)
    assert link(read(client, f"/petitions/{SLUG}"), "All public names") == LIST
    page = HtmlPage(client.get(f"/petitions/{SLUG}/sv").text)
    assert [one.get("href") for one in page.all("a", **{"class": "all-names"})] == [f"{LIST}/sv"]
    assert [
        one.get("href") for one in read(client, f"{LIST}/sv").all("a") if one.words() == "Save the test library"
    ] == [f"/petitions/{SLUG}/sv"]
    (section,) = page.all("section", **{"aria-labelledby": "names"})
    assert section.get("data-nosnippet") == ""


def test_every_page_costs_as_much_as_the_first(app: Flask, petition: str) -> None:
    """The database reads only the page's rows, from the index of public names, for any page."""
    add_people(app, 3_000)
    with app.app_context():
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        of = db.session.scalars(select(Petition)).one()
        middle = db.session.scalars(select(Signature).order_by(Signature.id).offset(1_500)).first()
        assert middle
        place = names._cursor(of, middle)
        for asked in ({}, {"before": place}, {"after": place}):
            statement, parameters = executed_statement(of, **asked)
            with db.engine.connect() as connection:
                if db.engine.dialect.name == "postgresql":
                    explain = "EXPLAIN (ANALYZE, FORMAT JSON) "
                    explained = connection.exec_driver_sql(explain + statement, parameters).scalar_one()
                    assert sum_of_scans(explained[0]["Plan"]) <= PAGE_SIZE + 2
                else:
                    plan = str(connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).all())
                    assert "USING INDEX ix_signature_public_names (petition_id=?" in plan
                    assert "TEMP B-TREE" not in plan
                    assert "verified_at" in plan or not asked, plan


def executed_statement(petition: Petition, **asked: str) -> tuple[str, Any]:
    """Return the statement that reads a page, and its parameters, as the driver gets them."""
    statements: list[tuple[str, Any]] = []
    record = lambda c, cur, statement, parameters, *rest: statements.append((statement, parameters))  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", record)
    names.names_page(petition, **asked)
    event.remove(db.engine, "before_cursor_execute", record)
    return next(one for one in statements if " LIMIT " in one[0])
