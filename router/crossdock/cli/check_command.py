"""`crossdock check`."""

from __future__ import annotations

import click

from crossdock import boot
from crossdock.core.words import counted


@click.command("check")
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text", help="How to print problems.")
@click.pass_context
def command(context: click.Context, style: str) -> None:
    """Find everything that is wrong with a project, all at once: path:line:column and what to do.

    \b
    Examples:
      crossdock check
      crossdock -C my-company -e production check --format github
    """
    loaded = boot.check(context.obj["root"], context.obj["environment"])
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    if style == "json":
        from crossdock.cli.output import say_json

        names = ("path", "line", "column")
        found = [
            {**dict(zip(names, one.place, strict=True)), "severity": one.severity, "code": one.code, "message": one.message}
            for one in loaded.problems
        ]
        say_json({"files": loaded.files, "problems": found})
    else:
        for problem in loaded.problems:
            path, line, column = problem.place
            note = "" if problem.severity == "error" else " (warning)"
            click.echo(
                f"::{problem.severity} file={_escaped(path, ':,')},line={line},col={column}::{_escaped(problem.message)}"
                if style == "github"
                else f"{problem}{note}"
            )
        routes = f", {counted(len(loaded.release.programs), 'route')}" if loaded.release else ""
        click.echo(f"{counted(loaded.files, 'file')}{routes}, {counted(len(errors), 'problem')}")
    context.exit(1 if errors else 0)


def _escaped(text: str, also: str = "") -> str:
    """Return text as GitHub's workflow commands want it: a line's end would end the command, a comma the file's name."""
    return "".join(f"%{ord(one):02X}" if one in "%\r\n" + also else one for one in text)
