"""Rules for e-mail domains: organisers say whose addresses may sign. Existing signatures stay as they are."""

from sqlalchemy import delete, select

from app import clock
from app.audit.log import record
from app.db import db, insert
from app.models import Act, DomainRule, Verdict
from app.organisers.access import Who
from app.organisers.acting import acting


def list_rules(petition_id: int) -> list[DomainRule]:
    """Return the petition's rules, ordered by domain."""
    rules = select(DomainRule).where(DomainRule.petition_id == petition_id)
    return list(db.session.scalars(rules.order_by(DomainRule.domain)))


def set_rule(petition_id: int, domain: str, verdict: Verdict, organiser_id: int | None) -> bool:
    """Set the rule for an ASCII domain and its subdomains (upsert); return whether it is new."""
    rule = insert(DomainRule).values(petition_id=petition_id, domain=domain, verdict=verdict, made_at=clock.now())
    upsert = rule.on_conflict_do_update(
        index_elements=["petition_id", "domain"],
        set_={"verdict": rule.excluded.verdict, "made_at": rule.excluded.made_at},
        where=DomainRule.verdict != rule.excluded.verdict,
    )
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, _petition):
        is_new = session.execute(upsert.returning(DomainRule.domain)).first() is not None
        if is_new:
            record(session, Act.DOMAIN, petition_id, organiser_id, what=verdict.value)
    return is_new


def remove_rule(petition_id: int, domain: str, organiser_id: int | None) -> bool:
    """Remove the rule for a domain; return whether there was one."""
    rule = (DomainRule.petition_id == petition_id) & (DomainRule.domain == domain)
    with acting(petition_id, organiser_id, Who.EDITORS) as (session, _petition):
        removed = session.execute(delete(DomainRule).where(rule).returning(DomainRule.domain)).first() is not None
        if removed:
            record(session, Act.DOMAIN, petition_id, organiser_id, what="none")
    return removed
