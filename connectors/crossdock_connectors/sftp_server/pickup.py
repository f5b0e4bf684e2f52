"""The outbound side of the SFTP server: documents wait in the partner's pickup folder, which is a part of the journal."""

from __future__ import annotations

import asyncio

from crossdock.core.errors import Misconfigured, Retryable
from crossdock.core.message import dump_json
from crossdock.core.ports import Dispatch, Reply, Services
from crossdock.core.words import nearest
from crossdock_connectors import names
from crossdock_connectors.sftp_server import NAME, SftpServerChannel, SftpServerSettings


class PickupSink:
    """Puts documents into pickup folders, once per key."""

    knows_keys = True

    def __init__(self, settings: SftpServerSettings, services: Services) -> None:
        self._settings = settings
        self._services = services

    async def send(self, dispatch: Dispatch) -> Reply:
        """Put the document; raises Misconfigured where the partner has no account here."""
        directory = self._channel(dispatch.partner).pickup
        data = dispatch.body if isinstance(dispatch.body, bytes) else dump_json(dispatch.body)
        name = names.safe(dispatch.name, fallback=names.safe(dispatch.delivery_id, "document"))
        put = self._services.pickup.put
        name = await asyncio.to_thread(put, dispatch.partner, directory, name, data, dispatch.key or dispatch.delivery_id)
        return Reply(reference=f"{directory}/{name}")

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def check(self) -> str:
        """Ask the listener for its greeting; raises Retryable where nothing answers."""
        host = "127.0.0.1" if self._settings.host == "0.0.0.0" else self._settings.host  # noqa: S104 - where to ask, not to listen
        place = f"{host}:{self._settings.port}"
        try:
            async with asyncio.timeout(5):
                greeting = await _greeting(host, self._settings.port)
        except (OSError, TimeoutError) as error:
            raise Retryable(
                f"no SFTP server answers at {place}",
                advice="is `crossdock up`, or `crossdock gateway`, running?",
                detail=str(error),
            ) from error
        if not greeting.startswith("SSH-2.0-"):
            raise Retryable(f"another program answers at {place}", advice=f"`ss -ltnp 'sport = :{self._settings.port}'` names it")
        return f"an SFTP server answers at {place} ({greeting})"

    def _channel(self, partner: str) -> SftpServerChannel:
        found = self._services.partners.get(partner)
        channel = found.channels.get(NAME) if found else None
        if isinstance(channel, SftpServerChannel):
            return channel
        raise Misconfigured(
            f"partner '{partner}' has no pickup folder{nearest(partner, self._services.partners) if found is None else ''}",
            advice=f"write `channels: {{{NAME}: ...}}` in config/partners/{partner}.yaml",
        )


async def _greeting(host: str, port: int) -> str:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        return (await reader.readline()).decode("ascii", "replace").strip()
    finally:
        writer.close()
        await writer.wait_closed()
