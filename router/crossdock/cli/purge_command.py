"""`crossdock purge`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crossdock.cli.output import as_json, say_json
from crossdock.cli.session import allowed, journal
from crossdock.cli.units import Seconds
from crossdock.core.words import counted

if TYPE_CHECKING:
    from crossdock.core.access import Actor
    from crossdock.runtime.journal import OpenJournal
    from crossdock.runtime.journal.purge import Purged

LEAST = 3600.0
"""Seconds: nobody purges what ended within the last hour."""


@click.command("purge")
@click.option("--older", type=Seconds(), required=True, help="How long ago it must have ended: 90d.")
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would go.")
@click.option("--batch", type=click.IntRange(1, 5000), default=200, show_default=True, help="Families in one transaction.")
@click.option(
    "--releases", "last", type=click.IntRange(1), default=10, show_default=True, help="Keep so many releases whatever their age."
)
@as_json
@click.pass_context
def command(context: click.Context, older: float, dry: bool, batch: int, last: int, machine: bool) -> None:
    """Take away the documents and events of what ended long ago; and releases that nothing refers to.

    What stays: messages with their keys and states, the document chain, deliveries with the ledger of effects, the audit log, and
    all by which second copies are known. Nothing is touched of a family that has anything in flight, parked, waiting or failed, a
    document within its duplicate window, or an acknowledgement that is awaited or was a rejection. A release stays while it runs,
    ran since then, is among the last ones, waits to be approved, or has a message that is not purged. Stopped in the middle, it
    goes on next time.

    \b
    Examples:
      crossdock -e production purge --older 90d --dry-run
      crossdock -e production purge --older 90d
    """
    if older < LEAST:
        raise click.BadParameter("at least an hour: what has just ended is still looked at", param_hint="--older")
    with journal(context) as opened:
        by = allowed(context, opened, "read" if dry else "purge")
        found = _all(opened, by, older, batch, dry=dry)
        releases = opened.purge_releases(older, by, last, dry=dry)
    if machine:
        told = {"families": found.families, "bodies": found.bodies, "bytes": found.size, "events": found.events}
        say_json({**told, "releases": list(releases.ids), "release_bytes": releases.size, "dry_run": dry})
        return
    verb = "would go" if dry else "went"
    kept = found.seen - found.families
    click.echo(f"{found.bodies} documents ({found.size:,} bytes) of {found.families} families {verb}")
    if kept:
        click.echo(f"{kept} more are old enough and stay: something of them is not done with, or within its window")
    if releases.ids:
        click.echo(f"{counted(len(releases.ids), 'release')} ({releases.size:,} bytes) that nothing refers to {verb}")


def _all(opened: OpenJournal, by: Actor, older: float, batch: int, *, dry: bool) -> Purged:
    """Go through all families, a batch at a time."""
    from crossdock.runtime.journal.purge import Purged

    total, after = Purged(), ""
    while True:
        found = opened.purge(older, after, by, limit=batch, dry=dry)
        if not found.seen:
            return total
        after = found.after or after
        total = total.plus(found)
