"""`sftp_server`: an SFTP server in which each partner sees its own folders, and nothing of this machine's disk.

    endpoints:
      sftp_server:
        sftp_server: { port: 2222 }
    from:
      sftp_server: { partner: acme, directory: inbound, match: "*.edi" }
    to:
      - partner: acme                         # put into the partner's pickup folder
    channels:                                 # in config/partners/acme.yaml
      sftp_server: { user: acme, password: "${secret:ACME_SFTP_PASSWORD}", pickup: outbound }

What a partner may rely on:
- When the close of an upload (or the rename to its final name) is answered with OK, the document is in the journal. Where it is
  answered with a failure, or with nothing, it is to be sent again: the same bytes under the same name are the same document, so
  sending again is safe. A document that shall count twice takes another name.
- A cut connection leaves nothing behind. A client that closes the handle itself after an interruption (as OpenSSH's `put` does on
  Ctrl-C) can't be told from one that is done: to put `x.edi.tmp` and rename it to `x.edi` is the safe way, and works.
- A name that no route takes is refused when it is opened, so that nothing is ever taken and then dropped in silence.

The parts: `accounts` (who may come in), `listener` (SSH), `protocol` (the seam to the library), `visit` (what a
session sees), `inbound` and `outbound` (its folders), `spool` (an upload on its way), `pickup` (the sink).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator, model_validator

from crossdock.core.ports import Services
from crossdock.core.spec import Binding, ConnectorSpec, NoOptions, Options
from crossdock.core.units import Duration, Size
from crossdock_connectors import names
from crossdock_connectors.ssh_keys import public_key

if TYPE_CHECKING:
    from crossdock_connectors.sftp_server.listener import SftpListener
    from crossdock_connectors.sftp_server.pickup import PickupSink

NAME = "sftp_server"

TEMPORARY = ("*.tmp", "*.temp", "*.part", "*.partial", "*.filepart", "*.upload", "*.uploading", "*~", "~*", ".*")
"""Names under which clients upload what they will rename when it is whole (WinSCP: `.filepart`)."""


class SftpServerSettings(Options):
    """The listener."""

    host: str = Field("127.0.0.1", description="the address to listen on; 0.0.0.0 for all")
    port: int = Field(2222, ge=0, le=65535, description="the port to listen on; 0 lets the system choose")
    host_key: str = Field("ssh_host_key", min_length=1, description="the private key's file; made once, and kept")
    max_file_size: Size = Field(100 * 1024**2, description="a larger upload is refused while it is written", examples=["100MB"])
    max_connections: int = Field(200, ge=1, description="connections at the same time, of all partners")
    max_per_partner: int = Field(20, ge=1, description="connections at the same time, of one partner")
    login_timeout: Duration = Field(30.0, description="how long a client may take to log in", examples=["30s"])
    idle_timeout: Duration = Field(900.0, description="a client that asks nothing for so long is cut off", examples=["15m"])
    temporary: tuple[str, ...] = Field(
        TEMPORARY, description="names of uploads that are kept aside until they are renamed; they win over `match`"
    )


class SftpServerSource(Options):
    """What a route takes: the files of one partner, in one directory, by name."""

    partner: str = Field(description="the partner that puts the files")
    directory: str = Field("inbound", description="the directory that the partner sees")
    match: str = Field("*", min_length=1, description="names that the route takes, such as *.edi; case is no difference")

    @field_validator("directory")
    @classmethod
    def _clean(cls, value: str) -> str:
        return names.directory(value)


class SftpServerChannel(Options):
    """A partner's account."""

    user: str = Field("", description="the user name; the partner's own name where it is left out")
    password: str = Field("", repr=False, description="`${secret:NAME}`")
    authorized_keys: tuple[str, ...] = Field((), description="public keys, each as a line `ssh-ed25519 AAAA... comment`")
    pickup: str = Field("outbound", description="the directory in which the partner finds what we have for it")

    @field_validator("pickup")
    @classmethod
    def _clean(cls, value: str) -> str:
        return names.directory(value)

    @field_validator("authorized_keys")
    @classmethod
    def _keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for line in value:
            public_key(line)
        return value

    @model_validator(mode="after")
    def _some_credential(self) -> SftpServerChannel:
        if not self.password and not self.authorized_keys:
            raise ValueError("say `password` or `authorized_keys`: without one nobody can log in")
        return self


def build_source(settings: Any, bindings: Sequence[Binding], services: Services) -> SftpListener:
    """Return the listener; raises Misconfigured with every problem of the bindings and the partners' channels."""
    from crossdock_connectors.sftp_server.listener import SftpListener

    return SftpListener(settings, bindings, services)


def build_target(settings: Any, services: Services) -> PickupSink:
    """Return the sink that puts documents into partners' pickup folders."""
    from crossdock_connectors.sftp_server.pickup import PickupSink

    return PickupSink(settings, services)


SPEC = ConnectorSpec(
    name=NAME,
    summary="An SFTP server for partners: uploads are durable before they are answered, documents wait in a pickup folder",
    example='sftp_server: { partner: acme, directory: inbound, match: "*.edi" }',
    settings=SftpServerSettings,
    source_options=SftpServerSource,
    source=build_source,
    target_options=NoOptions,
    target=build_target,
    channel=SftpServerChannel,
)
