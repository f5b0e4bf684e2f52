"""Expressions: CEL, checked against what is known of a message and compiled to Python.

CEL is a standard (https://cel.dev): total, without side effects, and the same everywhere: conditions, maps, policies, keys.

    body.total > decimal("50000") && body.lines.all(line, line.quantity > 0)

What differs from the standard, all of it because documents carry money:

- There are no floats. `1.5` and `double(...)` are decimals of 28 digits, and so is JSON's `number`; an int and a decimal may be
  mixed and make a decimal. Two ints divide towards zero; leaving 64 bits is an error.
- What a document's schema says is an error to misspell: an unknown field, a text plus a number, a code that can never occur.
- Uints are ints in documents: only the compiler tells them apart. Timestamps and durations are exact to the microsecond.
- Beside CEL's own functions there are those of `functions.py`, and `default(path, fallback)`.
- `a.?b`, `a[?0]`, `.orValue(x)`, `.hasValue()`, `.optMap(v, expr)`: CEL's optional values. A null counts as absent on the way.
- Named messages (`Type{...}`) don't exist; `{...}` makes an object.
- `lookup`, `xref` and `convert` ask the project's tables, `now()` says when the message came.

A hostile expression or document ends in an error, not in a stall: length and depth are limited when it is compiled, steps and
the size of what is made when it runs (see `parser.py`, `values.py`).
"""

from __future__ import annotations

from crossdock.core.spec import ExpressionLanguage, ExpressionSpec, Files


def _build(files: Files | None = None) -> ExpressionLanguage:
    from crossdock_transformers.expression.language import Cel

    return Cel(files)


SPEC = ExpressionSpec(
    name="cel",
    summary="CEL expressions, type-checked against schemas and compiled to Python, with decimals for money",
    example='body.total > decimal("50000")',
    build=_build,
)
