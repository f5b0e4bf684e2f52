"""A compiled release: the immutable whole of a project's YAML, under the hash of its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.core.clock import Clock, SystemClock
from crossdock.core.errors import Place, Problem
from crossdock.core.partner import Partner
from crossdock.core.policy import Policy
from crossdock.core.program import Program
from crossdock.core.spec import Binding, ConnectorSpec, Resource
from crossdock_config.footing import Footing
from crossdock_config.meaning import Meaning
from crossdock_config.models import EnvironmentFile
from crossdock_config.standing import Entry


@dataclass(frozen=True)
class RouteInfo:
    """What a route says of itself; `source` is `{"event": type}` or `{"endpoint": ..., "connector": ..., "options": ...}`."""

    name: str
    description: str
    owner: str
    domain: str
    lifecycle: str
    place: Place
    source: Mapping[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of the environment: its connector and validated settings."""

    name: str
    spec: ConnectorSpec
    settings: Any
    place: Place


@dataclass(frozen=True)
class Release:
    """A compiled project. `files` (path to text) are all that is needed to compile it again; secrets are not in them."""

    id: str
    environment: EnvironmentFile
    programs: Mapping[str, Program]
    routes: Mapping[str, RouteInfo]
    partners: Mapping[str, Partner]
    endpoints: Mapping[str, Endpoint]
    bindings: Mapping[str, tuple[Binding, ...]]
    subscriptions: Mapping[str, tuple[str, ...]]
    policy_sets: Mapping[str, tuple[Policy, ...]]
    files: Mapping[str, str] = field(repr=False)
    meaning: Meaning = field(default_factory=Meaning, repr=False)
    tests: tuple[Resource, ...] = ()
    clock: Clock = field(default_factory=SystemClock, repr=False, compare=False)
    footing: Footing = field(default_factory=Footing, repr=False, compare=False)


@dataclass(frozen=True)
class Loaded:
    """What came of reading a project: problems, all of them, the release where none is an error, and the catalogue even so.

    `uncompared` are endpoints and channels of the environment whose addresses nobody knows here, so that they can't be compared
    with production's. `meaning` is what the files say, as far as they could be read.
    """

    problems: tuple[Problem, ...]
    release: Release | None
    files: int
    catalogue: tuple[Entry, ...] = ()
    uncompared: tuple[str, ...] = ()
    meaning: Meaning = field(default_factory=Meaning, repr=False)
