"""Acknowledgements as readable segments: 997, 999, TA1 and CONTRL among what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crossdock_config.testing.faults import Fault, Trail, Update, diff

_X12 = ("997", "999", "824")


def segments_of(text: str) -> list[str]:
    """Return the segments of an interchange; empty where it is none."""
    if text.startswith("ISA") and len(text) > 106:
        return [one.strip() for one in text.split(text[105]) if one.strip()]
    if text.startswith("UN"):
        end = text[8] if text.startswith("UNA") else "'"
        body = text[9:] if text.startswith("UNA") else text
        return [one.strip() for one in _released(body, end, text[6] if text.startswith("UNA") else "?") if one.strip()]
    return []


def _released(text: str, end: str, release: str) -> Iterator[str]:
    start = index = 0
    while index < len(text):
        if text[index] == release:
            index += 1
        elif text[index] == end:
            yield text[start:index]
            start = index + 1
        index += 1
    yield text[start:]


def is_acknowledgement(segments: Sequence[str]) -> bool:
    """Tell whether an interchange answers another one."""
    for segment in segments:
        x12, edifact = segment.split(segment[3:4] or "*"), segment.split("+")
        if segment.startswith("TA1") or (segment.startswith("ST") and segment[3:6] in _X12):
            return True
        if x12[0] == "UNH" and len(edifact) > 2 and edifact[2].startswith(("CONTRL", "APERAK")):
            return True
    return False


def judged(at: Trail, wanted: Sequence[str | Sequence[str]], got: Sequence[Sequence[str]]) -> Iterator[Fault]:
    """Yield what differs: each acknowledgement has its segments, in their order."""
    if len(wanted) != len(got):
        more = "".join("\n+" + line for one in got for line in one)
        yield Fault(f"acks: expected {len(wanted)}, received {len(got)}{more}", Update(at, [_body(one) for one in got]))
        return
    for index, (one, segments) in enumerate(zip(wanted, got, strict=True)):
        asked = [one] if isinstance(one, str) else list(one)
        if not _in_order(asked, segments):
            text = f"acks[{index}]:\n{diff(chr(10).join(asked), chr(10).join(_body(segments)))}"
            yield Fault(text, Update((*at, index), _body(segments)))


def _in_order(wanted: Sequence[str], segments: Sequence[str]) -> bool:
    rest = iter(segments)
    return all(any(one == segment for segment in rest) for one in wanted)


def _body(segments: Sequence[str]) -> list[str]:
    """Return the segments that say something: without the envelopes, which hold times and numbers."""
    return [one for one in segments if not one.startswith(("ISA", "IEA", "GS*", "GE*", "UNB", "UNZ", "UNA"))]
