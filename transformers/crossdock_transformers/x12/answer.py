"""The answers to what a partner sent: a 997 or 999 for each functional group, a TA1 for an interchange, as was agreed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crossdock.core.clock import Clock
from crossdock.core.exchange import Exchange
from crossdock.core.message import Numbered
from crossdock.core.outcome import Delivery
from crossdock.core.partner import Partner, X12Agreement
from crossdock_transformers.edi import agreed
from crossdock_transformers.x12.acknowledge import FORMS, Report
from crossdock_transformers.x12.header import Header
from crossdock_transformers.x12.ta1 import Glimpse, Notice, glimpse
from crossdock_transformers.x12.write import Letter, delimiters_of

CONTENT_TYPE = "application/edi-x12"
"""RFC 1767."""

FIRST_999 = "005010"
"""The version in which a 999 is sent where an older one was agreed: none has it before."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """With whom a file is exchanged. `answered` says that the partner has had its acknowledgment already."""

    partner: Partner
    agreement: X12Agreement
    clock: Clock
    answered: bool = False
    where: str = ""

    def functional(self, head: Header, report: Report) -> Delivery:
        """Return the 997 or 999 of a group."""
        form = FORMS[self.agreement.acknowledge]
        version = self.agreement.version
        if form.set == "999" and version < FIRST_999:
            version = FIRST_999
        segments = list(report.segments(delimiters_of(self.agreement, version), form))
        letter = Letter(self.agreement, form.set, "FA", version, [segments])
        key = f"{form.set}/{identity(head)}/{report.group.control}"
        return self._delivery(form.set, letter.render, head.control, key, version)

    def interchange(self, about: Glimpse, code: str, note: str = "000") -> Delivery:
        """Return the TA1 of an interchange."""
        notice = Notice(self.agreement, about, code, note)
        parties = (about.sender_qualifier, about.sender, about.receiver_qualifier, about.receiver)
        key = "/".join(("TA1", *parties, about.control, code, note))
        return self._delivery("TA1", notice.render, about.control, key, self.agreement.version)

    def _delivery(self, document: str, render: Callable[[int, float], bytes], control: str, key: str, version: str) -> Delivery:
        partner, agreement, clock = self.partner.name, self.agreement, self.clock

        def known(number: int) -> tuple[Exchange, ...]:
            return (exchange_out(partner, agreement, document, number, version),)

        body = Numbered(
            scope=scope_of(partner),
            render=lambda number: render(number, clock.now()),
            name=lambda number: f"{document}-{control}-{number:09d}.edi",
            content_type=CONTENT_TYPE,
            exchanges=known,
        )
        return Delivery(f"partner:{partner}", body, key=key, content_type=CONTENT_TYPE, where=self.where)


def exchange_out(
    partner: str,
    agreement: X12Agreement,
    document: str,
    number: int,
    version: str,
    keys: Mapping[str, str] | None = None,
    at: int = 1,
) -> Exchange:
    """Return a document that is sent as the `at`th of its interchange."""
    group, transaction = ("", "") if document == "TA1" else (str(number), f"{at:04d}")
    return agreed.sent(
        "x12",
        partner,
        agreement,
        document,
        interchange=f"{number:09d}",
        group=group,
        transaction=transaction,
        version=version,
        keys=dict(keys or {}),
    )


def scope_of(partner: str) -> str:
    """Return the name of a partner's sequence of interchange control numbers."""
    return f"x12/{partner}"


def identity(head: Header) -> str:
    """Return what an interchange is known by."""
    return "/".join((head.sender_qualifier, head.sender, head.receiver_qualifier, head.receiver, head.control))


def seen(head: Header) -> Glimpse:
    """Return a header as a TA1 answers it."""
    found = glimpse(head.raw)
    assert found is not None  # it was read completely
    return found
