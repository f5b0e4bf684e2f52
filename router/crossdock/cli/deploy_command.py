"""`crossdock deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossdock import boot
from crossdock.cli.deploying import say_made, say_remote
from crossdock.cli.output import as_json
from crossdock.cli.session import guard, journal, office
from crossdock.cli.units import Percent, Seconds

if TYPE_CHECKING:
    from crossdock.boot.deployments import Made
    from crossdock.runtime.journal import OpenJournal


@click.command("deploy")
@click.argument("artefact", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-m", "--message", default="", help="Why, for `crossdock releases` and the audit log.")
@click.option("--canary", type=Percent(), default=None, metavar="SHARE", help="Only this share of the keys at first: 5%.")
@click.option(
    "--for", "lasting", type=Seconds(), default=None, metavar="TIME", help="The canary's time; then it is complete: 30m."
)
@click.option(
    "--most-errors", type=Percent(), default=500, metavar="SHARE", help="More failures than this, and it is taken back: 5%."
)
@click.option("--complete", is_flag=True, help="Make the canary that runs the release for everybody.")
@click.option("--allow-delete", is_flag=True, help="Let routes go that the release doesn't have any more.")
@click.option(
    "--expect",
    "expected",
    type=int,
    default=None,
    metavar="NUMBER",
    help="Only if this deployment runs (`crossdock plan` names it).",
)
@as_json
@click.pass_context
def command(
    context: click.Context,
    /,
    artefact: Path | None,
    message: str,
    lasting: float | None,
    complete: bool,
    machine: bool,
    **how: Any,
) -> None:
    """Switch an environment to this folder's release, or to one that `crossdock build` made. Everything is checked before.

    Gateways and workers take it up within two seconds and without a restart. Messages in flight finish on the release that they
    began with. A canary is taken back by itself where it fails too often.

    \b
    Examples:
      crossdock -e production deploy -m "units as ACME wants them"
      crossdock -e production deploy acme.release.json --canary 5% --for 30m
      crossdock -e production deploy --complete
    """
    if lasting is not None and how["canary"] is None:
        raise click.UsageError("--for says how long a canary lasts: say --canary as well")
    how |= {"canary": how["canary"] or 0, "lasting": lasting or 0.0}
    if context.obj.get("server"):
        with office(context) as desk:
            row = desk.complete(message) if complete else desk.deploy(_asked(context, artefact, message, how))
            say_remote(desk, row, machine=machine)
        return
    with journal(context) as opened:
        made = _made(context, opened, artefact, message, how) if not complete else _completed(context, opened, message)
        say_made(opened, made, context.obj["environment"], machine=machine)


def _asked(context: click.Context, artefact: Path | None, message: str, how: dict[str, Any]) -> dict[str, Any]:
    """Return what a server is asked for: the file, or this folder as it would be built; shares in percent."""
    built = artefact.read_bytes() if artefact else boot.built(context.obj["root"], context.obj["environment"])
    plain = {name: how[name] for name in ("allow_delete", "expected")}
    canary = {"canary": how["canary"] / 100, "lasting": how["lasting"], "most_errors": how["most_errors"] / 100}
    return {"artefact": built, "note": message, **plain, **(canary if how["canary"] else {})}


def _made(context: click.Context, opened: OpenJournal, artefact: Path | None, message: str, how: dict[str, Any]) -> Made:
    from crossdock.boot import deployments

    root, environment = context.obj["root"], context.obj["environment"]
    by = guard(context, opened)
    asked = deployments.Order(by.allow("deploy"), message, guard=by, **how)
    file, folder = deployments.of_file, deployments.of_folder
    candidate = file(root, environment, artefact) if artefact else folder(root, environment)
    return deployments.deploy(opened, candidate, asked)


def _completed(context: click.Context, opened: OpenJournal, message: str) -> Made:
    from crossdock.boot import deployments

    by = guard(context, opened)
    return deployments.complete(opened, deployments.Order(by.allow("deploy"), message, guard=by))
