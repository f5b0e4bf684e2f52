"""The catalogue of a project's routes and schemas, as `crossdock list` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from crossdock import boot
from crossdock.cli.output import say_json, table
from crossdock.cli.session import NotFound

if TYPE_CHECKING:
    from crossdock_config.standing import Entry


@dataclass(frozen=True)
class Filter:
    """What is asked for; what is empty takes any."""

    name: str = ""
    owner: str = ""
    domain: str = ""
    lifecycle: str = ""

    def takes(self, entry: Entry) -> bool:
        """Say whether an entry is asked for."""
        standing = entry.standing
        found = {"name": entry.name, "owner": standing.owner, "domain": standing.domain, "lifecycle": standing.lifecycle}
        return all(getattr(self, field) in ("", value) for field, value in found.items())


def show(settings: Mapping[str, Any], kind: str, wanted: Filter, machine: bool) -> None:
    """Print the routes or schemas that are asked for, or one whole; what is wrong with the project, `check` says."""
    entries = [one for one in boot.check(settings["root"], settings["environment"]).catalogue if f"{one.kind}s" == kind]
    found = [entry for entry in entries if wanted.takes(entry)]
    if wanted.name and not found:
        known = ", ".join(entry.name for entry in entries)
        raise NotFound(f"there is no {kind[:-1]} {wanted.name} like that; there is {known or 'none'}")
    if machine:
        say_json([_plain(entry) for entry in found])
    elif wanted.name:
        for label, value in _plain(found[0]).items():
            click.echo(f"{label:<14}{', '.join(value) if isinstance(value, list) else value}".rstrip())
    else:
        rows = (
            (one.name, one.standing.domain, one.standing.lifecycle, _until(one), one.standing.owner, len(one.users))
            for one in found
        )
        table(("name", "domain", "lifecycle", "until", "owner", "uses"), rows, f"there are no such {kind}")


def _until(entry: Entry) -> str:
    standing = entry.standing
    return " -> ".join(part for part in (str(standing.sunset_on or ""), standing.successor) if part)


def _plain(entry: Entry) -> dict[str, Any]:
    standing = {
        name: "" if value is None else str(value) for name, value in entry.standing if name in type(entry.standing).model_fields
    }
    wanted = ("owner", "domain", "lifecycle", "created_on", "deprecated_on", "sunset_on", "successor")
    return {
        "name": entry.name,
        "description": entry.description,
        **{name: standing[name] for name in wanted},
        "receives": entry.receives,
        "file": entry.place.path,
        "used_by": [place.short for place in entry.users],
    }
