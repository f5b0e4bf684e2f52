"""`crossdock partner`: trading partners as data: write one, find what is missing, show it, rehearse its documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossdock.cli.output import as_json, coloured, console, say_json
from crossdock.core.words import counted

if TYPE_CHECKING:
    from crossdock.boot.partnership import Rehearsal
    from crossdock.core.outcome import Outcome


@click.group("partner")
def command() -> None:
    """Write, check, show and rehearse a trading partner.

    \b
    Examples:
      crossdock partner new beta --title "Beta Stores" --theirs ZZ/BETASTORES --ours 01/080192334
      crossdock partner check beta
      crossdock partner test beta
    """


@command.command("new")
@click.argument("name")
@click.option("--title", default="", help="The name that people use.")
@click.option("--dialect", "dialects", type=click.Choice(["x12", "edifact"]), multiple=True, help="What is exchanged. [x12]")
@click.option("--theirs", default="", help="How they sign: QUALIFIER/ID, or the id alone. Asked for if left out.")
@click.option("--ours", default="", help="How we sign to them. Asked for if left out.")
@click.option("--channel", type=click.Choice(["sftp_server"]), help="How they are reached; in comments if left out.")
@click.pass_context
def new(
    context: click.Context, name: str, title: str, dialects: tuple[str, ...], theirs: str, ours: str, channel: str | None
) -> None:
    """Write config/partners/NAME.yaml, commented; nothing that is there is overwritten.

    \b
    Example:
      crossdock partner new beta --dialect edifact --theirs 14/4012345000009 --ours 14/5412345000013 --channel sftp_server
    """
    from crossdock.cli.partner_file import Draft

    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name):
        raise click.UsageError(f"'{name}' can't be a name; use small letters, digits, dots, dashes and underscores: acme")
    path: Path = context.obj["root"] / "config" / "partners" / f"{name}.yaml"
    if path.exists():
        raise click.ClickException(f"{path} is there already")
    theirs = theirs or click.prompt("how they sign (QUALIFIER/ID)")
    ours = ours or click.prompt("how we sign to them (QUALIFIER/ID)")
    draft = Draft(name, title or name, tuple(dict.fromkeys(dialects)) or ("x12",), theirs, ours, channel or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draft.text(), encoding="utf-8")
    click.echo(f"wrote {path}. Now:")
    if draft.channel:
        click.echo(f"  put the password into config/secrets/{draft.secret}")
    click.echo(f"  crossdock partner check {name}")


@command.command("check")
@click.argument("name")
@as_json
@click.pass_context
def check(context: click.Context, name: str, machine: bool) -> None:
    """Say what is wrong with a partner (exit code 1) and what is missing, its secrets looked up.

    \b
    Example:
      crossdock partner check acme
    """
    from crossdock.boot import partnership

    remarks = partnership.examine_partner(context.obj["root"], context.obj["environment"], name)
    wrong = [one for one in remarks if one.ok is False]
    if machine:
        say_json([{"ok": one.ok, "where": one.where, "message": one.message} for one in remarks])
    else:
        for one in remarks:
            click.echo(f"{'✗' if one.ok is False else '·'} {f'{one.where}: ' if one.where else ''}{one.message}")
        click.echo(f"{counted(len(wrong), 'problem')}, {counted(len(remarks) - len(wrong), 'remark')}")
    context.exit(1 if wrong else 0)


@command.command("show")
@click.argument("name")
@as_json
@click.pass_context
def show(context: click.Context, name: str, machine: bool) -> None:
    """Show a partner: identities, agreements, channels, and the routes that use it; secrets stay references.

    \b
    Example:
      crossdock partner show acme
    """
    from crossdock.boot import partnership

    found = partnership.portrait(context.obj["root"], context.obj["environment"], name)
    if machine:
        say_json(found)
        return
    _print("", found)


def _print(indent: str, data: dict[str, Any]) -> None:
    """Print data as indented lines, without what is empty."""
    for key, value in data.items():
        if not _says(value):
            continue
        if isinstance(value, dict):
            click.echo(f"{indent}{key}:")
            _print(indent + "  ", value)
        elif isinstance(value, list):
            shown = (_flat(one) for one in value)
            click.echo(f"{indent}{key}: {', '.join(shown)}")
        else:
            click.echo(f"{indent}{key}: {value}")


def _says(value: Any) -> bool:
    """Whether there is anything to say of a value."""
    if isinstance(value, dict):
        return any(map(_says, value.values()))
    return value not in (None, "", [], ())


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(str(one) for one in value.values() if one not in (None, ""))
    return str(value)


@command.command("test")
@click.argument("name")
@click.option("--tests-only", is_flag=True, help="Only the routes' *.test.yaml, no samples.")
@as_json
@click.pass_context
def test(context: click.Context, name: str, tests_only: bool, machine: bool) -> None:
    """Run a partner's tests, and its samples through the routes that receive from it; nothing is sent or kept.

    \b
    Example:
      crossdock partner test acme
    """
    from crossdock.boot import partnership

    results, rehearsed = partnership.rehearsals(context.obj["root"], context.obj["environment"], name)
    rehearsed = [] if tests_only else rehearsed
    failed = sum(not result.ok for result in results)
    if machine:
        tests = [{"name": one.name, "ok": one.ok, "difference": one.difference} for one in results]
        say_json({"tests": tests, "samples": [_record(one) for one in rehearsed]})
    else:
        for result in results:
            click.echo(f"{'✓' if result.ok else '✗'} {result.name}")
            click.echo(f"    {result.difference}") if result.difference else None
        for one in rehearsed:
            _tell(one)
        click.echo(
            f"{counted(len(results), 'test')}, {failed} failed; {counted(len(rehearsed), 'sample')} rehearsed, nothing was sent"
        )
    if not results and not rehearsed:
        raise click.ClickException(f"there is no test and no sample of {name}; put one beside the route, into samples/")
    context.exit(1 if failed else 0)


def _record(rehearsal: Rehearsal) -> dict[str, Any]:
    return {"route": rehearsal.route, "sample": rehearsal.sample, "documents": [_document(one) for one in rehearsal.outcomes]}


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": outcome.state.value,
        "keys": dict(outcome.message.keys),
        "steps": [stage.name for stage in outcome.stages],
        "deliveries": [delivery.endpoint for delivery in outcome.deliveries],
        "events": [event.type for event in outcome.events],
        "error": outcome.error.record() if outcome.error else None,
    }


def _tell(rehearsal: Rehearsal) -> None:
    from rich.markup import escape

    from crossdock.cli.output import keys

    out = console()
    out.print(f"[bold]{escape(rehearsal.sample)}[/bold] through [bold]{escape(rehearsal.route)}[/bold]")
    for outcome in rehearsal.outcomes:
        goes = [f"to {delivery.endpoint}" for delivery in outcome.deliveries] + [f"event {one.type}" for one in outcome.events]
        steps = " → ".join(stage.name for stage in outcome.stages)
        out.print(f"  {coloured(outcome.state.value)} {escape(keys(dict(outcome.message.keys)))}  [dim]{escape(steps)}[/dim]")
        for line in goes:
            out.print(f"    {escape(line)}")
        if outcome.error:
            out.print(f"    [red]{escape(outcome.error.message)}[/red] [dim]{escape(outcome.error.where)}[/dim]")
