"""Writes EDIFACT: a decoded body to segments, and segments into an interchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from crossdock.core.partner import EdifactAgreement, EdifactIdentity
from crossdock_transformers.edi.grammar import TransactionSet
from crossdock_transformers.edi.values import Delimiters
from crossdock_transformers.edi.write import Paper, Segments, closed, joined, trimmed, written
from crossdock_transformers.edifact.characters import ENCODINGS, characters_of
from crossdock_transformers.edifact.dialect import DIALECT
from crossdock_transformers.edifact.repeats import gathered

LAST_NUMBER: Final = 99_999_999_999_999
"""The greatest interchange control reference (14 characters); then they begin again at 1."""

_SERVICE_MESSAGES: Final = {"4": ("4", "1"), "3": ("D", "3")}
"""UNH 0052 and 0054 of a CONTRL, by syntax version; before 3 it is 2 and 2."""


def delimiters_of(agreement: EdifactAgreement) -> Delimiters:
    """Return the service characters that we write to a partner."""
    return Delimiters(
        element=agreement.element_separator,
        component=agreement.component_separator,
        segment=agreement.segment_terminator[0],
        repetition=agreement.repetition_separator if agreement.syntax_version == "4" else "",
        release=agreement.release_character,
        mark=agreement.decimal_mark,
        characters=characters_of(agreement.syntax),
    )


def encoding_of(agreement: EdifactAgreement) -> str:
    """Return the encoding of what we write to a partner."""
    return ENCODINGS[agreement.syntax]


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a message is (UNH S009)."""

    type: str
    version: str
    association: str = ""

    def parts(self, syntax_version: str) -> list[str]:
        """Return the components; a CONTRL is of the syntax and not of a directory."""
        if self.type in DIALECT.services:
            return [self.type, *_SERVICE_MESSAGES.get(syntax_version, ("2", "2")), "UN"]
        return trimmed([self.type, self.version[:1], self.version[1:], "UN", self.association])


def encode_message(
    body: Any, grammar: TransactionSet, delimiters: Delimiters, encoding: str = "utf-8", syntax_version: str = "3"
) -> list[list[str]]:
    """Return a body in the decoded shape as segments without UNH and UNT; raises Rejected with every fault and its path."""
    header = _header(Identifier(grammar.number, grammar.version), "1", delimiters, syntax_version)
    return [list(gathered(one, delimiters)) for one in written(body, grammar, Paper(delimiters, header, encoding))]


def _header(identifier: Identifier, reference: str, delimiters: Delimiters, syntax_version: str) -> list[str]:
    return ["UNH", reference, _composite(delimiters, *identifier.parts(syntax_version))]


def _composite(delimiters: Delimiters, *parts: str) -> str:
    return delimiters.component.join(map(delimiters.released, trimmed(parts)))


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes into one interchange: messages of one type, to one partner."""

    agreement: EdifactAgreement
    identifier: Identifier
    messages: Sequence[Segments]

    def render(self, number: int, seconds: float) -> bytes:
        """Return the interchange with a control reference, dated in UTC; nothing follows the last segment terminator."""
        agreement = self.agreement
        delimiters = delimiters_of(agreement)
        now = datetime.fromtimestamp(seconds, UTC)
        text = joined(self._segments(delimiters, str((number - 1) % LAST_NUMBER + 1), now), delimiters)
        if len(agreement.segment_terminator) > 1:
            text = self._in_lines(delimiters, str((number - 1) % LAST_NUMBER + 1), now)
        return text.encode(encoding_of(agreement))

    def _in_lines(self, delimiters: Delimiters, control: str, now: datetime) -> str:
        ends = self.agreement.segment_terminator
        lines = [delimiters.element.join(segment) for segment in self._segments(delimiters, control, now)]
        return ends.join(lines) + ends[0]

    def _segments(self, delimiters: Delimiters, control: str, now: datetime) -> Iterator[Sequence[str]]:
        agreement = self.agreement
        if agreement.una:
            yield [_advice(delimiters)]
        syntax = _composite(delimiters, agreement.syntax, agreement.syntax_version)
        parties = (_party(agreement.ours, delimiters), _party(agreement.theirs, delimiters))
        day = f"{now:%Y%m%d}" if agreement.syntax_version == "4" else f"{now:%y%m%d}"
        test = "1" if agreement.usage == "T" else ""
        moment = _composite(delimiters, day, f"{now:%H%M}")
        yield trimmed(["UNB", syntax, *parties, moment, control, "", "", "", "", "", test])
        for index, segments in enumerate(self.messages, start=1):
            header = _header(self.identifier, str(index), delimiters, agreement.syntax_version)
            yield from closed(header, segments, DIALECT)
        yield ["UNZ", str(len(self.messages)), control]


def _advice(delimiters: Delimiters) -> str:
    """Return the UNA without its segment terminator."""
    reserved = delimiters.repetition or " "
    return f"UNA{delimiters.component}{delimiters.element}{delimiters.mark[0]}{delimiters.release or ' '}{reserved}"


def _party(identity: EdifactIdentity, delimiters: Delimiters) -> str:
    return _composite(delimiters, identity.id, identity.qualifier, identity.internal)
