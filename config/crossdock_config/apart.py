"""Environments apart: no two share a journal, a broker or a state store, and none reaches what production reaches.

    environment ─┬─ journal, broker, state_store      no two environments have the same
                 ├─ endpoints: their settings' ADDRESS ┐
                 └─ partners' channels: their ADDRESS  ┴─ not the same as production's, unless `shared` says why

Addresses are compared as far as they are known: what is a secret, or comes from a variable without a default, is known only of
the environment that is compiled with its secrets. A journal remembers its environment besides (`runtime.journal.belonging`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crossdock.core.errors import Place, Problem
from crossdock.core.spec import ConnectorSpec, Options
from crossdock.core.words import nearest
from crossdock_config.models import EnvironmentFile
from crossdock_config.project import Project, part
from crossdock_config.secrets import PLACEHOLDER, SecretSource, resolved
from crossdock_config.variants import variant
from crossdock_config.yaml_source import Document

STORES = ("journal", "broker", "state_store")
"""What belongs to one environment alone."""
PORTS = {
    "http": 80,
    "https": 443,
    "postgresql": 5432,
    "postgres": 5432,
    "amqp": 5672,
    "amqps": 5671,
    "redis": 6379,
    "rediss": 6379,
}

SCHEMES = {"postgres": "postgresql", "http": "https", "amqps": "amqp", "rediss": "redis"}
"""What is the same place, reached another way."""


@dataclass(frozen=True)
class Reach:
    """Whom an endpoint (`erp`) or a partner's channel (`acme/as2`) reaches; without an address, that isn't known."""

    name: str
    what: str
    address: str
    place: Place


@dataclass(frozen=True)
class Realm:
    """An environment as far as it can be read, whatever is wrong in it."""

    name: str
    document: Document
    data: Mapping[str, Any]
    is_production: bool
    reaches: tuple[Reach, ...]

    @property
    def shared(self) -> Mapping[str, Any]:
        """What it says that it shares with production."""
        found = self.data.get("shared")
        return found if isinstance(found, dict) else {}


def keep_apart(project: Project, selected: str, secrets: SecretSource | None) -> tuple[str, ...]:
    """Say which environments share what they must not; `selected` is looked at with its secrets.

    Return what of it can't be compared with production's, because the one or the other isn't known here.
    """
    realms = list(realms_of(project, selected, secrets))
    _stores(project, realms)
    real = [reach for realm in realms if realm.is_production for reach in realm.reaches if reach.address]
    for realm in realms:
        if realm.is_production:
            for name in realm.shared:
                project.say(realm.document.key("shared", name), "this is production: others say what they share with it")
        else:
            _reaches(project, realm, real)
    return tuple(_uncompared(realms, selected))


def _uncompared(realms: Iterable[Realm], selected: str) -> Iterator[str]:
    own = next((realm for realm in realms if realm.name == selected and not realm.is_production), None)
    hidden = {reach.name for realm in realms if realm.is_production for reach in realm.reaches if not reach.address}
    for reach in own.reaches if own else ():
        if not any(realm.is_production for realm in realms) or (own and reach.name in own.shared):
            continue
        if not reach.address or reach.name in hidden:
            yield reach.name


def realms_of(project: Project, selected: str, secrets: SecretSource | None) -> Iterator[Realm]:
    """Yield every environment, production first."""
    found = []
    for name, document in project.documents.get("environment", {}).items():
        source = secrets if name == selected else None
        data = resolved(document, source, [])
        if isinstance(data, dict):
            reaches = (*_endpoints(project, document, data), *_channels(project, name, data, source))
            found.append(Realm(name, document, data, _is_production(name, data), reaches))
    yield from sorted(found, key=lambda realm: (not realm.is_production, realm.name))


def _is_production(name: str, data: Mapping[str, Any]) -> bool:
    said = data.get("production")
    return said if isinstance(said, bool) else name == "production"


def _stores(project: Project, realms: Iterable[Realm]) -> None:
    taken: dict[tuple[str, str], Realm] = {}
    for realm in realms:
        for store in STORES:
            url = realm.data.get(store, EnvironmentFile.model_fields[store].default)
            where = normal(url) if isinstance(url, str) else ""
            first = taken.setdefault((store, where), realm) if where else realm
            if first is not realm:
                words = store.replace("_", " ")
                message = (
                    f"environment '{realm.name}' has the same {words} as '{first.name}' ({where}): give each its own, as in "
                    f"`{store}: {_EXAMPLES[store].format(realm.name)}`"
                )
                project.say(realm.document.at(store), message, "shared")


_EXAMPLES = {
    "journal": "sqlite:///.crossdock/{}.db",
    "broker": "amqp://host/{}",
    "state_store": "redis://host/1",
}


def _reaches(project: Project, realm: Realm, real: Iterable[Reach]) -> None:
    production = {reach.address: reach for reach in reversed(list(real))}
    both = {reach.name: production[reach.address] for reach in realm.reaches if reach.address in production}
    for reach in realm.reaches:
        theirs = both.get(reach.name)
        if theirs is not None and reach.name not in realm.shared:
            there = f"{reach.address}, {theirs.place.short}"
            message = f"{reach.what} of environment '{realm.name}' reaches what production reaches ({there})"
            advice = f"give it another, or say why in {realm.document.path}: `shared: {{ {reach.name}: why }}`"
            project.say(reach.place, f"{message}: {advice}", "shared")
    known = {reach.name for reach in realm.reaches}
    for name in realm.shared:
        place = realm.document.key("shared", name)
        if name not in known:
            project.say(place, f"'{name}' reaches nothing here{nearest(name, known)}", "unknown")
        elif name not in both and all(reach.address for reach in realm.reaches if reach.name == name):
            warning = Problem(
                (place.path, place.line, place.column), f"'{name}' isn't shared with production", "shared", "warning"
            )
            project.problems.append(warning)


def _endpoints(project: Project, document: Document, data: Mapping[str, Any]) -> Iterator[Reach]:
    for name in part(document, "endpoints", dict):
        bound = data["endpoints"][name]
        if isinstance(bound, dict) and len(bound) == 1:
            connector, settings = next(iter(bound.items()))
            spec = project.registry.find("connectors", connector)
            if isinstance(spec, ConnectorSpec) and spec.settings.ADDRESS:
                address = _address(spec.settings, settings)
                yield Reach(name, f"endpoint '{name}'", address, document.key("endpoints", name))


def _channels(project: Project, environment: str, data: Mapping[str, Any], source: SecretSource | None) -> Iterator[Reach]:
    bound = data.get("endpoints")
    endpoints = bound if isinstance(bound, dict) else {}
    for partner, written in sorted(project.documents.get("partner", {}).items()):
        document = variant(written, environment)
        for name in part(document, "channels", dict):
            spec = _spec(project, name, endpoints.get(name))
            if spec is not None and spec.channel is not None and spec.channel.ADDRESS:
                settings = resolved(document, source, [])["channels"][name]
                what, place = f"channel '{name}' of partner '{partner}'", document.key("channels", name)
                yield Reach(f"{partner}/{name}", what, _address(spec.channel, settings), place)


def _spec(project: Project, name: str, bound: Any) -> ConnectorSpec | None:
    connector = next(iter(bound)) if isinstance(bound, dict) and len(bound) == 1 else name
    spec = project.registry.find("connectors", connector)
    return spec if isinstance(spec, ConnectorSpec) else None


def _address(model: type[Options], settings: Any) -> str:
    """Return the address that settings say, or nothing where a part of it isn't known."""
    if model.SHORTHAND and settings is not None and not isinstance(settings, dict):
        settings = {model.SHORTHAND: settings}
    given = settings if isinstance(settings, dict) else {}
    values = [given.get(name, model.model_fields[name].get_default()) for name in model.ADDRESS]
    parts = [normal(str(value)) for value in values if isinstance(value, str | int)]
    return " ".join(parts) if len(parts) == len(values) and all(parts) else ""


def normal(text: str) -> str:
    """Return an address as it compares: no password, query or default port, host in small letters; empty where it isn't known."""
    if PLACEHOLDER in text:
        return ""
    if text.startswith("sqlite:///"):
        return "sqlite:///" + text.removeprefix("sqlite:///").removeprefix("./")
    if "://" not in text:
        return text.strip().lower()
    try:
        url = urlsplit(text)
        port = f":{url.port}" if url.port not in (None, PORTS.get(url.scheme)) else ""
    except ValueError:
        return ""
    if url.scheme == "memory":
        return ""
    scheme = SCHEMES.get(url.scheme, url.scheme)
    return f"{scheme}://{(url.hostname or '').rstrip('.')}{port}{url.path.rstrip('/')}"
