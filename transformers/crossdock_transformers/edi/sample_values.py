"""Values for samples: what a purchase department would write, by data element; always the same ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from crossdock_transformers.edi.grammar import Element

COUNT: Final = "\0count"
"""Stands for the number of lines until a sample is written."""
HASH: Final = "\0hash"
"""Stands for the sum of the lines' quantities until a sample is written."""

TEXTS: Final[Mapping[str, str]] = {
    "19": "DALLAS",
    "26": "US",
    "40": "TL",
    "66": "92",
    "67": "0012",
    "76": "INV-10001",
    "79": "HEX BOLTS",
    "87": "00006141410000000005",
    "382": "12",
    "88": "GM",
    "92": "SA",
    "93": "ACME DC 12",
    "98": "ST",
    "100": "USD",
    "103": "CTN25",
    "116": "75201",
    "127": "471",
    "128": "DP",
    "140": "ACME",
    "145": "SHP-20001",
    "156": "TX",
    "166": "12 INDUSTRIAL BLVD",
    "235": "VN",
    "234": "SKU-0001",
    "286": "SHP-20001",
    "324": "4500012345",
    "330": "12",
    "358": "12",
    "328": "1",
    "350": "1",
    "352": "HEX BOLT ZINC M8",
    "353": "00",
    "354": COUNT,
    "347": HASH,
    "355": "EA",
    "363": "GEN",
    "364": "2145550100",
    "365": "TE",
    "366": "BD",
    "373": "20261015",
    "374": "002",
    "380": "12",
    "396": "SHP-20001",
    "522": "TT",
    "628": "1",
    "639": "CT",
    "668": "IA",
    "735": "S",
    "782": "119.40",
    "212": "9.95",
    "0081": "S",
    "1001": "220",
    "1004": "4500012345",
    "1082": "1",
    "1154": "471",
    "1225": "9",
    "1153": "CT",
    "2005": "137",
    "2379": "102",
    "2380": "20261015",
    "3035": "BY",
    "3039": "5412345000013",
    "3055": "9",
    "3164": "BRUSSELS",
    "3207": "BE",
    "3251": "1000",
    "5118": "9.95",
    "5125": "AAA",
    "6060": "12",
    "6063": "21",
    "6066": COUNT,
    "6069": "2",
    "6411": "EA",
    "7140": "5412345000020",
    "7143": "EN",
}
"""By data element number, of both dialects; their numbers do not meet."""

QUALIFIED: Final[Mapping[tuple[str, str], str]] = {
    ("234", "UP"): "012345678905",
    ("234", "UK"): "10012345678902",
    ("234", "EN"): "5412345000020",
    ("234", "BP"): "ACME-77",
    ("234", "IN"): "ACME-77",
    ("67", "1"): "123456789",
    ("67", "9"): "1234567890001",
    ("67", "UL"): "5412345000013",
    ("364", "EM"): "buyer@acme.example",
    ("93", "BT"): "ACME RETAIL HQ",
    ("93", "SF"): "NORTHSIDE WAREHOUSE",
    ("93", "VN"): "NORTHSIDE SUPPLY",
    ("735", "O"): "O",
}
"""By data element number and the qualifier before it in the segment."""

_X12: Final = {
    "BEG": "01 02 03 05",
    "BAK": "01 02 03 04",
    "BIG": "01 02 03 04",
    "REF": "01 02",
    "PER": "01 02 03 04",
    "DTM": "01 02",
    "N1": "01 02 03 04",
    "N3": "01",
    "N4": "01 02 03 04",
    "PO1": "01 02 03 04 06 07",
    "IT1": "01 02 03 04 06 07",
    "LIN": "01 02 03",
    "PID": "01 05",
    "CTT": "01",
    "ACK": "01 02 03",
    "QTY": "01 02",
}
_EDIFACT: Final = {
    "BGM": "01 0101 02 03",
    "DTM": "01 0101 0102 0103",
    "NAD": "01 02 0201 0203",
    "RFF": "01 0101 0102",
    "LIN": "01 03 0301 0302",
    "QTY": "01 0101 0102 0103",
    "PRI": "01 0101 0102",
    "CNT": "01 0101 0102",
}
USUAL: Final[Mapping[str, frozenset[str]]] = {
    dialect: frozenset(tag + number for tag, numbers in tags.items() for number in numbers.split())
    for dialect, tags in (("x12", _X12), ("edifact", _EDIFACT))
}
"""The elements that nearly every document fills, by dialect."""


def value_of(element: Element, before: str = "", codes: Sequence[str] = ()) -> str:
    """Return a value of an element; `before` is what stands before it in the segment, `codes` are those that are allowed."""
    allowed = list(codes or element.codes or ())
    liked = QUALIFIED.get((element.number, before)) or TEXTS.get(element.number)
    if allowed:
        return liked if liked in allowed else allowed[0]
    if liked in (COUNT, HASH):
        return liked or ""
    return fitted(liked or _plain(element), element)


def _plain(element: Element) -> str:
    kind = element.kind
    if kind == "DT":
        return "20261015"[8 - min(element.high, 8) :]
    if kind == "TM":
        return "0930"
    if kind[0] in "RN":
        return "1"
    words = element.title.upper() if kind == "AN" and element.high > 10 else "A"
    return "".join(one if one.isalnum() else " " for one in words)


def fitted(text: str, element: Element, low: int | None = None, high: int | None = None) -> str:
    """Return a text with a length that an element takes."""
    least, most = low or element.low, high or element.high
    if element.kind in ("DT", "TM"):
        return text
    if element.kind[0] in "RN":
        digits = len(text.replace(".", "").lstrip("-"))
        return text.zfill(least + text.count(".")) if digits < least else text[:most] if digits > most else text
    return (text[:most].strip() or "A").ljust(least, "A" if not text[:1].isdigit() else "0")


def like(pattern: str) -> str | None:
    """Return a text that matches a regular expression, or None where it is too clever."""
    from re import _parser  # type: ignore[attr-defined] # the interpreter's own parser; its tree is only looked at

    try:
        return "".join(_pieces(_parser.parse(pattern)))
    except Exception:  # noqa: BLE001 - RE2 knows forms that it does not; then the guide gives an example
        return None


def _pieces(parsed: Any) -> Iterator[str]:
    for code, argument in parsed:
        name = str(code)
        if name == "LITERAL":
            yield chr(argument)
        elif name == "NOT_LITERAL":
            yield "A" if argument != ord("A") else "B"
        elif name == "ANY":
            yield "A"
        elif name == "IN":
            yield _one(argument)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            yield from ["".join(_pieces(argument[2])) for _ in range(max(argument[0], min(1, argument[1])))]
        elif name == "SUBPATTERN":
            yield from _pieces(argument[3])
        elif name == "BRANCH":
            yield from _pieces(argument[1][0])
        elif name != "AT":
            raise ValueError(name)


def _one(choices: Sequence[Any]) -> str:
    (code, argument), negated = choices[0], str(choices[0][0]) == "NEGATE"
    if negated:
        raise ValueError("negated")
    if str(code) == "RANGE":
        low, high = argument
        return chr(min(max(low, ord("1")), high)) if chr(low).isdigit() else chr(low)
    if str(code) == "CATEGORY":
        return {"CATEGORY_DIGIT": "1", "CATEGORY_WORD": "A", "CATEGORY_SPACE": " "}[str(argument)]
    return chr(argument)
