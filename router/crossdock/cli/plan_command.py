"""`crossdock plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.output import as_json, console, progress, say_json
from crossdock.cli.replaying import replay_lines
from crossdock.cli.session import allowed, guard, journal
from crossdock.cli.units import Seconds
from crossdock.core.audit import Act
from crossdock.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock.boot.planning import OpenGroups, Plan
    from crossdock.boot.replay import Compared
    from crossdock.runtime.journal import OpenJournal
    from crossdock_config.differences import FileChange

CHANGES = 2
"""The exit code where there is something to deploy."""
COLOURS = {"+": "green", "~": "yellow", "-": "red"}
MOST = 12
"""Changes of one file that are shown."""


@click.command("plan")
@click.argument("artefact", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--allow-delete", is_flag=True, help="Plan to let routes go that the release doesn't have any more.")
@click.option("--replay", type=Seconds(), default=None, metavar="TIME", help="Run the traffic of this time through both: 7d.")
@click.option("--route", default="", help="Replay only what this route received.")
@click.option("--limit", type=click.IntRange(1), default=100_000, show_default=True, help="Replay at most so many documents.")
@click.option("--sample", type=click.Path(file_okay=False, path_type=Path), default=None, help="Write samples to this folder.")
@click.option("--all", "everything", is_flag=True, help="Show every changed field.")
@as_json
@click.pass_context
def command(context: click.Context, /, artefact: Path | None, machine: bool, **how: Any) -> None:
    """Show what deploying this folder, or a built release, would change. Nothing is changed by looking.

    With --replay, what was received is run through what runs and through the new release, side by side, with every write
    blocked; it says which documents would come out differently, field by field.

    Exit codes: 0 nothing to change, 2 changes, 1 it would be refused.

    \b
    Examples:
      crossdock -e production plan
      crossdock -e production plan acme.release.json --json
      crossdock -e production plan --replay 7d --sample /tmp/differences
    """
    from crossdock.boot import planning
    from crossdock.boot.deployments import Order
    from crossdock_config.artefact import read

    files = read(artefact.read_bytes()).files if artefact else None
    root, environment = context.obj["root"], context.obj["environment"]
    with journal(context) as opened:
        asked = Order(guard(context, opened).allow("read"), allow_delete=how["allow_delete"])
        made = planning.plan(opened, root, environment, asked, files)
        if not machine:
            for line in _lines(made, everything=how["everything"]):
                console().print(line, soft_wrap=True)
        compared = _replayed(opened, made, how) if how["replay"] is not None else None
    if machine:
        told = {} if compared is None else {"replay": [one.record() for one in compared]}
        say_json({**made.record(), **told})
    context.exit(1 if made.problems else CHANGES if made.changes else 0)


def _replayed(opened: OpenJournal, made: Plan, how: dict[str, Any]) -> list[Compared] | None:
    from crossdock.boot import planning, replay

    if made.running is None or made.problems:
        click.echo("nothing is replayed: it takes a release that runs, and one that could be deployed", err=True)
        return None
    context = click.get_current_context()
    about = {"seconds": how["replay"], "route": how["route"], "sample": how["sample"] is not None}
    opened.audit.write(Act(allowed(context, opened, "view"), "replay", made.release, about))
    wish = replay.Wish.last(how["replay"], how["route"], how["limit"], how["sample"])
    found = replay.replay(opened, planning.pair(opened, made), wish, progress("replayed"))
    if not click.get_current_context().params["machine"]:
        for line in replay_lines(found):
            console().print(line, soft_wrap=True)
    return found


def _lines(made: Plan, *, everything: bool) -> Iterator[str]:
    from rich.markup import escape

    yield escape(_heading(made))
    for change in made.files:
        yield from _file(change, everything=everything)
    if not made.changes and not made.problems:
        yield "nothing to change: what the files mean is what runs"
        return
    yield ""
    for name, what in sorted(made.sources.items()):
        yield f"  {escape(name)}: {_SOURCES[what]}"
    if made.restarts:
        yield f"  {', '.join(made.restarts)}: taken up when the processes are started again"
    if made.in_flight:
        listed = ", ".join(f"{count} of {route}" for route, count in sorted(made.in_flight.items()))
        yield f"  in flight, and finishing on the release that they began with: {escape(listed)}"
    for group in made.groups:
        yield f"  {escape(_group(group))}"
    for domain, why in made.concerns.items():
        more = f"; and {len(why) - 3} more" if len(why) > 3 else ""
        yield f"  concerns {escape(domain)}: {escape('; '.join(why[:3]))}{more}"
    for problem in made.warnings:
        yield f"  [yellow]warning[/yellow] {escape(str(problem))}"
    for problem in made.problems:
        yield f"  [red]refused[/red] {escape(str(problem))}"
    yield f"{made.count('+')} to add, {made.count('~')} to change, {made.count('-')} to remove{_ending(made)}"


_SOURCES = {
    "started": "is started",
    "stopped": "is stopped",
    "restarted": "is stopped and started again",
    "told anew": "goes on, nobody is cut off, and takes what its routes and partners say now",
}


def _group(found: OpenGroups) -> str:
    at = f" ({found.place})" if found.place else ""
    what = f"{found.groups} of {found.step}{at} of {found.route}, {found.messages} messages"
    if found.stays:
        return f"open groups: {what}: the step stays as it is, new messages join them"
    ending = "time completes them" if found.time else "nothing completes them unless their release runs again"
    return f"open groups: {what}: the step changes, new messages begin groups of their own, and {ending}"


def _heading(made: Plan) -> str:
    runs = str(made.running) if made.running else "nothing"
    candidate = made.release[:12] or "a release that can't be compiled"
    return f"{made.environment}: {runs} runs; this would deploy {candidate}"


def _ending(made: Plan) -> str:
    if made.problems:
        return f"; it would be refused, for {counted(len(made.problems), 'reason')}"
    expected = made.running.number if made.running else 0
    return f"; deploy it with `crossdock -e {made.environment} deploy{f' --expect {expected}' if expected else ''}`"


def _file(change: FileChange, *, everything: bool) -> Iterator[str]:
    from rich.markup import escape

    others = [route for route in change.routes if change.kind != "route"]
    touched = f"  [dim]for {escape(', '.join(others))}[/dim]" if others else ""
    sign = f"[{COLOURS[change.sign]}]{change.sign}[/]"
    yield f"  {sign} {change.kind} {escape(change.name)}  [dim]{escape(change.path)}[/dim]{touched}"
    shown = change.changes if everything else change.changes[:MOST]
    for one in shown:
        yield f"      {escape(str(one))}"
    if len(change.changes) > len(shown):
        yield f"      and {len(change.changes) - len(shown)} more: --all shows them"
