"""The office beside an environment's journal: who is asking, by which rules."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from crossdock.boot.switch import Switch
from crossdock.core.access import Actor, Denied
from crossdock.core.errors import Misconfigured
from crossdock.core.office import Office
from crossdock.runtime.guard import Guard
from crossdock.runtime.office import LocalOffice

if TYPE_CHECKING:
    from crossdock.runtime.control.sign_on import SignOn
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
    from crossdock.boot.logins import token_for_server
    from crossdock.runtime.control.client import RemoteOffice, Server

    yield RemoteOffice(Server(url, os.environ.get(TOKEN) or token_for_server(url)))


def login(root: Path, environment: str, server: str, say: Callable[[str, str], None]) -> str:
    """Sign on at the issuer of a server or an environment; return the issuer. Raises Denied, Misconfigured, Refused."""
    from crossdock.boot import logins
    from crossdock.runtime.control.client import Server

    sign_on = None if server else sign_on_of(root, environment)
    info = Server(server, "").get("/v1/login") if server else sign_on.login() if sign_on else {}
    if not info:
        raise Misconfigured(
            f"{server or environment} knows no sign-on", advice="write `oidc` into the environment's file (docs/access.md)"
        )
    logins.login(info, say, server)
    return str(info["issuer"])


def sign_on_of(root: Path, environment: str) -> SignOn | None:
    """Return an environment's sign-on, or None where it has none."""
    import crossdock_config

    settings = crossdock_config.load_environment(root, environment, crossdock_config.system_secrets(root)).oidc
    if settings is None:
        return None
    from crossdock.runtime.control.sign_on import SignOn

    return SignOn(settings)


def guard(root: Path, environment: str, opened: OpenJournal) -> Guard:
    """Return who runs this process, under the project's rules; raises Denied, Misconfigured."""
    import crossdock_config

    rules = crossdock_config.load_access(root)
    return Guard(actor(root, environment, opened), environment, rules, cache(partial(crossdock_config.route_domains, root)))


def actor(root: Path, environment: str, opened: OpenJournal) -> Actor:
    """Return who runs this process: whose token it has in CROSSDOCK_TOKEN, who is signed on, or the system's user."""
    given = os.environ.get(TOKEN, "")
    if not given:
        return _signed_on(root, environment) or os_user()
    sign_on = sign_on_of(root, environment) if given.count(".") == 2 else None
    known = sign_on.verify(given) if sign_on else opened.tokens.verify(given)
    if known is None:
        raise Denied(f"the token in {TOKEN} is not known in '{environment}', has expired or was revoked")
    return known


def _signed_on(root: Path, environment: str) -> Actor | None:
    """Return who is signed on at the environment's issuer; raises Denied where that has run out, and is nobody else instead."""
    from crossdock.boot.logins import signed_on, token_for

    if not signed_on():
        return None
    sign_on = sign_on_of(root, environment)
    token = token_for(sign_on.login()["issuer"]) if sign_on else ""
    return sign_on.verify(token) if sign_on and token else None


def os_user() -> Actor:
    """Return the user that the system runs us as: what LOGNAME and USER say is for anybody to choose."""
    number = os.getuid()
    try:
        return Actor(pwd.getpwuid(number).pw_name, "os")
    except KeyError:  # a container's user may have no name
        return Actor(f"uid-{number}", "os")
