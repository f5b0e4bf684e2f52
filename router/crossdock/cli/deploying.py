"""What commands say of a deployment that they made, and of the processes as they take it up."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.output import instant, say_json
from crossdock.core.deployment import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crossdock.boot.deployments import Made
    from crossdock.core.office import Office
    from crossdock.runtime.journal import OpenJournal

    Look = Callable[[], Iterable[Mapping[str, Any]]]


def say_made(opened: OpenJournal, made: Made, environment: str, *, machine: bool) -> None:
    """Say what was made, wait until the living processes have taken it up, and say so; exit code 4 where one has not."""
    from crossdock.boot.deployments import living

    _say(made, environment, lambda: living(opened), asdict(made), machine=machine)


def say_remote(desk: Office, row: dict[str, Any], *, machine: bool) -> None:
    """Say the same of what a server has made."""
    from crossdock.boot.deployments import Made
    from crossdock.core.deployment import Deployment

    before = Deployment(**row["before"]) if row["before"] else None
    made = Made(Deployment(**row["deployment"]), before, tuple(row["added"]), tuple(row["removed"]), row["in_flight"])
    _say(made, str(desk.whoami()["environment"]), desk.processes, row, machine=machine)


def _say(made: Made, environment: str, look: Look, row: dict[str, Any], *, machine: bool) -> None:
    from crossdock.boot import deployments

    if not machine:
        for line in _lines(made, environment):
            click.echo(line)
    told: list[Any] = []
    for process in deployments.taken_up(look, made.deployment):
        told.append(process)
        if not machine:
            click.echo(f"  {_took(process)}")
    if machine:
        say_json({**row, "processes": told})
    elif not told:
        click.echo("  no process runs here now; the next that starts begins with it")
    if any(process["seconds"] is None for process in told):
        click.get_current_context().exit(4)


def _lines(made: Made, environment: str) -> list[str]:
    now, before = made.deployment, made.before
    release = f"release {now.release[:12]} runs in {environment} since {instant(now.at)}"
    was = f" (before: {before.release[:12]})" if before and before.release != now.release else ""
    lines = [f"deployment {now.number}: {release}{was}"]
    if now.candidate:
        lines.append(f"  canary: {now.candidate[:12]} for {percent(now.share)} of the keys")
    lines += [f"  + {route}" for route in made.added]
    lines += [f"  - {route}" for route in made.removed]
    if made.in_flight:
        lines.append(f"  {made.in_flight} in flight finish on the release that they began with")
    return lines


def _took(process: Any) -> str:
    name = f"{process['role']} {process['name']}"
    if process["seconds"] is not None:
        trouble = f", but {process['trouble']}" if process["trouble"] else ""
        return f"{name} has taken it up after {process['seconds']:g} s{trouble}"
    return f"{name} has NOT taken it up: {process['trouble'] or 'not heard of in time; `crossdock doctor` says more'}"
