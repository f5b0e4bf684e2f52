"""A decoded file as a stream of transactions, closed by the functional acknowledgments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from crossdock.core.clock import Clock
from crossdock.core.message import BODY_TYPE, Numbered
from crossdock.core.outcome import Claim, Closing, Delivery
from crossdock.core.partner import Partner, X12Agreement
from crossdock.core.spec import Part
from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_x12 import X12
from crossdock_transformers.x12.acknowledge import Report
from crossdock_transformers.x12.envelope import Group, Header, Interchange, Survey
from crossdock_transformers.x12.transactions import GroupReader, Reading, Transaction
from crossdock_transformers.x12.write import Letter, delimiters_of

CONTENT_TYPE = "application/edi-x12"
"""RFC 1767."""

_NEVER_ANSWERED = "FA"
"""A functional group of acknowledgments is not acknowledged itself."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """With whom a file is exchanged. `answered` says that the partner has had its acknowledgment already."""

    partner: Partner
    agreement: X12Agreement
    clock: Clock
    answered: bool = False
    where: str = ""


class Transactions:
    """The transactions of a file (`core.spec.Stream`); one at a time is in memory.

    `finish` needs the verdicts of a whole pass of `parts`; where there was none it makes one.
    """

    unit = "transactions"

    def __init__(self, data: bytes, survey: Survey, reading: Reading, correspondence: Correspondence) -> None:
        self._data = data
        self._survey = survey
        self._reading = reading
        self._with = correspondence
        self._reports: list[tuple[Header, Report]] | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """One claim an interchange: sender, receiver and control number may occur once."""
        if self._with.answered:
            return ()
        return tuple(_claim(one.header, self._with.partner.name) for one in self._survey.interchanges)

    def parts(self) -> Iterator[Part]:
        """Yield each transaction, decoded or with its error."""
        self._reports = None
        reports: list[tuple[Header, Report]] = []
        for interchange in self._survey.interchanges:
            for group in interchange.groups:
                report = Report(group)
                reports.append((interchange.header, report))
                for transaction in GroupReader(self._data, interchange, group, self._reading).read():
                    report.add(transaction)
                    yield _part(interchange, group, transaction, self._with.partner.name)
        self._reports = reports

    def finish(self) -> Closing:
        """Return the acknowledgments to send, and a note of what was not read."""
        if self._reports is None:
            for _ in self.parts():
                pass
        reports = self._reports or []
        answer = self._with.agreement.acknowledge != "none" and not self._with.answered
        wanted = [(head, report) for head, report in reports if answer and report.group.function != _NEVER_ANSWERED]
        return Closing(tuple(self._answer(head, report) for head, report in wanted), note=self._note(reports))

    def _answer(self, head: Header, report: Report) -> Delivery:
        agreement, clock, partner = self._with.agreement, self._with.clock, self._with.partner
        version = agreement.version
        segments = list(report.segments(delimiters_of(agreement)))
        letter = Letter(agreement, "997", "FA", version, [segments])
        body = Numbered(
            scope=scope_of(partner.name),
            render=lambda number: letter.render(number, clock.now()),
            name=lambda number: f"997-{head.control}-{number:09d}.edi",
            content_type=CONTENT_TYPE,
        )
        key = f"997/{_identity(head)}/{report.group.control}"
        return Delivery(f"partner:{partner.name}", body, key=key, content_type=CONTENT_TYPE, where=self._with.where)

    def _note(self, reports: list[tuple[Header, Report]]) -> str:
        faults = (f"functional group {one.group.control}: {one.group.fault[1]}" for _, one in reports if one.group.fault)
        return "; ".join(chain(filter(None, [self._survey.junk]), faults))


def scope_of(partner: str) -> str:
    """Return the name of a partner's sequence of interchange control numbers."""
    return f"x12/{partner}"


def _identity(head: Header) -> str:
    return "/".join((head.sender_qualifier, head.sender, head.receiver_qualifier, head.receiver, head.control))


def _claim(head: Header, partner: str) -> Claim:
    return Claim(f"x12/{partner}", _identity(head), f"interchange {head.control}")


def _part(interchange: Interchange, group: Group, transaction: Transaction, partner: str) -> Part:
    keys = {"interchange": interchange.header.control, "group": group.control, "transaction": transaction.control}
    keys.update(transaction.keys)
    if transaction.error is not None:
        return Part(None, keys, transaction.error, transaction.raw, CONTENT_TYPE)
    links = links_of(X12, transaction.set, transaction.body, partner, "in")
    return Part(transaction.body, keys, content_type=BODY_TYPE, links=links)
