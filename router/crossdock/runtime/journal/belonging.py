"""Whose journal this is: it remembers the environment that first opened it, and no other one may open it.

A test environment that is given production's journal by mistake would make production's deliveries, and answer its partners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.core.errors import Misconfigured
from crossdock.runtime.journal.database import Database, Session

if TYPE_CHECKING:
    from sqlalchemy import Connection


def belong(database: Database, environment: str) -> None:
    """Make the journal this environment's if it is nobody's; raises Misconfigured where it is another's."""
    owner = database.read(owner_of) or database.write(lambda session: _taken(session, environment))
    if owner != environment:
        raise another(owner, environment)


def adopt(database: Database, environment: str, former: str, by: Actor) -> None:
    """Give the journal from one environment to another, such as a copy of it; raises Misconfigured if `former` has not got it."""
    from crossdock.runtime.journal import audit  # it knows whose journal it is from here

    def given(session: Session) -> str:
        owner = owner_of(session)
        if owner == former:
            session.run("adopt", environment=environment, now=session.now)
            audit.record(session, Act(by, "adopt", former, {"environment": environment}))
        return owner

    owner = database.write(given)
    if owner != former:
        raise Misconfigured(
            f"this journal belongs to {_named(owner)}, not to {_named(former)}",
            code="environment",
            advice="name the environment that it belongs to now",
        )


def owner_of(session: Session) -> str:
    """Return the environment's name, empty where the journal is nobody's yet."""
    rows = session.all("belongs")
    return str(rows[0][0]) if rows else ""


def owner_before(connection: Connection) -> str:
    """Return the same of a journal whose tables may be older than this engine."""
    from sqlalchemy import inspect

    if not inspect(connection).has_table("belongs"):
        return ""
    row = connection.exec_driver_sql("SELECT environment FROM belongs WHERE slot = 1").first()
    return str(row[0]) if row else ""


def another(owner: str, environment: str) -> Misconfigured:
    """Return the error of an environment that opens another one's journal."""
    return Misconfigured(
        f"this journal belongs to '{owner}', and this process is of '{environment}'",
        code="environment",
        advice=f"give '{environment}' a `journal` of its own in config/environments/{environment}.yaml; if this is a copy, or the"
        f" environment got another name: `crossdock -e {environment} migrate --adopt {owner}`",
    )


def _taken(session: Session, environment: str) -> str:
    """Take the journal; another process may have been faster."""
    session.run("belong", environment=environment, now=session.now)
    return owner_of(session)


def _named(environment: str) -> str:
    return f"'{environment}'" if environment else "nobody yet"
