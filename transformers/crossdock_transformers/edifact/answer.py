"""With whom a file is exchanged, and the CONTRLs that go back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crossdock.core.clock import Clock
from crossdock.core.exchange import Exchange
from crossdock.core.message import Numbered
from crossdock.core.outcome import Delivery
from crossdock.core.partner import EdifactAgreement, Partner
from crossdock_transformers.edi import agreed
from crossdock_transformers.edifact.acknowledge import RECEIVED, Report
from crossdock_transformers.edifact.envelope import Blame, Interchange
from crossdock_transformers.edifact.header import Header
from crossdock_transformers.edifact.write import Identifier, Letter, delimiters_of

CONTENT_TYPE: Final = "application/edifact"
"""RFC 1767."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """With whom a file is exchanged. `answered` says that the partner has had its CONTRL already."""

    partner: Partner
    agreement: EdifactAgreement
    clock: Clock
    answered: bool = False
    where: str = ""

    @property
    def answers(self) -> bool:
        """Whether interchanges are answered."""
        return self.agreement.acknowledge != "none" and not self.answered

    def answer(self, report: Report) -> Delivery:
        """Return the CONTRL for an interchange."""
        return self._control(report, RECEIVED if self.agreement.acknowledge == "receipt" else "")

    def refusal(self, interchange: Interchange) -> Delivery:
        """Return the CONTRL that refuses a second copy of an interchange (26)."""
        return self.refused(interchange.header, Blame("26", "this interchange came before"), "again-")

    def refused(self, header: Header, blame: Blame, note: str = "refused-") -> Delivery:
        """Return the CONTRL that refuses an interchange for what is wrong with its envelope, or with who it says it is from."""
        return self._control(Report(Interchange(header, [], blame=blame)), "", note)

    def _control(self, report: Report, action: str, note: str = "") -> Delivery:
        agreement, clock, name = self.agreement, self.clock, self.partner.name
        segments = list(report.segments(delimiters_of(agreement), action))
        letter = Letter(agreement, Identifier("CONTRL", ""), [segments])
        head = report.interchange.header
        body = Numbered(
            scope=scope_of(name),
            render=lambda number: letter.render(number, clock.now()),
            name=lambda number: f"CONTRL-{_safe(head.control)}-{number}.edi",
            content_type=CONTENT_TYPE,
            exchanges=lambda number: (exchange_out(name, agreement, Identifier("CONTRL", agreement.version), number),),
        )
        key = f"CONTRL/{note}{identity(head)}"
        return Delivery(f"partner:{name}", body, key=key, content_type=CONTENT_TYPE, where=self.where)


def exchange_out(
    partner: str,
    agreement: EdifactAgreement,
    what: Identifier,
    number: int,
    keys: Mapping[str, str] | None = None,
    at: int = 1,
) -> Exchange:
    """Return a document that is sent as the `at`th of its interchange."""
    numbers = {"interchange": str(number), "group": "", "transaction": str(at)}
    return agreed.sent("edifact", partner, agreement, what.type, **numbers, version=what.version, keys=keys or {})


def scope_of(partner: str) -> str:
    """Return the name of a partner's sequence of interchange control references."""
    return f"edifact/{partner}"


def identity(head: Header) -> str:
    """Return what an interchange is known by."""
    return "/".join((head.sender[1], head.sender[0], head.receiver[1], head.receiver[0], head.control))


def _safe(control: str) -> str:
    """Return a reference as it may stand in a file's name: it is the sender's text."""
    return "".join(one if one.isascii() and one.isalnum() else "_" for one in control[:14])
