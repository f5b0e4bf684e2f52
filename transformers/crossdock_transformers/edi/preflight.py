"""Pre-flight: what is looked at in a document before it leaves, beyond its grammar. Every check has a name (`core.preflight`).

encode ── preflight ─┬─ hierarchy     HL and CPS          hierarchy.py
                     ├─ sscc gtin gln check digits        check_digits.py
                     ├─ balance       an invoice's sums   balance.py
                     ├─ line_count hash_total             totals.py
                     ├─ usage         test or production  here
                     └─ duplicate_invoice                 here, as a claim that is taken when the document is committed
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from crossdock.core.errors import Finding, Rejected
from crossdock.core.outcome import Claim
from crossdock.core.preflight import ALWAYS
from crossdock_transformers.edi.balance import balance
from crossdock_transformers.edi.check_digits import glns, gtins, ssccs
from crossdock_transformers.edi.hierarchy import hierarchy
from crossdock_transformers.edi.outgoing import Check, Outgoing, at
from crossdock_transformers.edi.totals import hash_total, line_count

REISSUES: Final = ("05", "06", "07", "5", "6", "7", "31")
"""Purposes (BIG08, BGM 1225) of an invoice that is sent again on purpose: replacement, confirmation, duplicate, copy."""


def usage(document: Outgoing) -> Iterator[Finding]:
    """Yield a document marked production in an environment for tests."""
    if document.testing and document.usage == "P":
        message = "a test environment can't send what is marked production: 'P' stands where 'T' was expected"
        where = "ISA15 (usage)" if document.dialect == "x12" else "UNB 0035 (test indicator)"
        yield Finding("preflight-usage", message, where, document.usage)


CHECKS: Final[Mapping[str, Check]] = {
    "hierarchy": hierarchy,
    "sscc": ssccs,
    "gtin": gtins,
    "gln": glns,
    "balance": balance,
    "line_count": line_count,
    "hash_total": hash_total,
    "usage": usage,
}

ADVICE: Final[Mapping[str, str]] = {
    "usage": "agree on `usage: T` for this environment in the partner's file: `environments: { test: { x12: { usage: T } } }`",
    "sscc": "correct the number where it is kept; the last digit follows from the others",
    "gtin": "correct the number where it is kept; the last digit follows from the others",
    "gln": "correct the number where it is kept; the last digit follows from the others",
}


def inspect(document: Outgoing, skip: Collection[str] = ()) -> list[Finding]:
    """Return what all checks that are not skipped find; some can't be."""
    left_out = {*skip}.difference(ALWAYS)
    return [finding for name, check in CHECKS.items() if name not in left_out for finding in check(document)]


def preflight(document: Outgoing, skip: Collection[str] = ()) -> None:
    """Refuse a document that the partner could not use; raises Rejected with every finding."""
    findings = inspect(document, skip)
    if not findings:
        return
    first = findings[0]
    name = first.code.removeprefix("preflight-")
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    advice = ADVICE.get(name, "correct the map or the document that it was made from")
    raise Rejected(
        f"the {document.set} must not leave: {first.message}{more}",
        code=first.code,
        where=first.where,
        advice=advice
        + ("" if name in ALWAYS else f"; if this is as agreed, leave the check out with `preflight: {{skip: [{name}]}}`"),
        findings=findings,
    )


def claims_of(document: Outgoing, skip: Collection[str] = ()) -> tuple[Claim, ...]:
    """Return what may be sent once: the number of an invoice, unless it says that it is sent again on purpose."""
    number, purpose = _invoice(document)
    if not number or purpose in REISSUES or "duplicate_invoice" in skip:
        return ()
    what = f"invoice {number} to {document.partner}"
    return (Claim(f"invoice/{document.partner}", number, what, verb="sent", fails=True),)


def _invoice(document: Outgoing) -> tuple[str, str]:
    if document.dialect == "x12" and document.set == "810":
        head = document.first("BIG")
        return at(head, 2), at(head, 8)
    if document.dialect == "edifact" and document.set == "INVOIC":
        head = document.first("BGM")
        return at(head, 2, 1), at(head, 3)
    return "", ""
