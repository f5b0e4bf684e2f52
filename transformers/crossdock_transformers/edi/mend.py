"""Values that are wrong in a way that leaves no doubt what was meant, put right: only where that is let pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final

from crossdock_transformers.edi.grammar import Element
from crossdock_transformers.edi.values import Delimiters

_BYTES = re.compile("[\udc80-\udcff]")
"""Bytes that could not be decoded, as Python's `surrogateescape` marks them."""


def mended(element: Element, text: str, lenient: Collection[str]) -> tuple[str, str]:
    """Return a value put right and the kind of fault that it had, or the value and nothing."""
    for name, mend in MENDS.items():
        if name in lenient and (better := mend(element, text)) != text:
            return better, name
    return text, ""


def blank_beside(text: str, delimiters: Delimiters, lenient: Collection[str]) -> bool:
    """Say whether a document has blanks to be cut, which the fast way would take for parts of values."""
    return "surrounding_blanks" in lenient and _blanks(delimiters.all).search(text) is not None


@lru_cache(64)
def _blanks(delimiters: str) -> re.Pattern[str]:
    marks = f"[{''.join(map(re.escape, delimiters))}]"
    return re.compile(f" {marks}|{marks} ")


def latin(text: str) -> str:
    """Return a text with the bytes that were not UTF-8 taken as ISO 8859-1."""
    return _BYTES.sub(lambda found: chr(ord(found[0]) - 0xDC00), text)


def _number(element: Element, text: str) -> str:
    """`1,200.50`, `+5`, `5-`."""
    if element.kind[0] not in "RN":
        return text
    found = re.fullmatch(r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]*)?(-?)", text)
    if found is None or (found[1] and found[4]):
        return text
    return f"{(found[1] + found[4]).replace('+', '')}{found[2].replace(',', '')}{found[3] or ''}"


def _point(element: Element, text: str) -> str:
    """`12.5` where two decimals are implied is `1250`."""
    found = re.fullmatch(r"(-?)([0-9]*)\.([0-9]+)", text)
    if found is None or not re.fullmatch("N[0-9]", element.kind):
        return text
    places, decimals = int(element.kind[1]), found[3].rstrip("0")
    if len(decimals) > places:
        return text
    return found[1] + (found[2] + decimals.ljust(places, "0")).lstrip("0").rjust(element.low, "0")


def _moment(element: Element, text: str) -> str:
    """`261015` and `2026-10-15` for `20261015`, `09:30` for `0930`."""
    if element.kind == "TM":
        return text.replace(":", "") if re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", text) else text
    if element.kind != "DT" or not re.fullmatch(r"[0-9]{6}|([0-9]{2}|[0-9]{4})([-/.])[0-9]{2}\2[0-9]{2}", text):
        return text
    digits = re.sub(r"[-/.]", "", text)
    if len(digits) == 6 and element.high == 8:
        return ("20" if digits < "80" else "19") + digits
    return digits if len(digits) == element.high else text


MENDS: Final[dict[str, Callable[[Element, str], str]]] = {
    "number_format": _number,
    "explicit_point": _point,
    "date_format": _moment,
}
"""How a value is put right that does not fit, by the kind of fault."""
