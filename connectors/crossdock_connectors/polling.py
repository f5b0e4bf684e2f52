"""Collecting files from a directory that is looked at again and again: what `file` and `sftp` share.

    look ─ stable? ─ read ─ accept ─ delete, move or keep
      └── again after `poll`; sooner while a file is still growing; later and later while the directory can't be reached

A file is taken when it has looked the same (size and time) often enough, so that none is read while it is being written. It is
known by name, size, time and SHA-256, so that a look that was cut off between accepting and deleting takes nothing twice. One
process of many looks: the one with the lease.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from pydantic import Field, model_validator

from crossdock.core.errors import CrossdockError, Misconfigured, Problem, Retryable
from crossdock.core.message import Receipt
from crossdock.core.ports import Intake, Lease, Services
from crossdock.core.spec import Binding, Options
from crossdock.core.units import Duration, Size
from crossdock.core.words import nearest
from crossdock_connectors import names

log = logging.getLogger(__name__)

T = TypeVar("T")

SOON = 2.0
"""Seconds until the next look while a file is not stable yet, at the most."""
LATEST = 300.0
"""Seconds between looks at a directory that can't be reached, at the most."""
PATIENCE = 600.0
"""Seconds that a listing or a file may take; then the directory counts as one that can't be reached."""
LEASE = 60.0
"""Seconds for which a process keeps a directory to itself after its last look or file, at the least."""


class PollSettings(Options):
    """How often is looked, and how much is taken."""

    poll: Duration = Field(30.0, gt=0, description="time between two looks", examples=["30s"])
    max_file_size: Size = Field(100 * 1024**2, description="a larger file is left where it is, and logged", examples=["100MB"])


class Collection(Options):
    """What a route collects from a directory."""

    directory: str = Field(min_length=1, description="the directory to look into; not its subdirectories")
    match: str = Field("*", min_length=1, description="names that the route takes, such as *.edi; case is no difference")
    partner: str = Field("", description="the partner whose documents these are")
    after: Literal["delete", "move", "keep"] = Field(description="what becomes of a file that was accepted")
    archive: str = Field("", description="with `after: move`: the directory that it is moved to, made where it is missing")
    looks: int = Field(2, ge=1, le=100, description="how many times a file must look the same before it is read")

    @model_validator(mode="after")
    def _archive_with_move(self) -> Collection:
        if (self.after == "move") != bool(self.archive):
            raise ValueError("`after: move` and `archive` go together: say both, or neither")
        if self.archive and self.archive.rstrip("/") == self.directory.rstrip("/"):
            raise ValueError("`archive` must be another directory than `directory`")
        return self


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as a look saw it. `modified` is the directory's own measure of time."""

    name: str
    size: int
    modified: int


class Vanished(Exception):
    """A file is gone, or is another one now: the next look will tell."""


class OpenFolder(Protocol):
    """A directory during one look.

    Its methods raise Retryable where the directory can't be reached (the look ends), another CrossdockError where only this file
    is concerned, and Vanished.
    """

    def files(self) -> Coroutine[Any, Any, Sequence[Sighting]]:
        """The regular files in it."""

    async def read(self, file: Sighting) -> bytes:
        """Return a file's bytes."""

    async def delete(self, file: Sighting) -> None:
        """Delete it, if it is still what was seen."""

    async def move(self, file: Sighting, archive: str, spare: str) -> None:
        """Move it to a directory, if it is still what was seen; under the name `spare` where its own is taken there."""


class Folder(Protocol):
    """A directory to collect from."""

    @property
    def source(self) -> str:
        """Its name within which dedupe keys are unique: `sftp:host:22/out`."""

    def open(self) -> AbstractAsyncContextManager[OpenFolder]:
        """Open it for one look."""


class Watch:
    """One route's watch over one directory. `trouble` says what keeps it from looking."""

    def __init__(self, binding: Binding, folder: Folder, settings: PollSettings, lease: Lease) -> None:
        self._route = binding.route
        self._options: Collection = binding.options
        self._folder = folder
        self._settings = settings
        self._lease = lease
        self._looks: dict[Sighting, int] = {}
        self._finished: set[Sighting] = set()
        self._told: set[tuple[Sighting, str]] = set()
        self.trouble = ""

    async def run(self, intake: Intake) -> None:
        """Look for ever; trouble is logged, and tried again later and later."""
        failures = 0
        while True:
            try:
                pause = await self.look(intake)
                if failures:
                    log.info("%s: %s can be reached again", self._route, self._folder.source)
                failures, self.trouble = 0, ""
            except CrossdockError as error:
                failures += 1
                pause, self.trouble = self._later(failures), f"{self._route}: {error.message}"
                log.warning("%s: %s (next look in %.0f s) %s", self._route, error.message, pause, error.advice)
            except Exception:
                failures += 1
                pause, self.trouble = self._later(failures), f"{self._route}: looking into {self._folder.source} broke"
                log.exception("%s: looking into %s broke (next look in %.0f s)", self._route, self._folder.source, pause)
            await asyncio.sleep(pause)

    async def look(self, intake: Intake) -> float:
        """Look once and collect what is stable; return the seconds until the next look."""
        if not await self._held():
            return self._settings.poll
        async with self._folder.open() as folder:
            stable = self._stable([file for file in await self._patiently(folder.files()) if self._wanted(file.name)])
            for file in stable:
                await self._patiently(self._collect(folder, file, intake))
                if not await self._held():
                    break
        growing = len(stable) < len(self._looks.keys() - self._finished)
        return min(self._settings.poll, SOON) if growing else self._settings.poll

    async def _patiently(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                return await work
        except TimeoutError:
            raise Retryable(f"{self._folder.source} gave no answer within {PATIENCE:g} s") from None

    def _wanted(self, name: str) -> bool:
        """Whether the pattern means a file. Hidden ones are meant only by a pattern that says so, as in a shell."""
        hidden = name.startswith(".") and not self._options.match.startswith(".")
        return names.matches(self._options.match, name) and not hidden

    def _stable(self, seen: list[Sighting]) -> list[Sighting]:
        """Count how often each file was seen as it is; return those to collect now, oldest first."""
        self._looks = {file: self._looks.get(file, 0) + 1 for file in seen}
        self._finished &= self._looks.keys()
        self._told = {(file, reason) for file, reason in self._told if file in self._looks}
        stable = [file for file, looks in self._looks.items() if looks >= self._options.looks and file not in self._finished]
        return sorted(stable, key=lambda file: (file.modified, file.name))

    async def _collect(self, folder: OpenFolder, file: Sighting, intake: Intake) -> None:
        try:
            self._check(file)
            data = await folder.read(file)
            digest = hashlib.sha256(data).hexdigest()
            accepted = await intake.accept(self._receipt(file, data, digest))
        except Vanished:
            return
        except Retryable:
            raise
        except CrossdockError as error:
            self._tell(file, f"is left where it is: {error.message}")
            return
        copy = ", a copy of one that was here before" if accepted.duplicate else ""
        log.info("%s: %s (%d bytes) is message %s%s", self._route, file.name, file.size, accepted.message_id, copy)
        await self._settle(folder, file, digest)

    async def _settle(self, folder: OpenFolder, file: Sighting, digest: str) -> None:
        """Delete, move or keep what was accepted. What can't be deleted is not taken again while it stays as it is."""
        try:
            if self._options.after == "delete":
                await folder.delete(file)
            elif self._options.after == "move":
                await folder.move(file, self._options.archive, f"{digest[:12]}-{file.name}")
            else:
                self._finished.add(file)
        except Vanished:
            return
        except Retryable:
            raise
        except CrossdockError as error:
            self._finished.add(file)
            self._tell(file, f"was accepted, but `after: {self._options.after}` failed: {error.message}")

    def _check(self, file: Sighting) -> None:
        if fault := names.fault(file.name):
            raise CrossdockError(fault)
        if file.size > self._settings.max_file_size:
            raise CrossdockError(f"it has {file.size} bytes, more than the {self._settings.max_file_size} of `max_file_size`")

    def _receipt(self, file: Sighting, data: bytes, digest: str) -> Receipt:
        return Receipt(
            route=self._route,
            data=data,
            source=self._folder.source,
            partner=self._options.partner,
            name=file.name,
            headers={"file_name": file.name, "directory": self._options.directory},
            dedupe_key=f"{file.name}:{file.size}:{file.modified}:{digest}",
        )

    async def _held(self) -> bool:
        seconds = max(LEASE, 3 * self._settings.poll)
        return await asyncio.to_thread(self._lease.hold, f"poll:{self._route}:{self._folder.source}", seconds)

    def _tell(self, file: Sighting, what: str) -> None:
        """Log what is wrong with a file, once."""
        if (file, what) not in self._told:
            self._told.add((file, what))
            log.warning("%s: %r in %s %s", self._route, file.name, self._folder.source, what)

    def _later(self, failures: int) -> float:
        most = min(LATEST, max(self._settings.poll, 0.1) * 2 ** min(failures, 12))
        return random.uniform(most / 2, most)  # noqa: S311 - spreads the load, is no secret


class Poller:
    """The source of a polling connector: all its routes' watches side by side."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches

    @property
    def trouble(self) -> str:
        """What keeps routes from collecting; empty where nothing does."""
        return "; ".join(filter(None, (watch.trouble for watch in self._watches)))

    async def run(self, intake: Intake) -> None:
        """Watch for ever."""
        async with asyncio.TaskGroup() as group:
            for watch in self._watches:
                group.create_task(watch.run(intake))


def check_partners(bindings: Sequence[Binding], services: Services) -> None:
    """Raise Misconfigured where a binding names a partner that is none."""
    problems = [
        Problem.at(binding.place, f"unknown partner '{name}'{nearest(name, services.partners)}")
        for binding in bindings
        if (name := binding.options.partner) and name not in services.partners
    ]
    if problems:
        raise Misconfigured("nothing can be collected", code="polling", problems=problems)
