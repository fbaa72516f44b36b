"""The shipped alert rules and dashboard ask for what `/metrics` tells, and each alert says what to do."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

import config
from app.db import transaction
from app.models import Counter

ALERTS = yaml.safe_load((config.ROOT / "deploy/prometheus-alerts.yml").read_text("utf-8"))
DASHBOARD = json.loads((config.ROOT / "deploy/grafana-dashboard.json").read_text("utf-8"))
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
OF_PROMETHEUS = {"up", "job"}
FUNCTIONS = {
    *("absent", "and", "by", "deriv", "increase", "max", "min", "or", "rate", "sum", "time", "topk", "without"),
}


def expressions() -> list[str]:
    return [*(rule["expr"] for rule in RULES), *(target["expr"] for panel in PANELS for target in panel["targets"])]


def names(expression: str) -> set[str]:
    """Return the words of a PromQL expression that are neither values nor durations."""
    return set(re.findall(r"(?<![\w.])[a-z_]+\w*", re.sub(r'"[^"]*"|\[[^]]*\]', "", expression)))


def exported(client: FlaskClient) -> Iterator[str]:
    """Yield the names of all samples, and of their labels."""
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            yield sample.name
            yield from sample.labels


def test_every_metric_and_label_in_rules_and_dashboard_is_exported(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction() as session:
        session.execute(insert(Counter).values(name="requests", labels="pages.start GET 2xx", total=10))
    known = {*exported(client), *OF_PROMETHEUS, *FUNCTIONS}
    asked = {name for expression in expressions() for name in names(expression)}
    assert {"countersign_requests_total", "countersign_outbox_late_seconds", "result", "endpoint"} <= asked
    assert asked <= known


def test_every_metric_is_watched(client: FlaskClient) -> None:
    told = {family.name for family in text_string_to_metric_families(client.get("/metrics").text)}
    assert told
    asked = {name.removesuffix("_total") for expression in expressions() for name in names(expression)}
    assert told <= asked


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_grave_it_is_and_the_docs_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["expr"].count("(") == rule["expr"].count(")")
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert f"| `{rule['alert']}` |" in (config.ROOT / "docs/operations.md").read_text("utf-8")


def test_the_dashboards_panels_have_places_of_their_own() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        columns, rows = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        own = {(x, y) for x in columns for y in rows}
        assert not own & cells and max(x for x, _ in own) < 24, panel["title"]
        cells |= own
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]} == {"${datasource}"}
