"""What a partner's acknowledgment (997, 999, TA1) says of what we sent, as settlements with the reason in words.

AK1 group ┬ AK2 transaction ┬ AK3 segment ─ AK4 element      one settlement for each AK2
          │                 └ AK5 verdict
          └ AK9 verdict                                       one for whatever no AK2 names
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossdock.core.errors import Finding, Rejected
from crossdock.core.exchange import Settlement, Verdict
from crossdock_transformers.edi.grammar import Composite, Segment, TransactionSet
from crossdock_transformers.edi.load import Grammars
from crossdock_transformers.edi.values import shown
from crossdock_transformers.x12.ta1 import NOTES, faults_of

SETS: Final = frozenset({"997", "999"})
"""The sets that acknowledge."""

VERDICTS: Final = {"A": Verdict.ACKNOWLEDGED, "E": Verdict.ACKNOWLEDGED_WITH_ERRORS}
"""AK501 and AK901; anything else rejects."""

SEGMENT: Final = {
    "1": "the segment is not known",
    "2": "the segment was not expected here",
    "3": "a mandatory segment is missing",
    "4": "the loop occurs too often",
    "5": "the segment occurs too often",
    "6": "the segment is not in this transaction set",
    "7": "the segment is out of order",
    "8": "the segment has faulty elements",
    "I4": "the partner's guide doesn't use this segment",
    "I6": "a segment is missing that the partner's guide requires here",
    "I7": "the loop occurs less often than the partner's guide requires",
    "I8": "the segment occurs less often than the partner's guide requires",
    "I9": "the partner's guide forbids this segment here",
}
"""AK304 and IK304 in words."""

ELEMENT: Final = {
    "1": "a mandatory element is missing",
    "2": "an element is missing that others require",
    "3": "there are too many elements",
    "4": "the value is too short",
    "5": "the value is too long",
    "6": "the value holds an invalid character",
    "7": "the code is not valid",
    "8": "the date is not valid",
    "9": "the time is not valid",
    "10": "the element excludes another one",
    "12": "the element repeats too often",
    "13": "there are too many components",
    "I6": "the partner's guide doesn't use this code",
    "I9": "an element is missing that the partner's guide requires here",
    "I10": "the partner's guide doesn't use this element",
    "I11": "the element repeats less often than the partner's guide requires",
    "I12": "the value is not of the form that the partner's guide requires",
    "I13": "the partner's guide forbids this element here",
}
"""AK403 and IK403 in words."""

TRANSACTION: Final = {
    "1": "the transaction set is not supported",
    "2": "the trailer (SE) is missing",
    "3": "the control numbers of header and trailer differ",
    "4": "the number of segments is not right",
    "5": "segments are faulty",
    "6": "the transaction set's id is missing or not valid",
    "7": "the control number is missing or not valid",
    "18": "the implementation reference is not valid",
    "19": "the implementation reference is missing or not valid",
    "23": "the control number occurs twice in the group",
    "I5": "segments break the partner's guide",
    "I6": "the implementation is not supported",
}
"""AK502 and IK502 in words."""

GROUP: Final = {
    "1": "the functional group is not supported",
    "2": "the version is not supported",
    "3": "the group's trailer (GE) is missing",
    "4": "the control numbers of the group's header and trailer differ",
    "5": "the number of transactions is not right",
    "6": "the group's control number is not valid",
    "19": "the group's control number was used before",
}
"""AK905 in words."""

ADVICE: Final = "correct the document and send it again, or ask the partner"
MOST_TOLD: Final = 100
"""How many faults one settlement lists."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Reads a partner's acknowledgments, with our grammars to name what they point at."""

    partner: str
    grammars: Grammars
    version: str

    def functional(self, body: Mapping[str, Any]) -> Iterator[Settlement]:
        """Yield what a decoded 997 or 999 says."""
        by, group = str(body["set"]), _number(body["AK1"]["AK102"])
        responses: Sequence[Mapping[str, Any]] = body.get("AK2", ())
        told = [self._response(by, group, response) for response in responses]
        yield from told
        rest = self._rest(by, group, body["AK9"], told)
        if rest is not None:
            yield rest

    def _response(self, by: str, group: str, response: Mapping[str, Any]) -> Settlement:
        document, control = str(response["AK201"]), str(response["AK202"])
        tag = "AK5" if by == "997" else "IK5"
        trailer = response[tag]
        verdict = VERDICTS.get(trailer[f"{tag}01"], Verdict.REJECTED)
        findings = list(self._findings(by, document, response, trailer))
        error = None if verdict is Verdict.ACKNOWLEDGED else _error(self.partner, by, verdict, f"{document} {control}", findings)
        return Settlement("x12", self.partner, by, verdict, group=group, transaction=control, document=document, error=error)

    def _rest(self, by: str, group: str, trailer: Mapping[str, Any], told: Sequence[Settlement]) -> Settlement | None:
        """Return what is said of those that are not named; None where that can't be told."""
        verdict = VERDICTS.get(trailer["AK901"], Verdict.REJECTED)
        total, accepted = int(trailer.get("AK902", 0)), int(trailer.get("AK904", 0))
        unnamed = total - len(told)
        if trailer["AK901"] == "P" and told:
            taken = accepted - sum(one.verdict is not Verdict.REJECTED for one in told)
            verdict = Verdict.ACKNOWLEDGED if taken >= unnamed else Verdict.REJECTED
        if told and unnamed <= 0:
            return None
        findings = [_finding("AK905", str(code), GROUP, f"group {group}") for code in _codes(trailer, "AK9", 5)]
        error = None if verdict is Verdict.ACKNOWLEDGED else _error(self.partner, by, verdict, f"group {group}", findings)
        return Settlement("x12", self.partner, by, verdict, group=group, error=error)

    def interchange(self, ack: Sequence[str]) -> Settlement:
        """Return what a TA1 says (its elements)."""
        control, code, note = (*ack, "", "", "", "", "")[0], (*ack, "", "", "", "")[3], (*ack, "", "", "", "", "")[4]
        if code in ("A", "E"):
            return Settlement("x12", self.partner, "TA1", Verdict.ARRIVED, interchange=control)
        where = f"interchange {control}"
        slips = [Finding(ref, f"the TA1 itself is not right: {message}", where) for ref, message in faults_of(ack)]
        findings = [_finding("TA105", note, NOTES, where), *slips]
        error = _error(self.partner, "TA1", Verdict.REJECTED, where, findings)
        return Settlement("x12", self.partner, "TA1", Verdict.REJECTED, interchange=control, error=error)

    def _findings(self, by: str, document: str, response: Mapping[str, Any], trailer: Mapping[str, Any]) -> Iterator[Finding]:
        segment, element, end = ("AK3", "AK4", "AK5") if by == "997" else ("IK3", "IK4", "IK5")
        grammar = self.grammars.find(document, self.version)
        for note in response.get(segment, ()):
            tag, position = str(note[f"{segment}01"]), _number(note[f"{segment}02"])
            place = f"segment {position} ({tag})"
            code = str(note.get(f"{segment}04", ""))
            if code and (code != "8" or not note.get(element)):
                yield _finding(f"{segment}04", code, SEGMENT, place)
            known = _segment(grammar, tag)
            for one in note.get(element, ()):
                yield _element(element, one, place, tag, known)
        for code in _codes(trailer, end, 2):
            if code not in ("5", "I5") or not response.get(segment):
                yield _finding(f"{end}02", code, TRANSACTION, f"{document} {response['AK202']}")


def _element(tag: str, note: Mapping[str, Any], place: str, segment: str, known: Segment | None) -> Finding:
    """Return what an AK4 or IK4 says."""
    position = note[f"{tag}01"]
    number = int(position[f"{tag}0101"])
    component = int(position.get(f"{tag}0102", 0))
    ref = f"{segment}{number:02d}" + (f"{component:02d}" if component else "")
    title = _title(known, number, component)
    where = f"{place}, element {number} ({ref}{', ' + title if title else ''})"
    return _finding(f"{tag}03", str(note[f"{tag}03"]), ELEMENT, where, str(note.get(f"{tag}04", "")))


def _title(known: Segment | None, number: int, component: int) -> str:
    if known is None or not 1 <= number <= len(known.uses):
        return ""
    what = known.uses[number - 1].what
    if isinstance(what, Composite) and 1 <= component <= len(what.uses):
        what = what.uses[component - 1].what
    return what.title


def _segment(grammar: TransactionSet | None, tag: str) -> Segment | None:
    if grammar is None:
        return None
    return next((node.segment for _, node in grammar.root.visit() if node.segment.tag == tag), None)


def _finding(kind: str, code: str, words: Mapping[str, str], where: str, value: str = "") -> Finding:
    said = words.get(code, f"code {code}")
    return Finding(f"{kind}-{code}", f"{said}: {shown(value)}" if value else said, where, value)


def _codes(trailer: Mapping[str, Any], tag: str, first: int) -> list[str]:
    """Return the codes of an AK5, IK5 or AK9, from an element on."""
    return [str(trailer[f"{tag}{at:02d}"]) for at in range(first, first + 5) if trailer.get(f"{tag}{at:02d}")]


def _error(partner: str, by: str, verdict: Verdict, what: str, findings: Sequence[Finding]) -> Rejected:
    done = "rejected" if verdict is Verdict.REJECTED else "took, with errors,"
    first = findings[0] if findings else None
    why = f": {first.where}: {first.message}" if first else f", and its {by} doesn't say why"
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return Rejected(
        f"{partner} {done} {what}{why}{more}",
        code=first.code if first else "rejected_by_partner",
        where=first.where if first else "",
        advice=ADVICE,
        findings=findings[:MOST_TOLD],
    )


def _number(value: Any) -> str:
    """Return a number as it is written, without decimals: decoded it is a Decimal."""
    return str(int(value))
