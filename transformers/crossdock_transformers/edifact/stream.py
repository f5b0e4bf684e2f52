"""A decoded file as a stream of messages, closed by a CONTRL for each interchange where one is agreed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crossdock.core.clock import Clock
from crossdock.core.message import BODY_TYPE, Numbered
from crossdock.core.outcome import Claim, Closing, Delivery
from crossdock.core.partner import EdifactAgreement, Partner
from crossdock.core.spec import Part
from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_edifact import EDIFACT
from crossdock_transformers.edi.reading import Reading, Transaction
from crossdock_transformers.edifact.acknowledge import RECEIVED, Report
from crossdock_transformers.edifact.envelope import Group, Interchange, Survey
from crossdock_transformers.edifact.header import Header
from crossdock_transformers.edifact.messages import MessageReader
from crossdock_transformers.edifact.write import Identifier, Letter, delimiters_of

CONTENT_TYPE = "application/edifact"
"""RFC 1767."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """With whom a file is exchanged. `answered` says that the partner has had its CONTRL already."""

    partner: Partner
    agreement: EdifactAgreement
    clock: Clock
    answered: bool = False
    where: str = ""


class Messages:
    """The messages of a file (`core.spec.Stream`); one at a time is in memory.

    `finish` needs the verdicts of a whole pass of `parts`; where there was none it makes one.
    """

    unit = "messages"

    def __init__(self, data: bytes, survey: Survey, reading: Reading, correspondence: Correspondence) -> None:
        self._data = data
        self._survey = survey
        self._reading = reading
        self._with = correspondence
        self._reports: list[Report] | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """One claim an interchange: sender, receiver and control reference may occur once in the agreed window."""
        if self._with.answered:
            return ()
        return tuple(self._claim(one.header) for one in self._survey.interchanges)

    def _claim(self, head: Header) -> Claim:
        window = self._with.agreement.duplicate_window
        what = f"interchange {head.control}"
        return Claim(f"edifact/{self._with.partner.name}", _identity(head), what, window)

    def parts(self) -> Iterator[Part]:
        """Yield each message, decoded or with its error."""
        self._reports = None
        reports: list[Report] = []
        for interchange in self._survey.interchanges:
            report = Report(interchange)
            reports.append(report)
            reader = MessageReader(self._data, interchange, self._reading)
            for group in interchange.groups:
                for message in reader.read(group):
                    report.add(group, message)
                    yield _part(interchange, group, message, self._with.partner.name)
        self._reports = reports

    def finish(self) -> Closing:
        """Return the CONTRLs to send, and a note of what was not read or is wrong with an envelope."""
        if self._reports is None:
            for _ in self.parts():
                pass
        reports = self._reports or []
        agreed = self._with.agreement.acknowledge != "none" and not self._with.answered
        return Closing(tuple(self._answer(one) for one in reports if agreed and one.answerable), note=self._note())

    def _answer(self, report: Report) -> Delivery:
        agreement, clock, partner = self._with.agreement, self._with.clock, self._with.partner
        action = RECEIVED if agreement.acknowledge == "receipt" else ""
        segments = list(report.segments(delimiters_of(agreement), action))
        letter = Letter(agreement, Identifier("CONTRL", ""), [segments])
        head = report.interchange.header
        body = Numbered(
            scope=scope_of(partner.name),
            render=lambda number: letter.render(number, clock.now()),
            name=lambda number: f"CONTRL-{_safe(head.control)}-{number}.edi",
            content_type=CONTENT_TYPE,
        )
        key = f"CONTRL/{_identity(head)}"
        return Delivery(f"partner:{partner.name}", body, key=key, content_type=CONTENT_TYPE, where=self._with.where)

    def _note(self) -> str:
        notes = [self._survey.junk]
        for one in self._survey.interchanges:
            notes += [f"interchange {one.header.control}: {one.blame.message}"] if one.blame else []
            notes += [f"group {group.control}: {group.blame.message}" for group in one.groups if group.blame]
        return "; ".join(filter(None, notes))


def scope_of(partner: str) -> str:
    """Return the name of a partner's sequence of interchange control references."""
    return f"edifact/{partner}"


def _safe(control: str) -> str:
    """Return a reference as it may stand in a file's name: it is the sender's text."""
    return "".join(one if one.isascii() and one.isalnum() else "_" for one in control[:14])


def _identity(head: Header) -> str:
    return "/".join((head.sender[1], head.sender[0], head.receiver[1], head.receiver[0], head.control))


def _part(interchange: Interchange, group: Group, message: Transaction, partner: str) -> Part:
    keys = {"interchange": interchange.header.control, "message": message.control}
    if group.control:
        keys["group"] = group.control
    keys.update(message.keys)
    if message.error is not None:
        return Part(None, keys, message.error, message.raw, CONTENT_TYPE)
    links = links_of(EDIFACT, message.set, message.body, partner, "in")
    return Part(message.body, keys, content_type=BODY_TYPE, links=links)
