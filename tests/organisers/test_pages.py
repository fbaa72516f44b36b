"""Every organisers' page: not cached, one heading, allowed by the policy, and a label for each field."""

from flask import Flask

from app.models import Role
from tests.html_page import HtmlPage
from tests.organisers.people import PASSWORD, browser, half_signed_in, make_organiser, signed_in
from tests.structure.test_who_may_do_what import example_values, rules

NOT_SEEN = {"hidden", "submit"}


def pages(app: Flask) -> dict[str, HtmlPage]:
    """Return each HTML page by its address, as somebody with access sees it."""
    values = example_values(app)
    addresses = app.url_map.bind("localhost")
    make_organiser(app, "half@example.org", password=PASSWORD)
    found = {}
    for rule in rules(app):
        if "GET" not in (rule.methods or ()):
            continue
        path = addresses.build(rule.endpoint, {name: values[name] for name in rule.arguments}, "GET")
        for who in (browser(app), signed_in(app, role=Role.OWNER, administrator=True), half_signed_in(app)):
            with who.get(path) as answer:
                if answer.mimetype == "text/html" and answer.status_code in {200, 410}:
                    assert "no-store" in answer.headers["Cache-Control"], path
                    found[path] = HtmlPage(answer.text)
    owner = signed_in(app, role=Role.OWNER)
    found["codes"] = HtmlPage(owner.post("/organise/tf-setup", data={"setup": "authenticator"}).text)
    found["recovery"] = HtmlPage(owner.post("/organise/mf-recovery-codes").text)
    found["new passkey"] = HtmlPage(owner.post("/organise/wan-register", data={"name": "a", "usage": "first"}).text)
    found["passkey"] = HtmlPage(browser(app).post("/organise/wan-signin").text)
    return found


def test_every_page_has_the_sites_design_and_keeps_to_the_policy(app: Flask, petition: str) -> None:
    shown = pages(app)
    assert len(shown) > 18
    for path, page in shown.items():
        assert len(page.all("h1")) == 1, path
        assert page.all("link", rel="stylesheet"), path
        assert "data:" not in page.html, path
        for one in page.elements:
            assert one.tag != "style", path
            assert not [name for name in one.attributes if name == "style" or name.startswith("on")], (path, one)
            if one.tag == "script":
                assert (one.get("src") or "").startswith("/static/"), path
        assert all(one.get("href") != "" for one in page.all("a")), path


def test_every_field_has_a_label_and_ids_are_unique(app: Flask, petition: str) -> None:
    for path, page in pages(app).items():
        ids = [one.get("id") for one in page.elements if one.get("id")]
        assert len(ids) == len(set(ids)), path
        labelled = {label.get("for") for label in page.all("label")}
        for tag in ("input", "select", "textarea"):
            for control in page.all(tag):
                named = control.get("id") in labelled or control.get("aria-labelledby") in ids
                assert control.get("type") in NOT_SEEN or named, (path, control)


def test_changing_the_language_is_confirmed_in_the_new_one(app: Flask) -> None:
    client = signed_in(app)
    answer = client.post("/organise/account/language", data={"language": "sv"})
    assert "De här sidorna och våra mejl är nu på svenska." in client.get(answer.headers["Location"]).text


def test_in_swedish_the_tabs_of_a_petition_have_different_names(app: Flask, petition: str) -> None:
    client = signed_in(app, role=Role.OWNER)
    client.post("/organise/account/language", data={"language": "sv"})
    page = HtmlPage(client.get(f"/organise/petitions/{petition}/publishing").text)
    names = {
        nav.get("aria-label"): [one.words() for one in page.all("a") if nav in one.inside] for nav in page.all("nav")
    }
    assert names["Det här uppropet"][0] == "Siffror"
    assert names["Uppropets delar"][0] == "Överblick"
