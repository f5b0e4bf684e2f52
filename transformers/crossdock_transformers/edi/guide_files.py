"""Samples of a guide as whole files: in an envelope, with a name each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from crossdock.core.partner import EdifactAgreement, EdifactIdentity, Partner, X12Agreement, X12Identity
from crossdock_transformers.edi.bad_samples import Bad, bad_samples
from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.guide import Guide, Term
from crossdock_transformers.edi.sample import Sampler, Written, written
from crossdock_transformers.edi.sample_totals import settled
from crossdock_transformers.edi.values import Delimiters

if TYPE_CHECKING:
    from crossdock_transformers.edifact import write as edifact
    from crossdock_transformers.x12 import write as x12

MOMENT: Final = datetime(2026, 10, 15, 9, 30, tzinfo=UTC).timestamp()
"""When all samples were made: the same guide makes the same bytes."""
_NOBODY: Final = X12Agreement(
    theirs=X12Identity(qualifier="ZZ", id="PARTNER"), ours=X12Identity(qualifier="ZZ", id="US"), usage="T"
)
_NIEMAND: Final = EdifactAgreement(
    theirs=EdifactIdentity(qualifier="ZZZ", id="PARTNER"), ours=EdifactIdentity(qualifier="ZZZ", id="US"), usage="T"
)


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A sample as a file; `fault` is what the codec refuses it for, None for the valid one."""

    name: str
    text: str
    about: str = ""
    place: str = ""
    fault: Fault | None = None

    def record(self) -> dict[str, Any]:
        """Return it as plain data."""
        one = self.fault
        fault = {"code": f"{one.kind}-{one.code}", "where": one.where, "message": one.message} if one else None
        return {"file": self.name, "rule": self.about, "source": self.place, "text": self.text, "refused_for": fault}


@dataclass(frozen=True, slots=True)
class Samples:
    """All samples of a guide. `faults` are what is wrong with the valid one; `without` the terms that have no bad one."""

    valid: SampleFile
    bad: Sequence[SampleFile]
    faults: Sequence[Fault]
    without: Sequence[Term]


def samples(guide: Guide, partners: Mapping[str, Partner], *, sent: bool = False) -> Samples:
    """Return a guide's samples as the partner sends them, or as we do where `sent`."""
    envelope = Envelope(guide, partners.get(guide.partner), sent=sent)
    valid = written(settled(Sampler(guide)), guide.grammar, envelope.delimiters)
    bad, without = bad_samples(guide, envelope.delimiters) if not valid.faults else ([], [])
    found = [_file(guide, envelope, one) for one in bad]
    return Samples(SampleFile(f"{guide.name}.valid.edi", envelope.around(valid)), found, valid.faults, without)


def _file(guide: Guide, envelope: Envelope, bad: Bad) -> SampleFile:
    term = bad.term
    about = f"rule {term.value}" if term.kind == "rule" else f"{term.about} {term.kind}"
    return SampleFile(f"{guide.name}.bad.{bad.name}.edi", envelope.around(bad.written), about, term.place.short, bad.fault)


class Envelope:
    """The envelope of samples, by the partner's agreement where there is one."""

    def __init__(self, guide: Guide, partner: Partner | None, *, sent: bool) -> None:
        self._grammar = guide.grammar
        self._x12 = _turned((partner.x12 if partner else None) or _NOBODY, sent)
        self._edifact = _turned((partner.edifact if partner else None) or _NIEMAND, sent)

    @property
    def delimiters(self) -> Delimiters:
        """The delimiters of the samples."""
        from crossdock_transformers.edifact import write as edifact
        from crossdock_transformers.x12 import write as x12

        if self._grammar.dialect.key == "edifact":
            return edifact.delimiters_of(self._edifact)
        return x12.delimiters_of(self._x12, self._grammar.version)

    def around(self, sample: Written) -> str:
        """Return a sample in its envelope, a segment a line."""
        return self._letter(sample).render(4711, MOMENT).decode().rstrip("\n") + "\n"

    def _letter(self, sample: Written) -> x12.Letter | edifact.Letter:
        from crossdock_transformers.edifact import write as edifact
        from crossdock_transformers.x12 import write as x12

        grammar = self._grammar
        if grammar.dialect.key == "edifact":
            identifier = edifact.Identifier(grammar.number, grammar.version, self._edifact.association)
            return edifact.Letter(self._edifact, identifier, [sample.segments])
        return x12.Letter(self._x12, grammar.number, grammar.group, grammar.version, [sample.segments])


Some = TypeVar("Some", X12Agreement, EdifactAgreement)


def _turned(agreed: Some, sent: bool) -> Some:
    """Return an agreement as the sender of the samples has it, with a segment a line."""
    ours, theirs = (agreed.ours, agreed.theirs) if sent else (agreed.theirs, agreed.ours)
    return agreed.model_copy(update={"ours": ours, "theirs": theirs, "segment_terminator": f"{agreed.segment_terminator[0]}\n"})
