"""Samples of what a partner would send, made from its guides and signed as it signs: a document for each that a route takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock.boot.guides import Desk
from crossdock.core.partner import Partner
from crossdock_config.yaml_source import read
from crossdock_transformers.edi.guide import Guide
from crossdock_transformers.edi.own import grammars_of
from crossdock_transformers.edi.sample import Sampler, written

if TYPE_CHECKING:
    from crossdock_config import Release


def generated(root: Path, environment: str, release: Release, partner: Partner, route: str) -> Iterator[tuple[str, bytes]]:
    """Yield (what it is, file) for each document that a route's decode step takes by guide or set."""
    path = release.programs[route].place.path
    desk = Desk(root, environment)
    for dialect, options in _decoders(read(path, release.files[path]).data):
        agreement = getattr(partner, dialect)
        if agreement is None:
            continue
        for guide in _guides(desk, dialect, options, agreement):
            name = guide.name or guide.grammar.number
            yield f"generated from {name}", _file(dialect, guide, agreement)


def _decoders(written_route: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for step in written_route.get("steps") or ():
        codecs = step.get("decode") if isinstance(step, dict) else None
        for dialect, options in codecs.items() if isinstance(codecs, dict) else ():
            if dialect in ("x12", "edifact"):
                yield dialect, options if isinstance(options, dict) else {"guide": options} if options else {}


def _guides(desk: Desk, dialect: str, options: Mapping[str, Any], agreement: Any) -> Iterator[Guide]:
    if options.get("guide"):
        yield desk.guide(str(options["guide"]))
        return
    grammars = grammars_of(desk.context, dialect)
    for number in map(str, options.get("sets") or agreement.documents):
        document = agreement.document(number)
        if document and document.guide:
            yield desk.guide(document.guide)
        elif found := grammars.find(number, agreement.version):
            yield Guide(found)


def _file(dialect: str, guide: Guide, agreement: Any) -> bytes:
    """Return an interchange with the sample, from the partner to us."""
    grammar = guide.grammar
    theirs = agreement.model_copy(update={"ours": agreement.theirs, "theirs": agreement.ours})
    number = int(time.time()) % 1_000_000_000
    if dialect == "x12":
        from crossdock_transformers.x12 import write as x12

        segments = written(Sampler(guide).plan(), grammar, x12.delimiters_of(theirs, grammar.version)).segments
        return x12.Letter(theirs, grammar.number, grammar.group, grammar.version, [segments]).render(number, time.time())
    from crossdock_transformers.edifact import write as edifact

    segments = written(Sampler(guide).plan(), grammar, edifact.delimiters_of(theirs)).segments
    identifier = edifact.Identifier(grammar.number, grammar.version, theirs.association)
    return edifact.Letter(theirs, identifier, [segments]).render(number, time.time())
