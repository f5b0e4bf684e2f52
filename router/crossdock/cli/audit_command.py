"""`crossdock audit`: who did what, and whether the log is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from crossdock.cli.output import as_json, moment, say_json, table
from crossdock.cli.session import office
from crossdock.cli.times import since_option
from crossdock.core.audit import AuditRow, Sought, differences
from crossdock.core.words import counted

Row = dict[str, Any]


@click.group("audit", invoke_without_command=True)
@click.option("--actor", default="", help="Only what this one did.")
@click.option("--action", default="", help="Only this: view, retry, repair, deploy, approve, ...")
@click.option("--subject", default="", help="Only what was done to this message, delivery, release or token.")
@since_option
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
@click.option("--export", type=click.Path(dir_okay=False, path_type=Path), help="Write the whole log as NDJSON; `-` prints it.")
@as_json
@click.pass_context
def command(context: click.Context, /, export: Path | None, machine: bool, **sought: Any) -> None:
    """Say who did what, newest first: deployments, approvals, repairs, and every look at a document.

    \b
    Examples:
      crossdock audit --since 7d --actor ann
      crossdock audit --action view --json
      crossdock audit --export audit.ndjson
      crossdock audit verify --against audit.ndjson
    """
    if context.invoked_subcommand is not None:
        return
    if export is not None:
        _export(context, export)
        return
    with office(context) as desk:
        rows = desk.audit(Sought(**sought))
    if machine:
        say_json(rows)
        return
    columns = ("nr", "at", "who", "known by", "as", "did", "to", "details")
    table(columns, (_cells(row) for row in rows), "nothing is in the audit log")


@command.command("verify")
@click.option(
    "--against", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An export that was kept elsewhere."
)
@as_json
@click.pass_context
def verify(context: click.Context, against: Path | None, machine: bool) -> None:
    """Find rows that were changed, moved, put in or taken out; exit code 1 where there are any.

    \b
    Examples:
      crossdock audit verify
      crossdock audit verify --against audit.ndjson
    """
    with office(context) as desk:
        told = desk.verify_audit()
        if against is not None:
            kept = list(_kept(against))
            found = differences(kept, (AuditRow.of(row) for row in desk.audit_rows()))
            told["faults"] += [{"seq": fault.seq, "message": fault.message} for fault in found]
    if machine:
        say_json(told)
    else:
        _say(told, against)
    context.exit(1 if told["faults"] else 0)


def _say(told: Row, against: Path | None) -> None:
    for fault in told["faults"]:
        click.echo(f"✗ {fault['message']}")
    if not told["faults"]:
        held = f", and as it was in {against}" if against else ""
        click.echo(f"✓ the audit log is whole{held}; its head is {told['head']}")


def _export(context: click.Context, path: Path) -> None:
    count = 0
    with office(context) as desk, click.open_file(str(path), "w", encoding="utf-8") as file:
        for row in desk.audit_rows():
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    if str(path) != "-":
        click.echo(f"{counted(count, 'row')} written to {path}")


def _kept(path: Path) -> Iterator[AuditRow]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield AuditRow.of(json.loads(line))
            except ValueError as error:
                raise click.ClickException(f"{path}:{number}: {error}") from None


def _cells(row: Row) -> tuple[object, ...]:
    details = " ".join(f"{name}={value}" for name, value in row["details"].items())
    return row["seq"], moment(row["at"]), row["actor"], row["via"], row["role"], row["action"], row["subject"], details
