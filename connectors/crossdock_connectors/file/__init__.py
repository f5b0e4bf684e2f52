"""`file`: collects files from a directory of this machine, and writes files into one.

    endpoints:
      drop:
        file: { poll: 5s }
    from:
      drop: { directory: /srv/wms/out, match: "*.xml", after: move, archive: /srv/wms/done }
    to:
      - drop: { directory: /srv/wms/in }

A file is written whole or not at all: under a hidden name (`.*.part`; a kill may leave it), synced, then given its name.
Relative directories are below the project. Links are not followed. What both directions need of the disk is in `directory`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from crossdock.core.errors import Refused
from crossdock.core.message import dump_json, load_body
from crossdock.core.ports import Dispatch, Reply, Services
from crossdock.core.spec import Binding, ConnectorSpec, Options
from crossdock_connectors import names
from crossdock_connectors.file.directory import Directory, content_of, existing, place
from crossdock_connectors.polling import Collection, Poller, PollSettings, Watch, check_partners

FETCH = "fetch"
"""The operation that reads a file instead of writing one (`poll_enrich`)."""


class FileSettings(PollSettings):
    """How often directories are looked at, and how large files may be."""


class FileSource(Collection):
    """What a route collects."""


class FileTarget(Options):
    """Where a route's documents are written."""

    SHORTHAND = "directory"

    directory: str = Field(min_length=1, description="the directory to write into; it must exist")
    exists: Literal["refuse", "overwrite"] = Field("refuse", description="what to do where another document has that name")


class FileSink:
    """Writes files, each whole or not at all. A document is known again by its name and content."""

    knows_keys = False

    def __init__(self, base: Path) -> None:
        self._base = base

    async def send(self, dispatch: Dispatch) -> Reply:
        """Write a file, or read one where the operation is `fetch`.

        Raises Refused where another document has its name, or there is none to fetch; Retryable where the disk is full.
        """
        if dispatch.operation == FETCH:
            return await asyncio.to_thread(self._fetched, dispatch)
        path, data = self._path(dispatch), _data(dispatch)
        overwrite = dispatch.options.exists == "overwrite"
        was_there = await asyncio.to_thread(place, path, data, overwrite=overwrite)
        return Reply(reference=str(path), note="the same file was there already" if was_there else "")

    def _fetched(self, dispatch: Dispatch) -> Reply:
        """Return a file's content: JSON as data, anything else as text."""
        path = self._path(dispatch)
        data = content_of(path)
        if data is None:
            raise Refused(f"there is no file {path.name} to fetch", code="no_file", where=str(path.parent))
        try:
            return Reply(reference=str(path), body=load_body(data) if path.suffix == ".json" else data.decode())
        except ValueError as error:
            raise Refused(f"{path.name} can't be read: {error}", code="unreadable", where=str(path.parent)) from None

    async def find(self, dispatch: Dispatch) -> Reply | None:
        """Return a reply where a file of this name and content is there."""
        path = self._path(dispatch)
        same = await asyncio.to_thread(content_of, path) == _data(dispatch)
        return Reply(reference=str(path)) if same else None

    async def check(self) -> str:
        """Say where relative directories are."""
        await asyncio.to_thread(existing, self._base)
        return f"directories are below {self._base}"

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _path(self, dispatch: Dispatch) -> Path:
        if not isinstance(dispatch.options, FileTarget):
            raise Refused("this delivery doesn't say into which directory", advice="write `directory` in the route's `to`")
        return self._base / dispatch.options.directory / names.safe(dispatch.name, names.safe(dispatch.delivery_id, "document"))


def _data(dispatch: Dispatch) -> bytes:
    return dispatch.body if isinstance(dispatch.body, bytes) else dump_json(dispatch.body)


def _source(settings: Any, bindings: Sequence[Binding], services: Services) -> Poller:
    check_partners(bindings, services)
    return Poller(
        [
            Watch(binding, Directory(services.base / binding.options.directory, services.base), settings, services.lease)
            for binding in bindings
        ]
    )


def _target(settings: Any, services: Services) -> FileSink:  # noqa: ARG001 - every target is built with its settings
    return FileSink(services.base)


SPEC = ConnectorSpec(
    name="file",
    summary="Collects files from a directory of this machine, and writes files into one, each whole or not at all",
    example='drop: { directory: /srv/wms/out, match: "*.xml", after: move, archive: /srv/wms/done }',
    settings=FileSettings,
    source_options=FileSource,
    source=_source,
    target_options=FileTarget,
    target=_target,
)
