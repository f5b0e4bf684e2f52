"""`sftp`: collects files from a partner's SFTP server, and puts files there.

    endpoints:
      acme-edi:
        sftp:
          host: edi.acme.example
          user: distributor
          key_file: keys/acme
          known_host: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI...
    from:
      acme-edi: { directory: /out, match: "*.edi", partner: acme, after: delete }
    to:
      - acme-edi: { directory: /in }

The server's host key is pinned: a server that shows another one gets no password and no document. A document goes up under a
hidden name and gets its own when it is whole; by that name and its content it is known again. Should the answer to the rename be
lost and the partner have taken the document away before we look, it is put once more: the same bytes under the same name.

The parts: `client` (connections and what their errors mean), `folder` (collecting), `sink` (putting), `polling`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator, model_validator

from crossdock.core.ports import Services
from crossdock.core.spec import Binding, ConnectorSpec, Options
from crossdock.core.units import Duration
from crossdock_connectors import ssh_keys
from crossdock_connectors.polling import Collection, Poller, PollSettings, Watch, check_partners

if TYPE_CHECKING:
    from crossdock_connectors.sftp.sink import SftpSink


class SftpSettings(PollSettings):
    """The partner's server, and how we log in there."""

    ADDRESS = ("host", "port", "user")
    host: str = Field(min_length=1, description="the server's name or address")
    port: int = Field(22, ge=1, le=65535, description="its port")
    user: str = Field(min_length=1, description="our user name there")
    password: str = Field("", repr=False, description="`${secret:NAME}`")
    key_file: str = Field("", description="our private key's file, relative to the project")
    passphrase: str = Field("", repr=False, description="the private key's passphrase, `${secret:NAME}`")
    known_host: str = Field(description="the server's public key, or its fingerprint `SHA256:...`; `ssh-keyscan HOST` shows it")
    timeout: Duration = Field(20.0, description="how long connecting and logging in may take", examples=["20s"])

    @field_validator("known_host")
    @classmethod
    def _pinned(cls, value: str) -> str:
        return ssh_keys.pinned(value)

    @model_validator(mode="after")
    def _some_credential(self) -> SftpSettings:
        if not self.password and not self.key_file:
            raise ValueError("say `password` or `key_file`")
        return self


class SftpSource(Collection):
    """What a route collects."""


class SftpTarget(Options):
    """Where a route's documents are put."""

    SHORTHAND = "directory"

    directory: str = Field(".", min_length=1, description="the directory on the server; `.` is where a login starts")
    exists: Literal["refuse", "overwrite"] = Field("refuse", description="what to do where another document has that name")


def _source(settings: Any, bindings: Sequence[Binding], services: Services) -> Poller:
    from crossdock_connectors.sftp.client import Server
    from crossdock_connectors.sftp.folder import RemoteFolder

    check_partners(bindings, services)
    server = Server(settings, services.base)
    return Poller(
        [Watch(binding, RemoteFolder(server, binding.options.directory), settings, services.lease) for binding in bindings]
    )


def _target(settings: Any, services: Services) -> SftpSink:
    from crossdock_connectors.sftp.client import Server
    from crossdock_connectors.sftp.sink import SftpSink

    return SftpSink(Server(settings, services.base))


SPEC = ConnectorSpec(
    name="sftp",
    summary="Collects files from a partner's SFTP server and puts files there, its host key pinned",
    example='acme-edi: { directory: /out, match: "*.edi", partner: acme, after: delete }',
    settings=SftpSettings,
    source_options=SftpSource,
    source=_source,
    target_options=SftpTarget,
    target=_target,
)
