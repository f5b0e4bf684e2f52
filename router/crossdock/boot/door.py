"""The door of the control API: knows people by their tokens, and opens the office for them by today's rules."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crossdock.boot.switch import Switch
from crossdock.core.access import Actor, Rules
from crossdock.core.office import Office
from crossdock.runtime.control.problems import Unauthorized
from crossdock.runtime.guard import Guard
from crossdock.runtime.office import LocalOffice

if TYPE_CHECKING:
    from crossdock.boot.house import House
    from crossdock.runtime.control.sign_on import SignOn
    from crossdock.runtime.journal import OpenJournal
    from crossdock.runtime.releases import Releases
    from crossdock_config.models import Oidc

log = logging.getLogger(__name__)

FRESH = 1.0
"""Seconds for which the rules' files are not looked at again."""


class Door:
    """`runtime.control.app.Doorman`."""

    def __init__(
        self, root: Path, environment: str, opened: OpenJournal, domains: Callable[[], Mapping[str, str]], sign_on: SignOn | None
    ) -> None:
        self._root = root
        self._environment = environment
        self._opened = opened
        self._domains = domains
        self._sign_on = sign_on
        self.rules = CurrentRules(root)

    def identify(self, token: str) -> Actor:
        """Return whose token it is; raises Unauthorized."""
        known = self._opened.tokens.verify(token)
        if known is None and self._sign_on is not None and token.count(".") == 2:
            known = self._sign_on.verify(token)
        if known is None:
            raise Unauthorized("this token is not known, has expired or was revoked", advice="`crossdock login`, or an API token")
        return known

    def office(self, actor: Actor) -> Office:
        """Return the office for somebody."""
        guard = Guard(actor, self._environment, self.rules.now(), self._domains)
        return LocalOffice(self._opened, guard, Switch(self._root, self._environment, self._opened))

    def login(self) -> Mapping[str, str]:
        """Return what `crossdock login` needs to know."""
        return self._sign_on.login() if self._sign_on else {}


@asynccontextmanager
async def control(house: House, releases: Releases) -> AsyncIterator[None]:
    """Serve the control API of an installation while the block runs, where its environment has one."""
    environment = house.release.environment
    if environment.control is None:
        yield
        return
    from crossdock.runtime.control.server import serve_control

    door = Door(house.root, environment.environment, house.opened, partial(_domains, releases), _sign_on(environment.oidc))
    if not door.rules.now().written:
        log.warning("'%s' has no rules of access: every token may do everything (config/access.yaml)", environment.environment)
    async with serve_control(environment.control, door, house.root):
        yield


def _domains(releases: Releases) -> Mapping[str, str]:
    return {name: route.domain for name, route in releases.active.routes.items()}


def _sign_on(settings: Oidc | None) -> SignOn | None:
    if settings is None:
        return None
    from crossdock.runtime.control.sign_on import SignOn

    return SignOn(settings)


class CurrentRules:
    """A project's rules as their files are now; broken ones raise Misconfigured, and so let nobody in."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = -FRESH
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._rules = Rules()

    def now(self) -> Rules:
        """Return the rules; raises Misconfigured."""
        import crossdock_config

        with self._lock:
            if self._clock() - self._looked < FRESH and self._seen is not None:
                return self._rules
            files = [(path, path.stat()) for path in crossdock_config.access_files(self._root)]
            seen = tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in files)
            if seen != self._seen:
                self._seen = None
                self._rules = crossdock_config.load_access(self._root)
                self._seen = seen
            self._looked = self._clock()
            return self._rules
