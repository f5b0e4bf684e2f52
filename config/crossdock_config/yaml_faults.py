"""What the YAML parser finds, in the words of somebody who wants to repair it."""

from __future__ import annotations

from typing import Any

import yaml

_NOT_CLOSED = "a '{}' from line {} isn't closed, or a ',' is missing before this"
_ADVICE = {
    "mapping values are not allowed": "a ':' isn't expected here; put the text in quotes, or look at the indentation",
    "did not find expected node content": "a value is missing here",
    "found unexpected ':'": "a ':' isn't expected here; put the text in quotes, or give the key before it a value",
    "could not find expected ':'": "this line has no ':' after its key",
    "did not find expected key": "this line doesn't fit: look at the indentation, or put the text in quotes",
    "did not find expected '-' indicator": "a list goes on with '- '; this line is indented as if it were one of its items",
    "block sequence entries are not allowed": "a list can't begin here: put '- ' on a line of its own, below its key",
    "did not find expected alphabetic or numeric character": "a value that begins with * or & needs quotes",
    "found unknown escape character": "a backslash in double quotes begins an escape; use single quotes for this text",
    "did not find expected <document start>": "this stands outside of the mapping above it; look at the indentation",
    "found undefined tag handle": "tags aren't allowed; a value that begins with ! needs quotes",
    "did not find expected whitespace or line break": "a value that begins with ! needs quotes",
    "did not find URI escaped octet": "a value that begins with ! needs quotes",
}


def advised(error: yaml.MarkedYAMLError, text: str) -> tuple[Any, str]:
    """Return where the fault is (a mark, or None) and what to do about it."""
    problem, context = str(error.problem or ""), str(error.context or "")
    mark = error.problem_mark or error.context_mark
    if "cannot start any token" in problem:
        return mark, _bad_start(text, mark)
    if "expected ',' or" in problem and error.context_mark:
        bracket = "[" if "]" in problem else "{"
        return mark, "this isn't YAML: " + _NOT_CLOSED.format(bracket, error.context_mark.line + 1)
    if "quoted scalar" in context and ("end of stream" in problem or "document indicator" in problem):
        return error.context_mark, "this isn't YAML: the closing quote of this text is missing"
    words = next((advice for start, advice in _ADVICE.items() if start in problem), problem or context)
    return mark, f"this isn't YAML: {words}"


def _bad_start(text: str, mark: Any) -> str:
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    character = line[mark.column : mark.column + 1] if mark else ""
    if character == "\t":
        return "this isn't YAML: a tab stands here; use spaces"
    return f"this isn't YAML: a value that begins with {character or 'a reserved character'} needs quotes"
