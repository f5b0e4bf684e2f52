"""What a partner's CONTRL says of what we sent, as settlements with the reason in words.

UCI interchange ─┬─ UCM message ─── UCS segment ─── UCD element      one settlement for each UCM
                 └─ UCF group ─── UCM message ...                    one for whatever no UCM names
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossdock.core.errors import Finding, Rejected
from crossdock.core.exchange import Settlement, Verdict
from crossdock_transformers.edifact.acknowledge import ACKNOWLEDGED, RECEIVED

WORDS: Final[Mapping[str, str]] = {
    "2": "the syntax version or level is not supported",
    "7": "the interchange is not for this recipient",
    "12": "the value is not valid",
    "13": "something mandatory is missing",
    "14": "the value is not supported in this place",
    "15": "this is not supported in this place",
    "16": "there are too many elements or components",
    "17": "there is no agreement",
    "18": "an error that is not specified",
    "19": "the decimal mark is not right",
    "20": "the character can't be a service character",
    "21": "there are invalid characters",
    "22": "there are invalid service characters",
    "23": "the sender is not known",
    "24": "the interchange is too old",
    "25": "the test indicator is not supported",
    "26": "it came twice",
    "27": "the security function is not supported",
    "28": "references of header and trailer differ",
    "29": "the count is not the number of what came",
    "30": "groups and messages are mixed",
    "31": "a group holds more than one message type",
    "32": "the level below is empty",
    "33": "something stands outside of a message or group",
    "34": "the nesting indicator is not allowed",
    "35": "an element or segment occurs too often",
    "36": "a segment group occurs too often",
    "37": "the characters are of the wrong kind",
    "38": "a digit is missing before the decimal mark",
    "39": "the value is too long",
    "40": "the value is too short",
}
"""0085 in words."""

ADVICE: Final = "correct the document and send it again, or ask the partner"
_MOST_TOLD: Final = 100


@dataclass(frozen=True, slots=True)
class Teller:
    """Reads a partner's CONTRLs."""

    partner: str

    def told(self, body: Mapping[str, Any]) -> Iterator[Settlement]:
        """Yield what a decoded CONTRL says: of messages that it names, of groups, and of the whole interchange."""
        whole = body["UCI"]
        interchange = str(whole["UCI01"])
        for message in body.get("UCM", ()):
            yield self._message(interchange, "", message)
        for group in body.get("UCF", ()):
            for message in group.get("UCM", ()):
                yield self._message(interchange, str(group["UCF01"]), message)
            yield self._level("UCF", group, f"group {group['UCF01']}", interchange=interchange, group=str(group["UCF01"]))
        yield self._level("UCI", whole, f"interchange {interchange}", interchange=interchange)

    def _level(self, tag: str, segment: Mapping[str, Any], what: str, **names: str) -> Settlement:
        verdict = _verdict(str(segment[f"{tag}04"]))
        error = self._error(what, list(_own(tag, segment, 5, what))) if verdict is Verdict.REJECTED else None
        return Settlement("edifact", self.partner, "CONTRL", verdict, error=error, **names)

    def _message(self, interchange: str, group: str, message: Mapping[str, Any]) -> Settlement:
        control, document = str(message["UCM01"]), str(message["UCM02"]["UCM0201"])
        verdict = _verdict(str(message["UCM03"]))
        what = f"{document} {control}"
        findings = [*_own("UCM", message, 4, what), *_within(message)]
        error = self._error(what, findings) if verdict is Verdict.REJECTED else None
        return Settlement("edifact", self.partner, "CONTRL", verdict, interchange, group, control, document, error)

    def _error(self, what: str, findings: Sequence[Finding]) -> Rejected:
        first = findings[0] if findings else None
        why = f": {first.where}: {first.message}" if first else ", and its CONTRL doesn't say why"
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        return Rejected(
            f"{self.partner} rejected {what}{why}{more}",
            code=first.code if first else "rejected_by_partner",
            where=first.where if first else "",
            advice=ADVICE,
            findings=findings[:_MOST_TOLD],
        )


def _verdict(action: str) -> Verdict:
    return {ACKNOWLEDGED: Verdict.ACKNOWLEDGED, RECEIVED: Verdict.ARRIVED}.get(action, Verdict.REJECTED)


def _own(tag: str, segment: Mapping[str, Any], at: int, what: str) -> Iterator[Finding]:
    """Yield what a level says of itself: a code, the service segment, and its element."""
    code = str(segment.get(f"{tag}{at:02d}", ""))
    if code:
        service = str(segment.get(f"{tag}{at + 1:02d}", ""))
        ref = f"{tag}{at + 2:02d}"
        place = _element(segment.get(ref, {}), ref, service)
        yield _finding(tag, code, ", ".join(filter(None, (what, service, place))))


def _within(message: Mapping[str, Any]) -> Iterator[Finding]:
    for segment in message.get("UCS", ()):
        place = f"segment {segment['UCS01']}"
        if "UCS02" in segment:
            yield _finding("UCS", str(segment["UCS02"]), place)
        for element in segment.get("UCD", ()):
            inner = _element(element["UCD02"], "UCD02")
            yield _finding("UCD", str(element["UCD01"]), f"{place}, {inner}")


def _element(place: Mapping[str, Any], ref: str, tag: str = "") -> str:
    """Return an S011 in words; it counts elements with the tag as the first."""
    if not place:
        return ""
    position = int(place[f"{ref}01"]) - 1
    component = place.get(f"{ref}02")
    named = f" ({tag}{position:02d})" if tag else ""
    return f"element {position}{named}" + (f", component {component}" if component is not None else "")


def _finding(kind: str, code: str, where: str) -> Finding:
    return Finding(f"{kind}-{code}", WORDS.get(code, f"code {code}"), where)
