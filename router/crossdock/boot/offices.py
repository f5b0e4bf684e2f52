"""The office beside an environment's journal: who is asking, by which rules."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from crossdock.boot.switch import Switch
from crossdock.core.access import Actor, Denied
from crossdock.core.office import Office
from crossdock.runtime.guard import Guard
from crossdock.runtime.office import LocalOffice

if TYPE_CHECKING:
    from crossdock.runtime.journal import OpenJournal

TOKEN = "CROSSDOCK_TOKEN"  # noqa: S105 - the variable's name
"""The environment variable with an API token, or a sign-on's."""


@contextmanager
def office(root: Path, environment: str) -> Iterator[Office]:
    """Open the journal and its office, for whoever runs this process."""
    from crossdock.boot.house import journal_of

    opened = journal_of(root, environment)
    try:
        yield LocalOffice(opened, guard(root, environment, opened), Switch(root, environment, opened))
    finally:
        opened.close()


@contextmanager
def remote(url: str) -> Iterator[Office]:
    """Open the office behind a server, with the token that this process was given."""
    from crossdock.runtime.control.client import RemoteOffice, Server

    yield RemoteOffice(Server(url, os.environ.get(TOKEN, "")))


def guard(root: Path, environment: str, opened: OpenJournal) -> Guard:
    """Return who runs this process, under the project's rules; raises Denied, Misconfigured."""
    import crossdock_config

    rules = crossdock_config.load_access(root)
    return Guard(actor(environment, opened), environment, rules, cache(partial(crossdock_config.route_domains, root)))


def actor(environment: str, opened: OpenJournal) -> Actor:
    """Return who runs this process: whose token it has in CROSSDOCK_TOKEN, who is signed on, or the system's user."""
    given = os.environ.get(TOKEN, "")
    if not given:
        return os_user()
    known = opened.tokens.verify(given)
    if known is None:
        raise Denied(f"the token in {TOKEN} is not known in '{environment}', has expired or was revoked")
    return known


def os_user() -> Actor:
    """Return the user that the system runs us as: what LOGNAME and USER say is for anybody to choose."""
    number = os.getuid()
    try:
        return Actor(pwd.getpwuid(number).pw_name, "os")
    except KeyError:  # a container's user may have no name
        return Actor(f"uid-{number}", "os")
