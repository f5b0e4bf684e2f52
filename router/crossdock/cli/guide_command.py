"""`crossdock guide`: what holds with a partner, with samples and a page for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crossdock.cli.output import as_json, say_json
from crossdock.cli.session import NotFound

if TYPE_CHECKING:
    from crossdock.boot.guides import Desk
    from crossdock_transformers.edi.effective import Row
    from crossdock_transformers.edi.guide import Guide

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group("guide")
def command() -> None:
    """Explain partners' guides, make samples of them, and print them for the partner.

    \b
    Examples:
      crossdock guide explain acme-850
      crossdock guide sample acme-850 -o samples
      crossdock guide docs acme-850 -o acme-850.html
    """


def _direction(decorated: Command) -> Command:
    return click.option("--sent", is_flag=True, help="We send this document to the partner; else the partner sends it to us.")(
        decorated
    )


@command.command("explain")
@click.argument("name")
@click.option("--all", "everything", is_flag=True, help="Show all that the set has, not only what is mandatory or spoken of.")
@as_json
@click.pass_context
def explain(context: click.Context, name: str, everything: bool, machine: bool) -> None:
    """Show each rule that holds, with the file:line that it comes from.

    \b
    Example:
      crossdock guide explain acme-850
    """
    from crossdock_transformers.edi.effective import rows

    _, guide = _opened(context, name)
    found = rows(guide, everything=everything)
    if machine:
        say_json({**_head(guide), "segments": [row.record() for row in found], "rules": _rules(guide)})
        return
    head = _head(guide)
    partner = f", with {guide.partner}" if guide.partner else ""
    click.echo(f"{name}: {head['base']} {guide.grammar.title}{partner}")
    click.echo("".join(f"  {path}\n" for path in reversed(guide.files)))
    _tree([*(_line(row) for row in found), *(_rule_line(rule) for rule in _rules(guide))])
    if not everything:
        click.echo("\nWhat is not shown may be used as in the base grammar (--all shows it).")


@command.command("sample")
@click.argument("name")
@click.option("-o", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write the valid and all bad samples here.")
@_direction
@as_json
@click.pass_context
def sample(context: click.Context, name: str, folder: Path | None, sent: bool, machine: bool) -> None:
    """Make a valid sample, and a bad one for each rule, named by the rule.

    \b
    Examples:
      crossdock guide sample acme-850 > order.edi
      crossdock guide sample acme-850 -o samples
    """
    from crossdock_transformers.edi.guide_files import samples

    desk, guide = _opened(context, name)
    made = samples(guide, desk.context.partners, sent=sent)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        for one in (made.valid, *made.bad):
            (folder / one.name).write_text(one.text, newline="")
    if machine:
        say_json(
            {"valid": made.valid.text, "bad": [one.record() for one in made.bad], "without": [t.about for t in made.without]}
        )
    elif folder:
        click.echo(f"wrote {made.valid.name} and {len(made.bad)} bad samples to {folder}")
    else:
        click.echo(made.valid.text, nl=False)
    for term in made.without:
        click.echo(f"{term.place}: no sample breaks this alone ({term.about} {term.kind})", err=True)
    for fault in made.faults:
        click.echo(f"the sample is not valid: {fault.where}: {fault.message}; give an `example:` in the guide", err=True)
    context.exit(1 if made.faults else 0)


@command.command("docs")
@click.argument("name")
@click.option("-o", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file; .html makes it HTML.")
@click.option("--html", is_flag=True, help="Make HTML, whatever the file is called.")
@_direction
@click.pass_context
def docs(context: click.Context, name: str, file: Path | None, html: bool, sent: bool) -> None:
    """Render a page for the partner: envelope, segments, codes, rules and a sample; Markdown or HTML.

    \b
    Examples:
      crossdock guide docs acme-850
      crossdock guide docs acme-850 -o acme-850.html
    """
    from crossdock_transformers.edi.guide_page import page

    desk, guide = _opened(context, name)
    text = page(guide, desk.context.partners, html=html or bool(file and file.suffix == ".html"), sent=sent)
    if file:
        file.write_text(text, encoding="utf-8")
        click.echo(f"wrote {file}")
    else:
        click.echo(text, nl=False)


def _opened(context: click.Context, name: str) -> tuple[Desk, Guide]:
    from crossdock.boot.guides import Desk
    from crossdock.core.words import nearest

    desk = Desk(context.obj["root"], context.obj["environment"])
    try:
        return desk, desk.guide(name)
    except LookupError:
        raise NotFound(f"there is no guide '{name}'{nearest(name, desk.names)}") from None


def _head(guide: Guide) -> dict[str, Any]:
    grammar = guide.grammar
    base = f"{grammar.dialect.name} {grammar.version} {grammar.number}"
    return {
        "guide": guide.name,
        "base": base,
        "partner": guide.partner,
        "description": guide.description,
        "files": list(guide.files),
    }


def _rules(guide: Guide) -> list[dict[str, Any]]:
    places = {str(term.value): term.place.short for term in guide.terms if term.kind == "rule"}
    return [{**rule.model_dump(exclude_defaults=True), "source": places[name]} for name, rule in guide.rules.items()]


Line = tuple[str, str, str, str]
"""What it is, what holds, and for each: the rest in words, the source."""


def _line(row: Row) -> list[Line]:
    name = f"{'  ' * row.level}{row.name}"
    most = f", at most {row.most}" if row.most and row.kind != "element" else ""
    lines = [(name, f"{row.usage}{most if row.facts[0].word != 'not used' else ''}", row.title, row.facts[0].source)]
    told = [fact for fact in row.facts[1:] if fact.word != "max" or row.kind == "element" or fact.source != row.facts[0].source]
    return [*lines, *(("", fact.word, _said(fact.value), fact.source) for fact in told)]


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{code} ({label})" if label else str(code) for code, label in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _rule_line(rule: dict[str, Any]) -> list[Line]:
    return [(f"rule {rule['id']}", rule.get("at", rule.get("each", "")), rule["message"], rule["source"])]


def _tree(blocks: list[list[Line]]) -> None:
    lines = [line for block in blocks for line in block]
    widths = [min(max(len(line[at]) for line in lines), most) for at, most in ((0, 30), (1, 24), (2, 48))]
    for line in lines:
        cells = "  ".join(cell.ljust(width) for cell, width in zip(line[:3], widths, strict=True))
        click.echo(f"{cells}  {line[3]}")
