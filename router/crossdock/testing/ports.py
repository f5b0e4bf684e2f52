"""The ports in memory: what a connector's tests give it in place of the runtime.

    from crossdock.testing.ports import MemoryIntake, services

    async def test_accepts_a_file(tmp_path):
        intake = MemoryIntake()
        source = SPEC.source(settings, [binding("orders", options)], services(tmp_path, partners=[Partner("acme")]))
        task = asyncio.create_task(source.run(intake))
        ...
        assert [receipt.data for receipt in intake.receipts] == [b"ISA*..."]

They behave as the runtime's own do, minus the disk: a second receipt with the same dedupe key is a duplicate, a pickup file gets
a name of its own, a lease ends by the clock. Pickup and lease may be used from several threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any

from crossdock.core.clock import Clock, PinnedClock, SystemClock
from crossdock.core.errors import Place, Retryable
from crossdock.core.message import Accepted, Receipt
from crossdock.core.partner import Partner
from crossdock.core.ports import PickupFile, Poll, Progress, Services
from crossdock.core.spec import Binding

__all__ = ["MemoryIntake", "MemoryLease", "MemoryPickup", "MemoryPolls", "PinnedClock", "binding", "services"]


@dataclass(slots=True)
class MemoryPolls:
    """What is polled, in memory."""

    clock: Clock = field(default_factory=SystemClock)
    kept: dict[str, Poll] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def open(self, name: str, route: str) -> Poll:
        """Return a poll, begun where it is new."""
        with self._lock:
            poll = self.kept.get(name) or Poll(name, route, "", 0, None, self._ms(), "", 0)
            self.kept[name] = replace(poll, now=self._ms())
            return self.kept[name]

    def move(self, progress: Progress) -> None:
        """Write how far one has come; raises Retryable where it has moved since it was read."""
        with self._lock:
            poll = self.kept[progress.name]
            if poll.version != progress.version:
                raise Retryable(f"{progress.name} was polled by another process meanwhile", code="overtaken")
            self.kept[progress.name] = replace(poll, state=progress.state, version=poll.version + 1)

    def note(self, name: str, pause: float, trouble: str) -> None:
        """Note a look and when the next one is due."""
        with self._lock:
            due = self._ms() + int(pause * 1000)
            self.kept[name] = replace(self.kept[name], looked_at=self._ms(), due_at=due, trouble=trouble)

    def all(self) -> Sequence[Poll]:
        """Return all polls, by name."""
        with self._lock:
            return [self.kept[name] for name in sorted(self.kept)]

    def restart(self, name: str) -> bool:
        """Forget how far one has come."""
        with self._lock:
            poll = self.kept.get(name)
            if poll:
                self.kept[name] = replace(poll, state="", version=poll.version + 1, looked_at=None, due_at=self._ms(), trouble="")
            return poll is not None

    def _ms(self) -> int:
        return int(self.clock.now() * 1000)


@dataclass(slots=True)
class MemoryIntake:
    """An intake that keeps what it gets.

    `receipts` are the accepted ones in order, `duplicates` those that were known already. Set `error` to have `accept` raise it;
    set `gate` to an `asyncio.Event` to have `accept` wait for it, as for a slow disk. `polls` is what its polls have reached:
    give the services the same.
    """

    receipts: list[Receipt] = field(default_factory=list)
    duplicates: list[Receipt] = field(default_factory=list)
    error: Exception | None = None
    gate: asyncio.Event | None = None
    polls: MemoryPolls = field(default_factory=MemoryPolls)
    _seen: dict[tuple[str, str], str] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def accept(self, receipt: Receipt) -> Accepted:
        """Keep the receipt; a known key is a duplicate and names the first message."""
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        key = (receipt.source, receipt.dedupe_key)
        if receipt.dedupe_key and key in self._seen:
            self.duplicates.append(receipt)
            return await self._told(Accepted(self._seen[key], duplicate=True))
        self.receipts.append(receipt)
        message_id = f"message-{len(self.receipts)}"
        self._seen[key] = message_id
        return await self._told(Accepted(message_id))

    async def collect(self, receipts: Sequence[Receipt], progress: Progress) -> list[Accepted]:
        """Keep what a poll brought and how far it has come, or nothing of it; raises Retryable where that has moved meanwhile."""
        if self.error is not None:
            raise self.error
        self.polls.move(progress)
        return [await self.accept(receipt) for receipt in receipts]

    async def arrived(self, count: int = 1, seconds: float = 20.0) -> list[Receipt]:
        """Wait until `count` receipts are there and return them; raises TimeoutError."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.receipts) >= count)
        return list(self.receipts)

    async def repeated(self, count: int = 1, seconds: float = 20.0) -> list[Receipt]:
        """Wait until `count` duplicates are there and return them; raises TimeoutError."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: len(self.duplicates) >= count)
        return list(self.duplicates)

    async def _told(self, accepted: Accepted) -> Accepted:
        async with self._changed:
            self._changed.notify_all()
        return accepted


@dataclass(slots=True)
class _Kept:
    """A pickup file with its bytes; `hidden` once the partner has removed it."""

    file: PickupFile
    key: str
    data: bytes
    hidden: bool = False


@dataclass(slots=True)
class MemoryPickup:
    """Pickup folders in memory. `taken` are the names that partners read to the end, in order."""

    clock: Clock = field(default_factory=SystemClock)
    taken: list[str] = field(default_factory=list)
    _kept: dict[tuple[str, str], list[_Kept]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def put(self, partner: str, directory: str, name: str, data: bytes, key: str) -> str:
        """Add a file once per `key`; return its name (made unique within the directory)."""
        with self._lock:
            folder = self._kept.setdefault((partner, directory), [])
            for kept in folder:
                if kept.key == key:
                    return kept.file.name
            unique = _unique(name, {kept.file.name for kept in folder})
            file = PickupFile(len(folder) + 1, unique, len(data), int(self.clock.now() * 1000))
            folder.append(_Kept(file, key, data))
            return unique

    def files(self, partner: str, directory: str) -> Sequence[PickupFile]:
        """Return the files that the partner has not removed, oldest first."""
        with self._lock:
            return [kept.file for kept in self._kept.get((partner, directory), []) if not kept.hidden]

    def read(self, partner: str, directory: str, name: str) -> bytes:
        """Return a file's bytes; raises KeyError."""
        with self._lock:
            return self._find(partner, directory, name).data

    def collected(self, partner: str, directory: str, name: str) -> None:
        """Note that the partner has read it to the end."""
        with self._lock:
            kept = self._find(partner, directory, name)
            kept.file = replace(kept.file, collected_at=int(self.clock.now() * 1000))
            self.taken.append(name)

    def remove(self, partner: str, directory: str, name: str) -> None:
        """Hide it from the partner; raises KeyError."""
        with self._lock:
            self._find(partner, directory, name).hidden = True

    def _find(self, partner: str, directory: str, name: str) -> _Kept:
        for kept in self._kept.get((partner, directory), []):
            if kept.file.name == name and not kept.hidden:
                return kept
        raise KeyError(name)


def _unique(name: str, taken: set[str]) -> str:
    """Return `name`, or `name-2.ext`, `name-3.ext` where it is taken."""
    path, number, unique = PurePosixPath(name), 1, name
    while unique in taken:
        number += 1
        unique = f"{path.stem}-{number}{path.suffix}"
    return unique


@dataclass(slots=True)
class MemoryLease:
    """Named leases of one imagined process, `owner`; put another's name into `held` to see a source wait."""

    owner: str = "me"
    clock: Clock = field(default_factory=SystemClock)
    held: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def hold(self, name: str, seconds: float) -> bool:
        """Take or extend the lease; False where another process has it."""
        with self._lock:
            owner, until = self.held.get(name, ("", 0.0))
            if owner not in ("", self.owner) and until > self.clock.now():
                return False
            self.held[name] = (self.owner, self.clock.now() + seconds)
            return True


def services(
    folder: Path,
    *,
    polls: MemoryPolls | None = None,
    partners: Iterable[Partner] = (),
    pickup: MemoryPickup | None = None,
    lease: MemoryLease | None = None,
    clock: Clock | None = None,
) -> Services:
    """Return what connectors are given, in memory; `folder` (a tmp_path) holds `state/` and is the project's base."""
    clock = clock or SystemClock()
    state = folder / "state"
    state.mkdir(parents=True, exist_ok=True)
    return Services(
        partners={partner.name: partner for partner in partners},
        pickup=pickup or MemoryPickup(clock),
        lease=lease or MemoryLease(clock=clock),
        clock=clock,
        state=state,
        base=folder,
        polls=polls or MemoryPolls(clock),
    )


def binding(route: str, options: Any, place: Place | None = None) -> Binding:
    """Return a route's wish to receive, as the compiler makes it of the `from` in a route's file."""
    return Binding(route, options, place or Place(f"routes/{route}.route.yaml"))
