"""The pickup folder of a session: what the journal has for the partner, to be read and removed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from crossdock.core.ports import PickupFile
from crossdock_connectors.sftp_server.accounts import Account, House, Parts
from crossdock_connectors.sftp_server.answers import Entry, absent, in_journal


@dataclass(slots=True)
class Download:
    """An open file on its way out; `served` counts the bytes that were read."""

    entry: Entry
    data: bytes
    served: int = 0

    def read(self, offset: int, size: int) -> bytes:
        """Return a piece; empty at the end."""
        piece = self.data[offset : offset + size]
        self.served += len(piece)
        return piece


class Outbound:
    """A partner's pickup folder. The journal is asked in a thread, because it may be a file or a server far away."""

    def __init__(self, house: House, account: Account) -> None:
        self._pickup = house.services.pickup
        self._place = (account.partner, "/".join(account.pickup))

    async def entries(self) -> list[Entry]:
        """Return the files that wait."""
        return [_entry(file) for file in await asyncio.to_thread(self._pickup.files, *self._place)]

    async def entry(self, path: Parts) -> Entry:
        """Return a file's entry; raises where there is none."""
        for entry in await self.entries():
            if entry.name == path[-1]:
                return entry
        raise absent(path)

    async def start(self, path: Parts) -> Download:
        """Open a file for reading."""
        entry = await self.entry(path)
        with in_journal(path):
            return Download(entry, await asyncio.to_thread(self._pickup.read, *self._place, entry.name))

    async def finish(self, file: Download) -> None:
        """Note that a file was collected, if it was read to its end."""
        if file.served >= len(file.data):
            with suppress(KeyError):  # another session removed it while this one read
                await asyncio.to_thread(self._pickup.collected, *self._place, file.entry.name)

    async def remove(self, path: Parts) -> None:
        """Hide a file from the partner; the journal keeps it."""
        with in_journal(path):
            await asyncio.to_thread(self._pickup.remove, *self._place, path[-1])


def _entry(file: PickupFile) -> Entry:
    return Entry(file.name, file.size, file.written_at / 1000)
