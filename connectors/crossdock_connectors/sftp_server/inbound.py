"""The inbound folders of a session: uploads are spooled, and taken when they are whole.

open ─ write... ─ close ──┬─ a name that a route takes: accepted, then answered
                          └─ a temporary name: kept aside ─ rename ─ accepted, then answered
the connection is cut: dropped
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from typing import NoReturn

from asyncssh import FXF_APPEND, FXF_CREAT, FXF_EXCL, FXF_TRUNC, SFTPError, SFTPFailure, SFTPNoSuchFile, SFTPPermissionDenied

from crossdock.core.blob import Blob
from crossdock.core.message import Receipt
from crossdock_connectors import names
from crossdock_connectors.sftp_server import NAME
from crossdock_connectors.sftp_server.accounts import Account, House, Inbox, Parts
from crossdock_connectors.sftp_server.answers import Entry, absent, megabytes, text
from crossdock_connectors.sftp_server.spool import Overflow, Spool

log = logging.getLogger(__name__)

MOST_FILES = 128
"""Files that a session may have open or kept aside."""
MOST_SPOOLED = 4
"""Times `max_file_size` that a session may have in the spool."""
LISTED_FOR = 600.0
"""Seconds for which an accepted file is still listed with its size, because clients look."""
MOST_LISTED = 256


@dataclass(slots=True)
class Upload:
    """An open file on its way in. `refusal` says why it can't be taken any more."""

    path: Parts
    spool: Spool
    appends: bool = False
    refusal: str = ""


class Inbound:
    """A partner's inbound folders, as one session sees them."""

    def __init__(self, house: House, account: Account, address: str) -> None:
        self._house = house
        self._account = account
        self._address = address
        self._open: list[Upload] = []
        self._aside: dict[Parts, Spool] = {}
        self._accepted: dict[Parts, Entry] = {}

    def start(self, path: Parts, flags: int) -> Upload:
        """Open an upload; raises what the client is to be told."""
        self._check_name(path)
        known = path in self._aside or path in self._listed()
        if known and flags & FXF_EXCL:
            raise SFTPFailure(f"{text(path)} is there already")
        if not known and not flags & FXF_CREAT:
            raise absent(path)
        if path in self._accepted and not flags & FXF_TRUNC:
            raise SFTPPermissionDenied(f"{text(path)} was received already and can't be changed; put the whole file again")
        if len(self._open) + len(self._aside) >= MOST_FILES:
            raise SFTPFailure(f"at most {MOST_FILES} files can be open or waiting to be renamed in a session")
        kept = None if flags & FXF_TRUNC else self._aside.pop(path, None)
        upload = Upload(path, kept or self._spool(), appends=bool(flags & FXF_APPEND))
        self._open.append(upload)
        return upload

    def write(self, upload: Upload, offset: int, data: bytes) -> None:
        """Keep a piece; what can't be kept refuses the upload for good."""
        if upload.refusal:
            raise SFTPFailure(upload.refusal)
        offset = upload.spool.size if upload.appends else offset
        self._check_room(upload, offset + len(data))
        try:
            upload.spool.write(offset, data)
        except Overflow:
            self._refuse(upload, f"{text(upload.path)} is larger than the {megabytes(self._limit)} that are taken")
        except OSError as error:
            log.error("the spool %s can't be written: %s", self._house.spool, error)
            self._refuse(upload, "there is no room for the file now; put it again later")

    async def finish(self, upload: Upload) -> None:
        """Take a whole upload, or put it aside; return when the client may be told that it is safe."""
        self._open.remove(upload)
        route = self._route(upload.path)
        try:
            self._check_whole(upload)
            if route is not None:
                await self._take(upload.path, upload.spool, route)
        except BaseException:
            upload.spool.close()
            raise
        if route is not None:
            upload.spool.close()
        else:
            self._put_aside(upload.path, upload.spool)

    def abandon(self, upload: Upload) -> None:
        """Drop an upload whose connection was cut."""
        self._open.remove(upload)
        upload.spool.close()
        log.warning("partner %s was cut off while it put %s; nothing of it is kept", self._account.partner, text(upload.path))

    def truncate(self, upload: Upload, size: int) -> None:
        """Cut an open upload to a size."""
        if size > upload.spool.size:
            raise SFTPFailure("a file can't be made longer without its bytes")
        upload.spool.truncate(size)

    async def rename(self, old: Parts, new: Parts, *, replace: bool) -> None:
        """Give a file that is kept aside another name; where a route takes that, return when it is accepted."""
        if old in self._listed():
            raise SFTPPermissionDenied(f"{text(old)} was received already and can't be renamed")
        if old not in self._aside:
            raise absent(old)
        self._check_name(new)
        if new in self._aside and old != new and not replace:
            raise SFTPFailure(f"{text(new)} is there already")
        if (route := self._route(new)) is not None:
            await self._take(new, self._aside[old], route)
            self._aside.pop(old).close()
        elif old != new:
            self._put_aside(new, self._aside.pop(old))

    def remove(self, path: Parts) -> None:
        """Drop a file that is kept aside. What was received already can't be taken back."""
        if path in self._aside:
            self._aside.pop(path).close()
        elif self._accepted.pop(path, None) is not None:
            raise SFTPNoSuchFile(f"{text(path)} was received already and is no longer here")
        else:
            raise absent(path)

    def entry(self, path: Parts) -> Entry:
        """Return a file's entry; raises where there is none."""
        found = self._visible().get(path)
        if found is None:
            raise absent(path)
        return found

    def entries(self, folder: Parts) -> list[Entry]:
        """Return the files that are kept aside in a folder, and those accepted a short while ago."""
        return [entry for path, entry in self._visible().items() if path[:-1] == folder]

    def leave(self) -> None:
        """End the session: what is aside is dropped."""
        for path, spool in self._aside.items():
            message = "partner %s left without giving %s its final name; its %d bytes are dropped"
            log.warning(message, self._account.partner, text(path), spool.size)
            spool.close()
        self._aside.clear()

    @property
    def _limit(self) -> int:
        return self._house.settings.max_file_size

    def _spool(self) -> Spool:
        return Spool(self._house.spool, self._limit)

    def _check_room(self, upload: Upload, end: int) -> None:
        spools = [*(other.spool for other in self._open), *self._aside.values()]
        if sum(spool.size for spool in spools if spool is not upload.spool) + end > MOST_SPOOLED * self._limit:
            self._refuse(upload, "too much is open or waiting to be renamed in this session; finish other files first")

    def _refuse(self, upload: Upload, reason: str) -> NoReturn:
        """Refuse an upload from now on, its close included, and free what it took."""
        log.warning("partner %s: %s", self._account.partner, reason)
        upload.refusal = reason
        upload.spool.close()
        raise SFTPFailure(reason)

    def _check_whole(self, upload: Upload) -> None:
        if upload.refusal:
            raise SFTPFailure(upload.refusal)
        if not upload.spool.whole:
            raise SFTPFailure(f"{text(upload.path)} has a gap: bytes in the middle were never sent; put it again")

    async def _take(self, path: Parts, spool: Spool, route: str) -> None:
        """Hand a whole file in; return when it is durable."""
        data, digest = await asyncio.to_thread(_content, spool) if spool.large else _content(spool)
        accepted = await self._house.intake.accept(self._receipt(path, data, digest, route))
        copy = ", a copy of one that was here before" if accepted.duplicate else ""
        message = "partner %s: %s (%d bytes) is message %s%s"
        log.info(message, self._account.partner, text(path), len(data), accepted.message_id, copy)
        self._accepted[path] = Entry(path[-1], len(data), self._now())
        while len(self._accepted) > MOST_LISTED:
            del self._accepted[next(iter(self._accepted))]

    def _receipt(self, path: Parts, data: bytes | Blob, digest: str, route: str) -> Receipt:
        name, folder = path[-1], "/".join(path[:-1])
        return Receipt(
            route=route,
            data=data,
            source=f"{NAME}:{self._account.partner}/{folder}",
            partner=self._account.partner,
            name=name,
            headers={"file_name": name, "directory": folder, "remote_address": self._address},
            dedupe_key=f"{name}:{digest}",
        )

    def _put_aside(self, path: Parts, spool: Spool) -> None:
        if path in self._aside:
            self._aside.pop(path).close()
        self._aside[path] = spool

    def _visible(self) -> dict[Parts, Entry]:
        now = self._now()
        return {**self._listed(), **{path: Entry(path[-1], spool.size, now) for path, spool in self._aside.items()}}

    def _listed(self) -> dict[Parts, Entry]:
        oldest = self._now() - LISTED_FOR
        self._accepted = {path: entry for path, entry in self._accepted.items() if entry.modified >= oldest}
        return self._accepted

    def _check_name(self, path: Parts) -> None:
        """Refuse a place or a name that nothing is taken by."""
        inboxes = [inbox for inbox in self._account.inboxes if inbox.directory == path[:-1]]
        if not inboxes:
            raise self._elsewhere(path)
        if fault := names.fault(path[-1]):
            raise SFTPFailure(f"{fault}; choose another")
        if self._route(path) is None and not self._is_temporary(path[-1]):
            raise SFTPPermissionDenied(f"'{path[-1]}' is not taken in {text(path[:-1])}: names there are {_patterns(inboxes)}")

    def _elsewhere(self, path: Parts) -> SFTPError:
        into = sorted({text(inbox.directory) for inbox in self._account.inboxes})
        advice = f"; put them into {' or '.join(into)}" if into else ""
        return SFTPPermissionDenied(f"files can't be put into {text(path[:-1])}{advice}")

    def _route(self, path: Parts) -> str | None:
        """Return the route that takes a file of this name; None where none does, or the name is temporary."""
        if self._is_temporary(path[-1]):
            return None
        taking = (inbox for inbox in self._account.inboxes if inbox.directory == path[:-1])
        return next((inbox.route for inbox in taking if names.matches(inbox.pattern, path[-1])), None)

    def _is_temporary(self, name: str) -> bool:
        return any(names.matches(pattern, name) for pattern in self._house.settings.temporary)

    def _now(self) -> float:
        return self._house.services.clock.now()


def _content(spool: Spool) -> tuple[bytes | Blob, str]:
    data = spool.content()
    digest = hashlib.sha256()
    for piece in data.pieces() if isinstance(data, Blob) else (data,):
        digest.update(piece)
    return data, digest.hexdigest()


def _patterns(inboxes: list[Inbox]) -> str:
    return ", ".join(inbox.pattern for inbox in inboxes)
