"""Dates and times at run time.

Documents hold dates as ISO texts (`2026-10-15`); `date`, `format_date`, `add_days` and `days_between` work on those.
CEL's timestamps and durations are there for arithmetic; they are exact to the microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crossdock_transformers.expression.values import Fault, shown, words

_DURATION = re.compile(r"(-?)((?:[0-9]+(?:\.[0-9]+)?(?:h|ms|m|us|ns|s))+|0)")
_PIECE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|us|ns|s)")
_SIZES: Final = (("h", "3600e6"), ("m", "60e6"), ("s", "1e6"), ("ms", "1e3"), ("us", "1"), ("ns", "0.001"))
_MICROS: Final = {unit: Decimal(size) for unit, size in _SIZES}
_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})")
_OFFSET = re.compile(r"([+-]?)(\d{2}):(\d{2})")
_ALLOWED: Final = frozenset("YmdHMSyjbBaAUuVGf%")
MOST_FORMAT: Final = 100
_FEWEST_YEAR: Final = 1000
LONGEST: Final = timedelta(seconds=315_576_000_000)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(value: Any) -> datetime:
    """Return a moment from an RFC 3339 text, or from seconds since 1970."""
    if isinstance(value, datetime):
        return value
    try:
        return _EPOCH + timedelta(seconds=value) if type(value) is int else _moment(value)
    except (ValueError, OverflowError):
        raise Fault(f"{shown(value)} is not a timestamp; it looks like 2026-10-15T09:30:00Z") from None


def _moment(text: str) -> datetime:
    found = _STAMP.fullmatch(text)
    if not found:
        raise ValueError(text)
    zone = "+00:00" if found[3] == "Z" else found[3]
    micros = (found[2] or "").ljust(6, "0")[:6]
    return datetime.fromisoformat(f"{found[1]}.{micros}{zone}").astimezone(UTC)


def duration(value: Any) -> timedelta:
    """Return a span from a text such as `1h30m` or `-2.5s`."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if len(value) <= MOST_FORMAT else None
    if not found:
        raise Fault(f"{shown(value)} is not a duration; it looks like 1h30m or 90s")
    micros = sum((Decimal(number) * _MICROS[unit] for number, unit in _PIECE.findall(found[2])), Decimal(0))
    try:
        return span(timedelta(microseconds=int(-micros if found[1] else micros)))
    except OverflowError:
        raise Fault(f"the duration {shown(value)} is too long") from None


def span(value: timedelta) -> timedelta:
    """Return a duration that has the length that CEL allows: 10,000 years."""
    if abs(value) > LONGEST:
        raise Fault("the result is longer than 10,000 years, the most that a duration has")
    return value


def stamp_text(value: datetime) -> str:
    """Return a moment in RFC 3339."""
    text = value.astimezone(UTC).isoformat().replace("+00:00", "")
    return (text.rstrip("0") if "." in text else text) + "Z"


def span_text(value: timedelta) -> str:
    """Return a span in seconds: `5400s`."""
    micros = value // timedelta(microseconds=1)
    seconds, rest = divmod(abs(micros), 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if micros < 0 else ''}{seconds}{fraction}s"


def _zone(name: str) -> Any:
    found = _OFFSET.fullmatch(name)
    if found:
        span = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return datetime.strptime(("-" if found[1] == "-" else "+") + f"{span // timedelta(hours=1):02d}{found[3]}", "%z").tzinfo
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Fault(f"{shown(name)} is not a time zone; it looks like Europe/Berlin or +02:00") from None


def part(of: Callable[[datetime], int], span: Callable[[timedelta], int] | None = None) -> Callable[..., int]:
    """Return a function that gives one part of a moment (in a zone), or of a span."""

    def get(value: Any, zone: str = "UTC") -> int:
        if isinstance(value, datetime):
            return of(value.astimezone(UTC if zone == "UTC" else _zone(zone)))
        if span is None:
            raise Fault(f"a timestamp is needed here, but this is {words(value)}")
        return span(value)

    return get


def _toward_zero(value: timedelta, unit: timedelta) -> int:
    return -(-value // unit) if value < timedelta(0) else value // unit


full_year = part(lambda moment: moment.year)
month = part(lambda moment: moment.month - 1)
day_of_year = part(lambda moment: moment.timetuple().tm_yday - 1)
day_of_month = part(lambda moment: moment.day - 1)
day_of_week = part(lambda moment: moment.isoweekday() % 7)
date_of_month = part(lambda moment: moment.day)
hours = part(lambda moment: moment.hour, lambda span: _toward_zero(span, timedelta(hours=1)))
minutes = part(lambda moment: moment.minute, lambda span: _toward_zero(span, timedelta(minutes=1)))
seconds = part(lambda moment: moment.second, lambda span: _toward_zero(span, timedelta(seconds=1)))
milliseconds = part(lambda moment: moment.microsecond // 1000, lambda span: _toward_zero(span, timedelta(milliseconds=1)) % 1000)


# Dates as texts


def iso_date(value: Any, code: str = "") -> str:
    """Return the ISO date of an ISO date or date and time, of a timestamp, or of a text in another form (`%Y%m%d`)."""
    return _day(value, code).isoformat()


def _day(value: Any, code: str = "") -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        found = datetime.strptime(value, form(code)).date() if code else date.fromisoformat(_head(value))  # noqa: DTZ007 - a day
    except ValueError:
        raise Fault(f"{shown(value)} is not a date{f' in the form {code}' if code else '; it looks like 2026-10-15'}") from None
    return found


def _head(text: str) -> str:
    """The date of a text: ten characters, and after them nothing or a time."""
    if len(text) > MOST_FORMAT or (len(text) > 10 and text[10] not in "T ") or len(text) < 10:
        raise ValueError(text)
    return text[:10]


def format_date(value: Any, code: str, zone: str = "") -> str:
    """Return a date or moment in a form such as `%Y%m%d`, in a time zone where one is given."""
    form(code)
    moment = value if isinstance(value, datetime) else _time_of(value)
    if moment.year < _FEWEST_YEAR:
        raise Fault(f"the year of {shown(value)} is too small to be written")
    if zone:
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(_zone(zone))
    return moment.strftime(code)


def parse_time(text: str, code: str, zone: str = "UTC") -> datetime:
    """Return the moment of a text in a form such as `%Y%m%d%H%M`, which is told in a time zone."""
    try:
        found = datetime.strptime(text, form(code)) if len(text) <= MOST_FORMAT else None  # noqa: DTZ007 - the zone follows
    except ValueError:
        found = None
    if found is None:
        raise Fault(f"{shown(text)} is not a time in the form {code}")
    return (found if found.tzinfo else found.replace(tzinfo=_zone(zone))).astimezone(UTC)


def moment(milliseconds: int) -> datetime:
    """Return a moment from milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _time_of(text: str) -> datetime:
    day = _day(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Fault(f"{shown(text)} is not a date and time; it looks like {day.isoformat()}T09:30:00") from None


@lru_cache(maxsize=256)
def form(text: str) -> str:
    """Return a form of dates; raises Fault where it has codes that are not the same everywhere."""
    codes = re.findall(r"%(.?)", text, re.DOTALL)
    unknown = [code for code in codes if code not in _ALLOWED or not code]
    if unknown or len(text) > MOST_FORMAT:
        raise Fault(f"{shown(text)} is not a form of dates; use codes such as %Y, %m, %d, %H, %M, %S and %y")
    return text


def add_days(value: Any, days: int) -> str:
    """Return the ISO date so many days later."""
    try:
        return (_day(value) + timedelta(days=days)).isoformat()
    except OverflowError:
        raise Fault(f"{shown(value)} and {days} days is beyond the calendar") from None


def days_between(one: Any, other: Any) -> int:
    """Return the days from one date to another; negative where the other is earlier."""
    return (_day(other) - _day(one)).days
