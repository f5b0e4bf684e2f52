"""Dates, times and periods (2380), whose form is told by a code beside them (2379).

Read as ISO 8601: `2026-11-23`, `2026-11-23T10:30`, `10:30`, `2026-11`, `2026-W48`, `2026`, and `2026-10-01/2026-10-31` for a
period. A form that is not in `FORMS` leaves the text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from crossdock_transformers.edi.values import shown

FORMS: Final[Mapping[str, str]] = {
    "2": "DMy",
    "3": "MDy",
    "4": "DMY",
    "5": "DMYhm",
    "101": "yMD",
    "102": "YMD",
    "201": "yMDhm",
    "202": "yMDhms",
    "203": "YMDhm",
    "204": "YMDhms",
    "205": "YMDhmz",
    "401": "hm",
    "402": "hms",
    "601": "y",
    "602": "Y",
    "609": "yM",
    "610": "YM",
    "615": "yW",
    "616": "YW",
    "701": "yW-yW",
    "702": "YW-YW",
    "709": "yM-yM",
    "710": "YM-YM",
    "711": "YMD-YMD",
    "713": "yMDhm-yMDhm",
    "715": "yW-yW",
    "716": "YW-YW",
    "717": "yMD-yMD",
    "718": "YMD-YMD",
    "719": "YMDhm-YMDhm",
}
"""The parts of each form in order: Y and y years of four and two digits, M month, D day, W week, h m s, z offset from UTC; a
hyphen stands between the begin and end of a period (it is read with and without, and written without)."""

_DIGITS: Final = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<Y>[0-9]{2})",
    "M": r"(?P<M>[0-9]{2})",
    "D": r"(?P<D>[0-9]{2})",
    "W": r"(?P<W>[0-9]{2})",
    "h": r"(?P<h>[0-9]{2})",
    "m": r"(?P<m>[0-9]{2})",
    "s": r"(?P<s>[0-9]{2})",
    "z": r"(?P<z>[+-][0-9]{4})",
}
_WRITTEN: Final = dict(zip("YyMDWhmsz-", ("CCYY", "YY", "MM", "DD", "WW", "HH", "MM", "SS", "ZHHMM", "-"), strict=True))
_ISO: Final = re.compile(
    r"(?:(?P<Y>[0-9]{4})(?:-W(?P<W>[0-9]{2})|-(?P<M>[0-9]{2})(?:-(?P<D>[0-9]{2}))?)?)?"
    r"(?:T?(?P<h>[0-9]{2}):(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2}))?(?P<z>[+-][0-9]{2}:[0-9]{2})?)?"
)


@lru_cache(8192)
def read_period(text: str, form: str) -> str:
    """Return a date, time or period as ISO 8601; raises ValueError where its form can't read it."""
    parts = FORMS.get(form)
    if parts is None:
        return text
    halves = parts.split("-")
    if len(halves) == 1:
        return _read(text, parts, form)
    pieces = text.split("-") if "-" in text else [text[: len(text) // 2], text[len(text) // 2 :]]
    if len(pieces) != len(halves):
        raise _unreadable(text, form)
    return "/".join(_read(piece, half, form) for piece, half in zip(pieces, halves, strict=True))


@lru_cache(64)
def _pattern(parts: str) -> re.Pattern[str]:
    return re.compile("".join(_DIGITS[part] for part in parts))


def _unreadable(text: str, form: str) -> ValueError:
    wanted = "".join(_WRITTEN[part] for part in FORMS[form])
    return ValueError(f"must be {wanted}, as its form {form} says; this is {shown(text)}")


def _read(text: str, parts: str, form: str) -> str:
    found = _pattern(parts).fullmatch(text)
    if not found or not _exists(found.groupdict()):
        raise _unreadable(text, form)
    return _iso(found.groupdict())


def _year(text: str) -> str:
    return text if len(text) == 4 else ("20" if text < "80" else "19") + text


def _exists(got: Mapping[str, str]) -> bool:
    """Tell whether a day, week and time are in the calendar."""
    year = _year(got.get("Y", "2000"))
    day = f"{year}-{got.get('M', '01')}-{got.get('D', '01')}"
    offset = got.get("z", "+0000")
    try:
        datetime.fromisoformat(f"{day}T{got.get('h', '00')}:{got.get('m', '00')}:{got.get('s', '00')}{offset[:3]}:{offset[3:]}")
        if "W" in got:
            datetime.fromisocalendar(int(year), int(got["W"]), 1)
    except ValueError:
        return False
    return True


def _iso(got: Mapping[str, str]) -> str:
    day = "-".join(_day(got))
    clock = ":".join(got[part] for part in "hms" if part in got)
    offset = f"{got['z'][:3]}:{got['z'][3:]}" if "z" in got else ""
    return "T".join(filter(None, (day, clock))) + offset


def _day(got: Mapping[str, str]) -> Iterator[str]:
    if "Y" in got:
        yield _year(got["Y"])
    if "W" in got:
        yield f"W{got['W']}"
    yield from (got[part] for part in "MD" if part in got)


@lru_cache(8192)
def write_period(text: str, form: str) -> str:
    """Return ISO 8601 in a form; raises ValueError that says what is expected. An unknown form leaves the text as it is."""
    parts = FORMS.get(form)
    if parts is None:
        return text
    halves = parts.split("-")
    pieces = text.split("/")
    if len(pieces) != len(halves):
        raise ValueError(f"must be {_example(parts)} for form {form}, not {shown(text)}")
    return "".join(_write(piece, half, form) for piece, half in zip(pieces, halves, strict=True))


def _write(text: str, parts: str, form: str) -> str:
    found = _ISO.fullmatch(text)
    got = {name: value for name, value in found.groupdict().items() if value} if found else {}
    offset = got.get("z", "+0000").replace(":", "")
    if got.keys() != {part.replace("y", "Y") for part in parts} or not _exists({**got, "z": offset}):
        raise ValueError(f"must be {_example(FORMS[form])} for form {form}, not {shown(text)}")
    if "y" in parts and not "1980" <= got["Y"] <= "2079":
        raise ValueError(f"is {shown(text)}; form {form} has years of two digits, 1980 to 2079")
    return "".join(got["Y"][2:] if part == "y" else got[part].replace(":", "") for part in parts)


def _example(parts: str) -> str:
    sample = {"Y": "2026", "M": "11", "D": "23", "W": "48", "h": "10", "m": "30", "s": "00", "z": "+0100"}
    return "/".join(_iso({part.replace("y", "Y"): sample[part.replace("y", "Y")] for part in half}) for half in parts.split("-"))
