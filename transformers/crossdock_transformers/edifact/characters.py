"""Character sets: what a syntax identifier (UNB 0001) says of the bytes and of the characters that are allowed."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Final

from crossdock_transformers.edi.values import Delimiters

ENCODINGS: Final[Mapping[str, str]] = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso-8859-1",
    "UNOD": "iso-8859-2",
    "UNOE": "iso-8859-5",
    "UNOF": "iso-8859-7",
    "UNOG": "iso-8859-3",
    "UNOH": "iso-8859-4",
    "UNOI": "iso-8859-6",
    "UNOJ": "iso-8859-8",
    "UNOK": "iso-8859-9",
    "UNOL": "iso-8859-15",
    "UNOW": "utf-8",
    "UNOX": "iso-2022-jp",
    "UNOY": "utf-8",
}
"""Python's encoding for each syntax identifier (ISO 9735 annexes; UNOX is ISO 2022, UNOY is read as UTF-8)."""

_LEVEL_A: Final = string.ascii_uppercase + string.digits + " .,-()/=!\"%&*;<>'+:?"
_CHARACTERS: Final[Mapping[str, str]] = {"UNOA": _LEVEL_A, "UNOB": _LEVEL_A + string.ascii_lowercase}
"""What the repertoires A and B have; the others have all that their encoding has."""

DEFAULT: Final = Delimiters("+", ":", "'", "", "?", ".,")
"""The service characters of an interchange without UNA; both decimal marks are allowed then (ISO 9735, 10.1)."""

LEVEL_B: Final = Delimiters("\x1d", "\x1f", "\x1c", "", "", ".,")
"""Those of UNOB without UNA, where they are not printable."""


def characters_of(syntax: str) -> str:
    """Return all characters that a syntax identifier allows; empty where its encoding is the only bound."""
    return _CHARACTERS.get(syntax, "")
