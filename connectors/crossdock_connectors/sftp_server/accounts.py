"""Who may come in to the SFTP server, and what each partner's folders are."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossdock.core.errors import Misconfigured, Place, Problem
from crossdock.core.partner import Partner
from crossdock.core.ports import Intake, Services
from crossdock.core.spec import Binding
from crossdock.core.words import nearest
from crossdock_connectors import names
from crossdock_connectors.sftp_server import NAME, SftpServerChannel, SftpServerSettings
from crossdock_connectors.ssh_keys import public_key

Parts = tuple[str, ...]
"""A path below the partner's root: `("inbound", "po.edi")`."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """A directory of which one route takes the files that fit a pattern."""

    directory: Parts
    pattern: str
    route: str


@dataclass(frozen=True, slots=True)
class Account:
    """A partner's account: its credentials and its folders. `inboxes` are in the order in which they are tried."""

    partner: str
    user: str
    password: bytes
    keys: tuple[bytes, ...]
    pickup: Parts
    inboxes: tuple[Inbox, ...]

    def knows_password(self, password: str) -> bool:
        """Compare in constant time; no password means that none is right."""
        return hmac.compare_digest(_digest(password), self.password) and self.password != _NONE

    @property
    def folders(self) -> frozenset[Parts]:
        """The folders that the partner sees, the root `()` among them."""
        ends = [self.pickup, *(inbox.directory for inbox in self.inboxes)]
        return frozenset(end[:depth] for end in ends for depth in range(len(end) + 1))

    def knows_key(self, blob: bytes) -> bool:
        """Whether a public key, as SSH sends it, is one of the account's."""
        return sum(hmac.compare_digest(blob, key) for key in self.keys) > 0


@dataclass(frozen=True, slots=True)
class House:
    """What all visits share. `spool` is the folder of large uploads on their way."""

    settings: SftpServerSettings
    services: Services
    intake: Intake
    spool: Path


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "surrogateescape")).digest()


_NONE = _digest("")
NOBODY = Account("", "", _NONE, (), (), ())
"""The account of unknown users: nothing is right, and to find that out takes as long as for a known one."""


def accounts(partners: Mapping[str, Partner], bindings: Sequence[Binding]) -> dict[str, Account]:
    """Return the accounts by user name; raises Misconfigured with every problem."""
    problems = [*_unknown(partners, bindings), *_hidden(bindings), *_mixed(partners, bindings), *_doubles(partners)]
    if problems:
        raise Misconfigured("the SFTP server can't start", code="sftp_server", problems=problems)
    inboxes: dict[str, list[Inbox]] = defaultdict(list)
    for binding in bindings:
        options = binding.options
        inboxes[options.partner].append(Inbox(tuple(options.directory.split("/")), options.match, binding.route))
    return {account.user: account for account in _all(partners, inboxes)}


def _channels(partners: Mapping[str, Partner]) -> Iterator[tuple[str, SftpServerChannel]]:
    for name, partner in partners.items():
        if NAME in partner.channels:
            yield name, partner.channels[NAME]


def _all(partners: Mapping[str, Partner], inboxes: Mapping[str, Iterable[Inbox]]) -> Iterator[Account]:
    for name, channel in _channels(partners):
        yield Account(
            partner=name,
            user=channel.user or name,
            password=_digest(channel.password),
            keys=tuple(public_key(line) for line in channel.authorized_keys),
            pickup=tuple(channel.pickup.split("/")),
            inboxes=tuple(inboxes.get(name, ())),
        )


def _unknown(partners: Mapping[str, Partner], bindings: Sequence[Binding]) -> Iterator[Problem]:
    for binding in bindings:
        name = binding.options.partner
        if name not in partners:
            yield Problem.at(binding.place, f"unknown partner '{name}'{nearest(name, partners)}")
        elif NAME not in partners[name].channels:
            yield Problem.at(
                binding.place, f"partner '{name}' has no account here: write `channels: {{{NAME}: ...}}` in its file"
            )


def _hidden(bindings: Sequence[Binding]) -> Iterator[Problem]:
    """Yield the bindings that never get a file, because an earlier one takes all that they match."""
    for index, later in enumerate(bindings):
        for earlier in bindings[:index]:
            if _same_folder(earlier, later) and _covers(earlier.options.match, later.options.match):
                message = (
                    f"route '{earlier.route}' takes '{earlier.options.match}' there already; this one would never get a file"
                )
                yield Problem.at(later.place, message)
                break


def _same_folder(one: Binding, other: Binding) -> bool:
    return (one.options.partner, one.options.directory) == (other.options.partner, other.options.directory)


def _covers(earlier: str, later: str) -> bool:
    return earlier == "*" or earlier.lower() == later.lower() or ("*" not in later and names.matches(earlier, later))


def _mixed(partners: Mapping[str, Partner], bindings: Sequence[Binding]) -> Iterator[Problem]:
    for binding in bindings:
        partner = partners.get(binding.options.partner)
        channel = partner.channels.get(NAME) if partner else None
        if channel is not None and channel.pickup == binding.options.directory:
            yield Problem.at(
                binding.place, f"'{channel.pickup}' is the partner's pickup folder; take files from another directory"
            )


def _doubles(partners: Mapping[str, Partner]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, channel in _channels(partners):
        user = channel.user or name
        if user in owners:
            place = Place(f"config/partners/{name}.yaml")
            yield Problem.at(place, f"user '{user}' of {NAME} is partner '{owners[user]}' already; give each its own")
        owners.setdefault(user, name)
