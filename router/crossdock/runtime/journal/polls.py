"""What is polled: how far each poll has come, when it is due, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from crossdock.core.access import Actor
from crossdock.core.audit import Act
from crossdock.core.errors import Retryable
from crossdock.core.ports import Poll, Progress
from crossdock.runtime.journal import audit
from crossdock.runtime.journal.database import Database, Session
from crossdock.runtime.journal.texts import clean


class SqlPolls:
    """`core.ports.Polls`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, name: str, route: str) -> Poll:
        """Return a poll, begun where it is new; only then is anything written."""
        name = clean(name)
        return self._database.read(lambda session: _found(session, name)) or self._database.write(
            lambda session: _begun(session, name, route)
        )

    def note(self, name: str, pause: float, trouble: str) -> None:
        """Note a look and when the next one is due."""
        self._database.write(
            lambda session: session.run(
                "note_poll", name=clean(name), now=session.now, due=session.now + int(pause * 1000), trouble=clean(trouble)
            )
        )

    def all(self) -> Sequence[Poll]:
        """Return all polls, by name."""
        return self._database.read(lambda session: [Poll(*(*row, session.now)) for row in session.all("polls")])

    def restart(self, name: str, by: Actor) -> bool:
        """Forget how far one has come; a look that is under way can't bring it back, for the version has moved as well."""

        def restart(session: Session) -> bool:
            state = [row[2] for row in session.all("poll", name=clean(name))]
            if state:
                session.run("restart_poll", name=clean(name), now=session.now)
                audit.record(session, Act(by, "restart_poll", name, {"state": state[0]}))
            return bool(state)

        return self._database.write(restart)


def move(session: Session, progress: Progress) -> None:
    """Write how far a poll has come; raises Retryable where it has been moved since it was read."""
    moved = session.run("move_poll", name=clean(progress.name), version=progress.version, state=clean(progress.state))
    if not moved:
        raise Retryable(
            f"{progress.name} was polled by another process meanwhile, or begun anew; nothing of this look was kept",
            code="overtaken",
        )


def _found(session: Session, name: str) -> Poll | None:
    rows = session.all("poll", name=name)
    return Poll(*(*rows[0], session.now)) if rows else None


def _begun(session: Session, name: str, route: str) -> Poll:
    session.run("begin_poll", name=name, route=route, now=session.now)
    return Poll(*(*session.all("poll", name=name)[0], session.now))
