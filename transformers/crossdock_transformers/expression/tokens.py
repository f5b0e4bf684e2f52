"""Cuts an expression's text into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from crossdock_transformers.expression.source import Source

_RAW = r"""(?:"{3}(?:[^"]|"(?!""))*"{3}|'{3}(?:[^']|'(?!''))*'{3}|"[^"\n]*"|'[^'\n]*')"""
_COOKED = r"""(?:"{3}(?:\\.|[^"\\]|"(?!""))*"{3}|'{3}(?:\\.|[^'\\]|'(?!''))*'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
_TOKEN = re.compile(
    r"(?P<space>(?:[\t\n\f\r ]|//[^\n]*)+)"
    rf"|(?P<string>(?:[rR][bB]?|[bB][rR]){_RAW}|[bB]?{_COOKED})"
    r"|(?P<decimal>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)"
    r"|(?P<int>0[xX][0-9a-fA-F]+[uU]?|[0-9]+[uU]?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<escaped>`[A-Za-z0-9_.\-/ ]+`)"
    r"|(?P<mark>&&|\|\||==|!=|<=|>=|\.\?|\[\?|[-+*/%!<>?:.,()\[\]{}])",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"""\\(?:(?P<simple>[abfnrtv\\"'`?])|x(?P<x>[0-9a-fA-F]{2})|X(?P<xx>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"""
    r"""|U(?P<uu>[0-9a-fA-F]{8})|(?P<o>[0-3][0-7]{2})|(?P<bad>.))""",
    re.DOTALL,
)
_SIMPLE = dict(zip("abfnrtv\\\"'`?", "\a\b\f\n\r\t\v\\\"'`?", strict=True))
_MOST_EXPONENT = 400


class Token(NamedTuple):
    """One token. `kind` is string, bytes, decimal, int, uint, name, escaped (a field in backticks), mark or end."""

    kind: str
    value: Any
    start: int
    end: int


def tokens(source: Source) -> Iterator[Token]:
    """Yield the tokens, and one of kind `end`; raises Refusal at the first text that is none."""
    position, text = 0, source.text
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise source.refusal(_complaint(text, position), position)
        if found.lastgroup != "space":
            yield _token(source, str(found.lastgroup), found[0], position)
        position = found.end()
    yield Token("end", "", len(text), len(text))


def _complaint(text: str, position: int) -> str:
    character = text[position]
    if character in "\"'":
        return "this text has no closing quote"
    hint = {"=": "; write == to compare", "&": "; write && for 'and'", "|": "; write || for 'or'", "$": "; names stand alone"}
    return f"'{character}' has no meaning here{hint.get(character, '')}"


def _token(source: Source, kind: str, text: str, start: int) -> Token:
    end = start + len(text)
    if kind == "string":
        return _string(source, text, start)
    if kind == "int":
        return Token(*_int(source, text, start), start, end)
    if kind == "decimal":
        return Token("decimal", _decimal(source, text, start), start, end)
    return Token(kind, text.strip("`"), start, end)


def _decimal(source: Source, text: str, start: int) -> Decimal:
    value = Decimal(text)
    if abs(value.adjusted()) > _MOST_EXPONENT:
        raise source.refusal("this number is too large or too small", start)
    return value


def _int(source: Source, text: str, start: int) -> tuple[str, int]:
    digits = text.rstrip("uU")
    kind = "int" if digits == text else "uint"
    value = int(digits, 16 if digits[:2] in ("0x", "0X") else 10) if len(digits) < 40 else 1 << 70
    # 2**63 is let through for the parser, which takes it only after a minus sign.
    if value > (1 << 63 if kind == "int" else (1 << 64) - 1):
        raise source.refusal("this int does not fit into 64 bits; write a decimal: add .0", start)
    return kind, value


def _string(source: Source, text: str, start: int) -> Token:
    opening = min(at for at in (text.find('"'), text.find("'")) if at >= 0)
    prefix, quoted = text[:opening].lower(), text[opening:]
    size = 3 if quoted[:3] in ('"""', "'''") and len(quoted) >= 6 else 1
    inner, offset = quoted[size:-size], start + opening + size
    end = start + len(text)
    if "b" in prefix:
        data = inner.encode() if "r" in prefix else _unescaped_bytes(source, inner, offset)
        return Token("bytes", data, start, end)
    return Token("string", inner if "r" in prefix else _unescaped(source, inner, offset), start, end)


def _unescaped(source: Source, text: str, offset: int) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _character(source, found, offset + found.start()), text)


def _character(source: Source, found: re.Match[str], offset: int) -> str:
    if found["simple"]:
        return _SIMPLE[found["simple"]]
    if found["bad"]:
        raise source.refusal(f"'{found[0]}' is not an escape; write '\\\\' for a backslash", offset)
    code = int(found["o"], 8) if found["o"] else int(found["x"] or found["xx"] or found["u"] or found["uu"], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise source.refusal(f"'{found[0]}' is not a character", offset)
    return chr(code)


def _unescaped_bytes(source: Source, text: str, offset: int) -> bytes:
    """In bytes `\\xNN` and octal escapes are bytes, everything else is UTF-8."""
    data, position = b"", 0
    for found in _ESCAPE.finditer(text):
        data += text[position : found.start()].encode()
        position = found.end()
        character = _character(source, found, offset + found.start())
        data += bytes([ord(character)]) if found["o"] or found["x"] or found["xx"] else character.encode()
    return data + text[position:].encode()
