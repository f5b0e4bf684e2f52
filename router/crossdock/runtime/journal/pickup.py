"""The partners' pickup folders and the named leases, in the journal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import PurePosixPath

from crossdock.core.errors import CrossdockError
from crossdock.core.ports import PickupFile
from crossdock.runtime.journal.bodies import Document, Shelf
from crossdock.runtime.journal.database import Database, Session
from crossdock.runtime.journal.rows import payload_of
from crossdock.runtime.journal.texts import clean, short

log = logging.getLogger(__name__)

PICKUP_SPACE = 2
"""The space of locks under which names are made unique, one for each folder."""


class SqlPickup:
    """`core.ports.Pickup`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, partner: str, directory: str, name: str, data: bytes, key: str) -> str:
        """Add a file once per key; a name that the folder ever had gets a number: `x.edi`, `x-2.edi`."""

        def put(session: Session) -> str:
            session.lock(PICKUP_SPACE, [f"{partner}\t{directory}"])
            known = session.all("pickup_by_key", partner=partner, key=short(key))
            return str(known[0][0]) if known else _added(session, (partner, directory), clean(name), data, short(key))

        return self._database.write(put)

    def files(self, partner: str, directory: str) -> Sequence[PickupFile]:
        """The files that the partner has not removed, oldest first."""
        rows = self._database.read(lambda session: session.all("pickup_files", partner=partner, directory=directory))
        return [PickupFile(*row) for row in rows]

    def read(self, partner: str, directory: str, name: str) -> bytes:
        """Return a file's bytes; raises KeyError."""

        def read(session: Session) -> bytes:
            found = session.all("pickup_payload", partner=partner, directory=directory, name=name)
            if not found:
                raise KeyError(name)
            return payload_of(session, found[0][0])[0]

        return self._database.read(read)

    def collected(self, partner: str, directory: str, name: str) -> None:
        """Note that the partner has read it to the end; the first time counts."""
        self._mark("pickup_collected", partner, directory, name)

    def remove(self, partner: str, directory: str, name: str) -> None:
        """Hide it from the partner; raises KeyError."""
        if not self._mark("pickup_remove", partner, directory, name):
            raise KeyError(name)

    def _mark(self, statement: str, partner: str, directory: str, name: str) -> int:
        return self._database.write(
            lambda session: session.run(statement, partner=partner, directory=directory, name=name, now=session.now)
        )


def _added(session: Session, folder: tuple[str, str], name: str, data: bytes, key: str) -> str:
    partner, directory = folder
    shelf = Shelf(session)
    payload = shelf.put(Document(data, "application/octet-stream"))
    shelf.save()
    free = _free_name(session, folder, name)
    session.run("add_pickup", partner=partner, directory=directory, name=free, key=key, payload_id=payload, now=session.now)
    return free


def _free_name(session: Session, folder: tuple[str, str], name: str) -> str:
    partner, directory = folder
    path = PurePosixPath(name)
    for number in count(1):
        candidate = name if number == 1 else f"{path.stem}-{number}{path.suffix}"
        if not session.all("pickup_name_taken", partner=partner, directory=directory, name=candidate):
            return candidate
    raise AssertionError


class SqlLease:
    """`core.ports.Lease`: whoever holds a name keeps it until its time is over or its process ends in order."""

    def __init__(self, database: Database, owner: Callable[[], str]) -> None:
        self._database = database
        self._owner = owner
        self._held_by = ""

    def hold(self, name: str, seconds: float) -> bool:
        """Take or extend the lease; False where another process has it."""
        owner = self._held_by = self._owner()
        return bool(
            self._database.write(
                lambda session: session.run(
                    "hold_lease", name=name, owner=owner, until=session.now + int(seconds * 1000), now=session.now
                )
            )
        )

    def let_go(self) -> None:
        """Free the leases that this process has taken; where the database is away they run out by themselves."""
        owner = self._owner()
        if self._held_by != owner:
            return
        try:
            self._database.write(lambda session: session.run("drop_leases", owner=owner))
        except CrossdockError as error:
            log.info("leases were not freed and run out by themselves: %s", error.message)
