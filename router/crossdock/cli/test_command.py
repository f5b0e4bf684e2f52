"""`crossdock test`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossdock import boot

if TYPE_CHECKING:
    from crossdock_config import Release
    from crossdock_config.testing import CaseResult, Coverage, Selection

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("test")
@click.argument("path", default="")
@click.option("-k", "words", default="", help="Only cases with these words in their names.")
@click.option("--update", is_flag=True, help="Write what came as what is expected, comments and layout kept.")
@click.option("--junit", "report", type=_FILE, help="Write the results as JUnit XML, too.")
@click.option("--coverage", "covering", is_flag=True, help="Say which steps and branches no case went through.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def command(context: click.Context, /, path: str, words: str, report: Path | None, **flags: bool) -> None:
    """Run the project's *.test.yaml: samples in, documents out; nothing is sent.

    PATH is a file or a folder, or words of a case's name.

    \b
    Examples:
      crossdock test
      crossdock test routes/sales --coverage
      crossdock test acme-orders --update
      crossdock test -k bad --junit results.xml
    """
    from crossdock_config.testing import Coverage, junit, run_tests, write_updates

    root = context.obj["root"]
    release = boot.tested(root, context.obj["environment"])
    coverage = Coverage()
    results = list(run_tests(release, root, selection=_selection(root, path, words), coverage=coverage))
    written = write_updates(root, results) if flags["update"] else []
    if report:
        report.write_text(junit(results), encoding="utf-8")
    failed = sum(not result.ok for result in results)
    if flags["as_json"]:
        _print_json(results, _covered(coverage, release) if flags["covering"] else None, written)
    else:
        _print(results, written)
        if flags["covering"]:
            _print_coverage(coverage, release)
    if not results:
        click.echo("there is nothing to test: write a *.test.yaml beside the route", err=True)
    context.exit(1 if (failed and not flags["update"]) or not results else 0)


def _selection(root: Path, path: str, words: str) -> Selection:
    from crossdock_config.testing import Selection

    for found in (root / path, Path(path)):
        if path and found.exists() and found.resolve().is_relative_to(root.resolve()):
            return Selection(path=found.resolve().relative_to(root.resolve()).as_posix(), words=words)
    if path.endswith(".yaml") or "/" in path:
        raise click.UsageError(f"there is no file or folder {path} in the project")
    return Selection(words=words, name=path)


def _print(results: list[CaseResult], written: list[str]) -> None:
    for result in results:
        click.echo(f"{'ok  ' if result.ok else 'FAIL'} {result.name} [{result.place.short}]")
        if not result.ok:
            click.echo("\n".join(f"     {line}" for line in result.difference.splitlines()))
    for path in written:
        click.echo(f"wrote {path}")
    failed = sum(not result.ok for result in results)
    click.echo(f"{len(results) - failed} passed, {failed} failed")


def _print_json(results: list[CaseResult], coverage: Any, written: list[str]) -> None:
    from crossdock.cli.output import say_json

    cases = [
        {
            "name": result.name,
            "path": result.place.path,
            "line": result.place.line,
            "ok": result.ok,
            "difference": result.difference,
            "seconds": round(result.seconds, 4),
        }
        for result in results
    ]
    say_json({"cases": cases, "written": written, **({} if coverage is None else {"coverage": coverage})})


def _covered(coverage: Coverage, release: Release) -> list[dict[str, Any]]:
    return [
        {
            "path": one.path,
            "steps": one.steps,
            "steps_run": one.steps_run,
            "branches": one.branches,
            "branches_taken": one.branches_taken,
            "never": [{"line": line, "what": what} for line, what in one.never],
        }
        for one in coverage.files(release)
    ]


def _print_coverage(coverage: Coverage, release: Release) -> None:
    for one in coverage.files(release):
        branches = f", {one.branches_taken} of {one.branches} branches" if one.branches else ""
        click.echo(f"{one.path}: {one.steps_run} of {one.steps} steps{branches}")
        for line, what in one.never:
            click.echo(f"     never: {one.path}:{line} {what}")
