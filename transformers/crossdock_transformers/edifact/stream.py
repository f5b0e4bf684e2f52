"""A decoded file as a stream of messages, closed by a CONTRL for each interchange where one is agreed.

A CONTRL among them is read for what it says of what we sent. It does not go on through the route, unless the route asks for it by
name (`sets: [CONTRL]`), and it is never answered itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import repeat

from crossdock.core.chain import Link
from crossdock.core.errors import Finding
from crossdock.core.exchange import Exchange
from crossdock.core.message import BODY_TYPE
from crossdock.core.outcome import Claim, Closing
from crossdock.core.spec import SKIPPED, Part
from crossdock_transformers.edi import agreed
from crossdock_transformers.edi.again import named, repeated
from crossdock_transformers.edi.chain import links_of
from crossdock_transformers.edi.chain_edifact import EDIFACT
from crossdock_transformers.edi.reading import Reading, Transaction
from crossdock_transformers.edifact.acknowledge import Report
from crossdock_transformers.edifact.answer import CONTENT_TYPE, Correspondence, identity, scope_of
from crossdock_transformers.edifact.dialect import DIALECT, canonical
from crossdock_transformers.edifact.envelope import Group, Interchange, Survey, only_answers
from crossdock_transformers.edifact.messages import MessageReader
from crossdock_transformers.edifact.settle import Teller


class Messages:
    """The messages of a file (`core.spec.Stream`); one at a time is in memory.

    `finish` needs the verdicts of a whole pass of `parts`; where there was none it makes one.
    """

    unit = "messages"

    def __init__(
        self, data: bytes, survey: Survey, reading: Reading, correspondence: Correspondence, eased: tuple[Finding, ...] = ()
    ) -> None:
        self._eased = eased
        self._data = data
        self._survey = survey
        self._reading = reading
        self._with = correspondence
        self._left_out = repeated([identity(one.header) for one in survey.interchanges])
        self._teller = Teller(correspondence.partner.name)
        self._reports: list[Report] | None = None

    @property
    def partner(self) -> str:
        """Who sent the file: by the channel, or by how it is signed."""
        return self._with.partner.name

    @property
    def claims(self) -> tuple[Claim, ...]:
        """One claim an interchange: sender, receiver and control reference may occur once in the agreed window."""
        return () if self._with.answered else self._claims()

    def _claims(self) -> tuple[Claim, ...]:
        scope, window = scope_of(self._with.partner.name), self._with.agreement.duplicate_window
        heads = [one.header for one in self._survey.interchanges]
        return tuple(
            Claim(scope, identity(head), f"interchange {head.control}", window, part=at) for at, head in enumerate(heads, start=1)
        )

    def without(self, taken: Collection[tuple[str, str]]) -> Messages:
        """Return the stream without the interchanges whose claims are taken."""
        left = Messages(self._data, self._survey, self._reading, self._with, self._eased)
        left._left_out |= named(self._claims(), taken)
        return left

    def parts(self) -> Iterator[Part]:
        """Yield each message, decoded or with its error."""
        self._reports = None
        reports: list[Report] = []
        for at, interchange in enumerate(self._survey.interchanges, start=1):
            if at in self._left_out:
                yield from repeat(SKIPPED, interchange.size)
                continue
            report = Report(interchange)
            reports.append(report)
            reader = MessageReader(self._data, interchange, self._reading)
            for group in interchange.groups:
                for message in reader.read(group):
                    report.add(group, message, answered=agreed.acknowledged(self._with.agreement, message.set))
                    yield self._part(interchange, group, message)
        self._reports = reports

    def _part(self, interchange: Interchange, group: Group, message: Transaction) -> Part:
        numbers = {"interchange": interchange.header.control, "group": group.control, "transaction": message.control}
        keys = {"interchange": interchange.header.control, "transaction": message.control}
        keys.update({"group": group.control} if group.control else {}, **message.keys)
        if message.error is not None:
            return Part(None, keys, message.error, message.raw, CONTENT_TYPE, exchange=self._exchange(message, numbers, ()))
        if message.set in DIALECT.services:
            return self._acknowledgement(message, keys, self._exchange(message, numbers, ()))
        links = links_of(EDIFACT, message.set, message.body, self._with.partner.name, "in")
        exchange = self._exchange(message, numbers, links)
        return Part(message.body, keys, content_type=BODY_TYPE, links=links, exchange=exchange, remarks=message.remarks)

    def _exchange(self, message: Transaction, numbers: Mapping[str, str], links: tuple[Link, ...]) -> Exchange:
        return agreed.received(
            "edifact",
            self._with.partner.name,
            self._with.agreement,
            message.set,
            **numbers,
            version=canonical(message.identifier.partition(":")[2]),
            keys=agreed.business_keys(message.keys, links),
            refused=message.error is not None,
        )

    def _acknowledgement(self, message: Transaction, keys: Mapping[str, str], exchange: Exchange) -> Part:
        """Return a CONTRL; it goes on through the route where the route names it."""
        told = tuple(self._teller.told(message.body))
        reading = self._reading
        wanted = message.set in reading.sets or (reading.guide is not None and reading.guide.number == message.set)
        return Part(message.body, keys, content_type=BODY_TYPE, exchange=exchange, settlements=told, passes=wanted)

    def finish(self) -> Closing:
        """Return the CONTRLs to send, and a note of what was not read or is wrong with an envelope."""
        if self._reports is None:
            for _ in self.parts():
                pass
        answerable = [one for one in self._reports or [] if self._with.answers and one.answerable]
        return Closing(tuple(self._with.answer(one) for one in answerable), note=self._note(), remarks=self._eased)

    def refuse(self, claim: Claim) -> Closing:
        """Return the CONTRL that refuses a second copy of an interchange, where interchanges are answered, and that copy."""
        if claim not in [replace(one, holder=claim.holder) for one in self._claims()]:
            return Closing()
        again = self._survey.interchanges[claim.part - 1]
        told = self._with.answers and not only_answers(self._data, again)
        answer = (self._with.refusal(again),) if told else ()
        raw = self._data[again.start : again.end]
        return Closing(answer, raw=raw, keys={"interchange": again.header.control})

    def _note(self) -> str:
        notes = [self._survey.junk]
        for one in self._survey.interchanges:
            notes += [f"interchange {one.header.control}: {one.blame.message}"] if one.blame else []
            notes += [f"group {group.control}: {group.blame.message}" for group in one.groups if group.blame]
        return "; ".join(filter(None, notes))


__all__ = ["CONTENT_TYPE", "Correspondence", "Messages", "scope_of"]
