"""Cuts a file of any size into its transactions, with every check of the envelopes and without decoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crossdock.core.blob import STEP, Blob, data_of, forget
from crossdock_transformers.edi.values import Delimiters, shown
from crossdock_transformers.x12.envelope import Group, Interchange, survey


@dataclass(frozen=True, slots=True)
class Piece:
    """One transaction as it came, the envelopes around it, and what is wrong with its group or its own envelope, if anything."""

    interchange: Interchange
    group: Group
    raw: bytes
    fault: str = ""


def split_transactions(document: bytes | Blob) -> Iterator[Piece]:
    """Yield every transaction of a file, one at a time; raises Rejected where the file as a whole can't be used."""
    data = data_of(document)
    read_to = 0
    for interchange in survey(data).interchanges:
        delimiters = interchange.header.delimiters
        for group in interchange.groups:
            outer = group.fault[1] if group.fault else ""
            for start, end in group.transactions():
                raw = data[start:end]
                yield Piece(interchange, group, raw, outer or _fault(raw, delimiters))
                if end - read_to > STEP:
                    forget(data, end)
                    read_to = end


def _fault(raw: bytes, delimiters: Delimiters) -> str:
    """Compare a transaction's trailer with its header and its segments."""
    segment, element = delimiters.segment.encode(), delimiters.element.encode()
    last = raw[raw.rfind(segment, 0, -1) + 1 :].removesuffix(segment).strip().split(element)
    first = raw[: raw.find(segment)].split(element)
    if last[0] != b"SE" or len(last) < 3:
        return "the transaction has no SE"
    if len(first) < 3 or last[2] != first[2]:
        told = (shown(one[2].decode("latin-1")) if len(one) > 2 else "nothing" for one in (last, first))
        return "the control number in SE02 is {}, in ST02 it is {}".format(*told)
    if b"BIN" not in raw and b"BDS" not in raw and last[1].lstrip(b"0") != b"%d" % raw.count(segment):
        return f"SE01 says {shown(last[1].decode('latin-1'))} segments, the transaction has {raw.count(segment)}"
    return ""
