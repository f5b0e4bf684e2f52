"""Samples of a guide as whole files: in an envelope, with a name each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from crossdock.core.errors import Refusal
from crossdock.core.partner import Partner, X12Agreement, X12Identity
from crossdock_transformers.edi.bad_samples import Bad, bad_samples
from crossdock_transformers.edi.faults import Fault
from crossdock_transformers.edi.guide import Guide, Term
from crossdock_transformers.edi.sample import Sampler, Written, written
from crossdock_transformers.edi.values import Delimiters

MOMENT: Final = datetime(2026, 10, 15, 9, 30, tzinfo=UTC).timestamp()
"""When all samples were made: the same guide makes the same bytes."""
_NOBODY: Final = X12Agreement(
    theirs=X12Identity(qualifier="ZZ", id="PARTNER"), ours=X12Identity(qualifier="ZZ", id="US"), usage="T"
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
    valid = written(Sampler(guide).plan(), guide.grammar, envelope.delimiters)
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
        self._guide = guide
        self.agreement = self._agreement(partner.x12 if partner else None, sent)

    def _agreement(self, agreed: X12Agreement | None, sent: bool) -> X12Agreement:
        found = agreed or _NOBODY
        ours, theirs = (found.ours, found.theirs) if sent else (found.theirs, found.ours)
        return found.model_copy(update={"ours": ours, "theirs": theirs, "segment_terminator": f"{found.segment_terminator[0]}\n"})

    @property
    def delimiters(self) -> Delimiters:
        """The delimiters of the samples."""
        if self._guide.grammar.dialect.key != "x12":
            raise Refusal("samples are made of X12 sets only")
        from crossdock_transformers.x12.write import delimiters_of

        return delimiters_of(self.agreement, self._guide.grammar.version)

    def around(self, sample: Written) -> str:
        """Return a sample in its envelope, a segment a line."""
        from crossdock_transformers.x12.write import Letter

        grammar = self._guide.grammar
        letter = Letter(self.agreement, grammar.number, grammar.group, grammar.version, [sample.segments])
        return letter.render(4711, MOMENT).decode().rstrip("\n") + "\n"
