"""`crossdock grammars`: the EDI documents that are known, as trees of segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crossdock import boot
from crossdock.cli.output import as_json, say_json, table
from crossdock.cli.session import NotFound

if TYPE_CHECKING:
    from crossdock.core.spec import Catalog


@click.command("grammars")
@click.argument("dialect", required=False)
@click.argument("version", required=False)
@click.argument("number", metavar="[SET]", required=False)
@click.argument("segment", required=False)
@as_json
@click.pass_obj
def command(
    settings: Any, dialect: str | None, version: str | None, number: str | None, segment: str | None, machine: bool
) -> None:
    """List the EDI documents that are known; with a set, show its tree; with a segment, its elements, codes and rules.

    Grammars of the project's own (config/grammars) are among them.

    \b
    Examples:
      crossdock grammars
      crossdock grammars x12 004010 856
      crossdock grammars x12 004010VICS 850 PO1
    """
    from crossdock.core.errors import Refusal

    catalogs = _catalogs(settings["root"], dialect)
    if not (dialect and version and number):
        _list(catalogs, version, machine)
        return
    try:
        catalog = catalogs[dialect]
        found = catalog.segment(version, number, segment) if segment else catalog.explain(version, number)
    except Refusal as error:
        raise NotFound(error.message) from None
    if machine:
        say_json(found)
        return
    click.echo("\n".join(_segment(found) if segment else _tree(dialect, found)))


def _catalogs(root: Path, dialect: str | None) -> dict[str, Catalog]:
    """Return the catalogs of all dialects, or the one asked for."""
    from crossdock.core.words import nearest

    catalogs = boot.catalogs(root)
    if dialect and dialect not in catalogs:
        raise NotFound(f"there are no grammars of '{dialect}'{nearest(dialect, catalogs)}")
    return {name: catalog for name, catalog in catalogs.items() if dialect in (None, name)}


def _list(catalogs: Mapping[str, Catalog], version: str | None, machine: bool) -> None:
    """List the sets; one row a set with its versions, or one entry each for programs."""
    entries = [{"dialect": name, **one} for name, catalog in catalogs.items() for one in catalog.sets(version or "")]
    if version and not entries:
        known = sorted({one["version"] for catalog in catalogs.values() for one in catalog.sets()})
        raise NotFound(f"there is no version '{version}'; there is {', '.join(known)}")
    if machine:
        say_json(entries)
        return
    versions: dict[tuple[str, str, str], list[str]] = {}
    for entry in entries:
        versions.setdefault((entry["dialect"], entry["set"], entry["title"]), []).append(entry["version"])
    rows = ((dialect, number, title, ", ".join(found)) for (dialect, number, title), found in versions.items())
    table(("dialect", "set", "title", "versions"), rows, "no grammars are installed")


def _tree(dialect: str, found: Mapping[str, Any]) -> Iterator[str]:
    group = f", group {found['group']}" if found["group"] else ""
    yield f"{dialect} {found['version']} {found['set']}: {found['title']}{group}"
    for name, path in found["keys"].items():
        yield f"found by {name} ({path})"
    yield from _aligned([("segment", "", "max", "what it is"), *_rows(found["segments"], 0)])


def _rows(nodes: Sequence[Mapping[str, Any]], depth: int) -> Iterator[Sequence[str]]:
    for node in nodes:
        name = node["segment"] if node["name"] == node["segment"] else f"{node['segment']} as {node['name']}"
        what = " (a tree)" if node["tree"] else " (a loop)" if node["loop"] else ""
        most = ">1" if node["max"] is None else str(node["max"])
        yield f"{'  ' * depth}{name}", _need(node), most, node["title"] + what
        yield from _rows(node["segments"], depth + 1)


def _segment(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['segment']}: {found['title']}"
    yield from _aligned([("element", "number", "", "type", "what it is"), *_elements(found["elements"], 0)])
    yield from (f"rule: {note}" for note in found["notes"])
    for element in found["elements"]:
        yield from (f"rule: {note}" for note in element.get("notes", ()))


def _elements(elements: Iterable[Mapping[str, Any]], depth: int) -> Iterator[Sequence[str]]:
    for one in elements:
        kind = f"{one['kind']} {one['min']}/{one['max']}" if "kind" in one else "composite"
        times = f" x{one['repeat']}" if one["repeat"] > 1 else ""
        codes = ", ".join(f"{code} {label}" for code, label in one.get("codes", {}).items())
        yield (
            f"{'  ' * depth}{one['element']}",
            one["number"],
            _need(one),
            kind + times,
            one["title"] + (f": {codes}" if codes else ""),
        )
        yield from _elements(one.get("components", ()), depth + 1)


def _need(one: Mapping[str, Any]) -> str:
    return "M" if one["required"] else "O"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows in columns; leading blanks, which show the depth, are kept."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    for row in rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
