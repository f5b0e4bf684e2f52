"""A decoded file as a stream of transactions, closed by the functional acknowledgments.

An acknowledgment among them is read for what it says of what we sent. It does not go on through the route, unless the route asks
for its set by name (`sets: ["997"]`), and it is never acknowledged itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain, repeat

from crossdock.core.blob import Data
from crossdock.core.chain import Link
from crossdock.core.exchange import Exchange
from crossdock.core.message import BODY_TYPE
from crossdock.core.outcome import Claim, Closing, Delivery
from crossdock.core.spec import SKIPPED, Part
from crossdock_transformers.edi import agreed
from crossdock_transformers.edi.again import named, repeated
from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_x12 import X12
from crossdock_transformers.edi.reading import MOST_BYTES, Reading, Transaction
from crossdock_transformers.x12.acknowledge import Report
from crossdock_transformers.x12.answer import CONTENT_TYPE, Correspondence, identity, scope_of, seen
from crossdock_transformers.x12.envelope import Group, Interchange, Survey
from crossdock_transformers.x12.header import BadEnvelope, Header
from crossdock_transformers.x12.settle import SETS, Teller
from crossdock_transformers.x12.transactions import GroupReader

_NEVER_ANSWERED = "FA"
"""A functional group of acknowledgments is not acknowledged itself."""


class Transactions:
    """The transactions of a file (`core.spec.Stream`); one at a time is in memory.

    `finish` needs the verdicts of a whole pass of `parts`; where there was none it makes one.
    """

    unit = "transactions"

    def __init__(self, data: Data, survey: Survey, reading: Reading, correspondence: Correspondence) -> None:
        self._data = data
        self._survey = survey
        self._reading = reading
        self._with = correspondence
        self._left_out = repeated([identity(one.header) if one.fault is None else "" for one in survey.interchanges])
        self._teller = Teller(correspondence.partner.name, reading.grammars, correspondence.agreement.version)
        self._reports: list[tuple[Header, Report]] | None = None

    @property
    def partner(self) -> str:
        """Who sent the file: by the channel, or by how it is signed."""
        return self._with.partner.name

    @property
    def claims(self) -> tuple[Claim, ...]:
        """One claim an interchange: sender, receiver and control number may occur once in the agreed window."""
        return () if self._with.answered else self._claims()

    def _claims(self) -> tuple[Claim, ...]:
        scope, window = f"x12/{self._with.partner.name}", self._with.agreement.duplicate_window
        heads = [one.header for one in self._survey.interchanges]
        return tuple(
            Claim(scope, identity(head), f"interchange {head.control}", window, part=at)
            for at, head in enumerate(heads, start=1)
            if self._survey.interchanges[at - 1].fault is None
        )

    def without(self, taken: Collection[tuple[str, str]]) -> Transactions:
        """Return the stream without the interchanges whose claims are taken."""
        left = Transactions(self._data, self._survey, self._reading, self._with)
        left._left_out |= named(self._claims(), taken)
        return left

    def _ours(self) -> list[Interchange]:
        """Return the interchanges that are not left out and can be used."""
        found = enumerate(self._survey.interchanges, start=1)
        return [one for at, one in found if at not in self._left_out and one.fault is None]

    def parts(self) -> Iterator[Part]:
        """Yield each transaction, decoded or with its error."""
        self._reports = None
        reports: list[tuple[Header, Report]] = []
        for at, interchange in enumerate(self._survey.interchanges, start=1):
            if at in self._left_out:
                yield from repeat(SKIPPED, interchange.size)
                continue
            if interchange.fault is not None:
                yield self._refused(interchange, interchange.fault)
                yield from repeat(SKIPPED, interchange.size - 1)
                continue
            for group in interchange.groups:
                report = Report(group, partial(self._context, group))
                reports.append((interchange.header, report))
                for transaction in GroupReader(self._data, interchange, group, self._reading).read():
                    report.add(transaction)
                    yield self._part(interchange, group, transaction)
        self._reports = reports

    def _refused(self, interchange: Interchange, fault: BadEnvelope) -> Part:
        """Return an interchange that can't be used as one part, to be repaired."""
        raw = self._data[interchange.start : interchange.end] if interchange.end - interchange.start <= MOST_BYTES else b""
        return Part(None, {"interchange": interchange.header.control}, fault, raw, CONTENT_TYPE)

    def _part(self, interchange: Interchange, group: Group, transaction: Transaction) -> Part:
        numbers = {"interchange": interchange.header.control, "group": group.control, "transaction": transaction.control}
        keys = {**numbers, **transaction.keys}
        if transaction.error is not None:
            exchange = self._exchange(transaction, numbers, group.version, ())
            return Part(None, keys, transaction.error, transaction.raw, CONTENT_TYPE, exchange=exchange)
        if transaction.set in SETS:
            return self._acknowledgment(transaction, keys, self._exchange(transaction, numbers, group.version, ()))
        links = links_of(X12, transaction.set, transaction.body, self._with.partner.name, "in")
        exchange = self._exchange(transaction, numbers, group.version, links)
        remarks = transaction.remarks
        tell = transaction.origin
        return Part(transaction.body, keys, content_type=BODY_TYPE, links=links, exchange=exchange, remarks=remarks, origin=tell)

    def _exchange(self, transaction: Transaction, numbers: Mapping[str, str], version: str, links: tuple[Link, ...]) -> Exchange:
        return agreed.received(
            "x12",
            self._with.partner.name,
            self._with.agreement,
            transaction.set,
            **numbers,
            version=version,
            keys=agreed.business_keys(transaction.keys, links),
            refused=transaction.error is not None,
        )

    def _acknowledgment(self, transaction: Transaction, keys: Mapping[str, str], exchange: Exchange) -> Part:
        """Return a 997 or 999; it goes on through the route where the route names it."""
        told = tuple(self._teller.functional(transaction.body))
        reading = self._reading
        if transaction.set in reading.sets or (reading.guide and reading.guide.number == transaction.set):
            return Part(transaction.body, keys, content_type=BODY_TYPE, exchange=exchange, settlements=told)
        raw = transaction.raw
        return Part(transaction.body, keys, None, raw, CONTENT_TYPE, exchange=exchange, settlements=told, passes=False)

    def _context(self, group: Group, transaction: Transaction) -> tuple[str, str]:
        """Return the element that holds a transaction's first business key, and its value."""
        grammar = self._reading.grammars.find(transaction.set, group.version)
        name, value = next(iter(transaction.keys.items()), ("", ""))
        path = grammar.keys.get(name) if grammar and name else None
        return (path[-1], value) if path else ("", "")

    def finish(self) -> Closing:
        """Return the acknowledgments to send, what the file's own TA1s say, and a note of what was not read."""
        if self._reports is None:
            for _ in self.parts():
                pass
        reports = self._reports or []
        settled = tuple(self._teller.interchange(ack) for one in self._ours() for ack in one.acks)
        remarks = tuple(one for interchange in self._ours() for one in interchange.eased)
        return Closing(tuple(self._answers(reports)), note=self._note(reports), settlements=settled, remarks=remarks)

    def _answers(self, reports: list[tuple[Header, Report]]) -> Iterator[Delivery]:
        agreement = self._with.agreement
        if self._with.answered:
            return
        if agreement.ta1 != "never":
            yield from self._notices()
        if agreement.acknowledge != "none":
            for head, report in reports:
                if report.group.function != _NEVER_ANSWERED and self._is_answered(report):
                    yield self._with.functional(head, report)

    def _is_answered(self, report: Report) -> bool:
        """A group of nothing but documents for which no acknowledgment was agreed gets none."""
        sets = {verdict.set for verdict in report.verdicts}
        return not sets or any(agreed.acknowledged(self._with.agreement, one) for one in sets)

    def _notices(self) -> Iterator[Delivery]:
        """Yield a TA1 for each interchange that holds more than acknowledgments."""
        for one in self._survey.interchanges:
            if one.fault is not None and not _only_answers(one):
                yield self._with.interchange(seen(one.header), "R", one.fault.note)
        last = self._survey.interchanges[-1]
        for one in self._ours():
            if _only_answers(one):
                continue
            if (self._survey.junk and one is last) or one.eased:
                yield self._with.interchange(seen(one.header), "E", "022")
            elif self._with.agreement.ta1 == "always":
                yield self._with.interchange(seen(one.header), "A")

    def refuse(self, claim: Claim) -> Closing:
        """Return the TA1 that refuses a second copy of an interchange, where one was agreed, and that copy."""
        if claim not in [replace(one, holder=claim.holder) for one in self._claims()]:
            return Closing()
        again = self._survey.interchanges[claim.part - 1]
        told = self._with.agreement.ta1 != "never" and not self._with.answered and not _only_answers(again)
        answer = (self._with.interchange(seen(again.header), "R", "025"),) if told else ()
        raw = self._data[again.start : again.end] if again.end - again.start <= MOST_BYTES else b""
        return Closing(answer, raw=raw, keys={"interchange": again.header.control})

    def _note(self, reports: list[tuple[Header, Report]]) -> str:
        faults = (f"functional group {one.group.control}: {one.group.fault[1]}" for _, one in reports if one.group.fault)
        return "; ".join(chain(filter(None, [self._survey.junk]), faults))


def _only_answers(interchange: Interchange) -> bool:
    return all(group.function == _NEVER_ANSWERED for group in interchange.groups)


__all__ = ["CONTENT_TYPE", "Correspondence", "Transactions", "scope_of"]
