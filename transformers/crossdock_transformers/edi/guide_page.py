"""A guide as a page for the partner: Markdown, or HTML that stands alone and prints well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from crossdock.core.partner import Partner
from crossdock_transformers.edi.effective import Row, rows
from crossdock_transformers.edi.guide import Guide
from crossdock_transformers.edi.guide_files import samples

Table = tuple[Sequence[str], Sequence[Sequence[str]]]


def page(guide: Guide, partners: Mapping[str, Partner], *, html: bool = False, sent: bool = False) -> str:
    """Return the page."""
    parts = list(_parts(guide, partners, sent))
    return _html(f"{guide.name}: {_title(guide)}", parts) if html else "\n\n".join(map(_markdown, parts)) + "\n"


Part = tuple[str, str | Table]
"""A part of the page: `h1`, `h2`, `p`, `pre` with text, or `table`."""


def _title(guide: Guide) -> str:
    grammar = guide.grammar
    return f"{grammar.title} ({grammar.number}, {grammar.dialect.name} {grammar.version})"


def _parts(guide: Guide, partners: Mapping[str, Partner], sent: bool) -> Iterator[Part]:
    yield "h1", _title(guide)
    if guide.description:
        yield "p", guide.description
    partner = partners.get(guide.partner)
    edifact = guide.grammar.dialect.key == "edifact"
    if partner is not None and (partner.edifact if edifact else partner.x12):
        yield "h2", "Envelope"
        yield "table", _unb(partner, guide, sent) if edifact else _envelope(partner, guide, sent)
    found = rows(guide)
    yield "h2", "Segments"
    yield "p", "M is mandatory, O optional, X not used. What is not listed may be sent as the standard allows."
    yield "table", (("Segment", "Name", "Use", "Max", "Notes"), [_segment(row) for row in found if row.kind != "element"])
    yield "h2", "Elements"
    yield "table", (("Element", "Name", "Use", "Type", "Length", "Values and notes"), list(_elements(found)))
    if guide.rules:
        yield "h2", "Rules"
        yield "table", (("Rule", "What must hold", "Reported at"), [_rule(guide, name) for name in guide.rules])
    yield from _sample(guide, partners, sent)


def _envelope(partner: Partner, guide: Guide, sent: bool) -> Table:
    agreed = partner.x12
    assert agreed is not None
    sender, receiver = (agreed.ours, agreed.theirs) if sent else (agreed.theirs, agreed.ours)
    usage = {"P": "production", "T": "test"}[agreed.usage]
    cells = [
        ("ISA05, ISA06", "sender", f"{sender.qualifier} / {sender.id}"),
        ("ISA07, ISA08", "receiver", f"{receiver.qualifier} / {receiver.id}"),
        ("ISA15", "usage", f"{agreed.usage} ({usage})"),
        ("GS01", "functional group", guide.grammar.group),
        ("GS02", "application sender", sender.application or sender.id),
        ("GS03", "application receiver", receiver.application or receiver.id),
        ("GS08", "version", guide.grammar.version),
    ]
    return ("Element", "Name", "Value"), cells


def _unb(partner: Partner, guide: Guide, sent: bool) -> Table:
    agreed = partner.edifact
    assert agreed is not None
    sender, receiver = (agreed.ours, agreed.theirs) if sent else (agreed.theirs, agreed.ours)
    version = guide.grammar.version
    message = [guide.grammar.number, version[:1], version[1:], "UN", *([agreed.association] if agreed.association else ())]
    cells = [
        ("UNB S001", "syntax", f"{agreed.syntax}:{agreed.syntax_version}"),
        ("UNB S002", "sender", f"{sender.id}:{sender.qualifier}".rstrip(":")),
        ("UNB S003", "recipient", f"{receiver.id}:{receiver.qualifier}".rstrip(":")),
        ("UNB 0035", "usage", "1 (test)" if agreed.usage == "T" else "left out (production)"),
        ("UNH S009", "message type", ":".join(message)),
    ]
    return ("Element", "Name", "Value"), cells


_USES = {"mandatory": "M", "optional": "O", "not used": "X"}


def _segment(row: Row) -> Sequence[str]:
    most = ">1" if row.most is None else str(row.most)
    if row.kind == "case":
        most = str(row.most) if row.most else ""
    indent = "\u00a0\u00a0" * row.level
    title = f"{row.title} (loop)" if row.kind == "loop" else row.title
    return f"{indent}{row.name}", title, _USES[row.usage], "" if row.usage == "not used" else most, row.note


def _elements(found: Iterable[Row]) -> Iterator[Sequence[str]]:
    for row in found:
        if row.kind == "element":
            lengths = "" if row.lengths is None else "/".join(map(str, dict.fromkeys(row.lengths)))
            where = row.about.rpartition("/")[0]
            name = f"{row.name} in {where}" if "[" in where or "/" in where else row.name
            yield name, row.title, _USES[row.usage], row.type, lengths, "; ".join(_values(row))


def _values(row: Row) -> Iterator[str]:
    narrow = any(fact.word in ("codes", "value") for fact in row.facts)
    if row.codes and row.usage != "not used" and (narrow or len(row.codes) <= 8):
        yield ", ".join(f"{code} ({label})" if label else code for code, label in row.codes.items())
    if row.pattern:
        yield f"form {row.pattern}"
    if row.note:
        yield row.note


def _rule(guide: Guide, name: str) -> Sequence[str]:
    rule = guide.rules[name]
    words = f"{rule.message}. {rule.note}" if rule.note else rule.message
    return name, words, rule.at or rule.each


def _sample(guide: Guide, partners: Mapping[str, Partner], sent: bool) -> Iterator[Part]:
    made = samples(guide, partners, sent=sent)
    if not made.faults:
        yield "h2", "Sample"
        yield "pre", made.valid.text


def _markdown(part: Part) -> str:
    kind, content = part
    if not isinstance(content, str):
        head, body = content
        lines = [head, ["---"] * len(head), *body]
        return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
    marks = {"h1": f"# {content}", "h2": f"## {content}", "pre": f"```\n{content.rstrip()}\n```"}
    return marks.get(kind, content)


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d5dae0; overflow-wrap: anywhere; }
th { border-bottom: 2px solid #8a94a0; }
td:first-child, pre { font-family: ui-monospace, monospace; font-size: 13px; }
pre { background: #f4f6f8; padding: 1rem; overflow-x: auto; }
h2 { margin-top: 2rem; break-after: avoid; }
tr { break-inside: avoid; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } pre { white-space: pre-wrap; } }
"""


def _html(title: str, parts: Sequence[Part]) -> str:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    body = "\n".join(_tagged(part) for part in parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _tagged(part: Part) -> str:
    kind, content = part
    if isinstance(content, str):
        return f"<{kind}>{escape(content)}</{kind}>"
    head, body = content
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in body)
    return f"<table><thead><tr>{top}</tr></thead>\n<tbody>\n{lines}\n</tbody></table>"
