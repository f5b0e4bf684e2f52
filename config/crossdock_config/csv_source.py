"""CSV with positions: `{columns: [...], rows: [[...], ...]}`, every value a text. The separator is a comma or a semicolon.

Empty lines are left out, and so are lines that begin with `#`. What can't be read is a problem at its line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from crossdock.core.errors import Place
from crossdock_config.yaml_source import LARGEST, Document

MOST_ROWS = 100_000


def read_csv(path: str, text: str) -> Document:
    """Read a file's text; what is wrong is in `problems`, and `data` is None where nothing can be used."""
    document = Document(path)
    if len(text) > LARGEST:
        document.say(Place(path), "this file is larger than 5 MB; configuration isn't data")
        return document
    try:
        rows = list(_rows(text))
    except csv.Error as error:
        document.say(Place(path), f"this is not CSV: {error}")
        return document
    if not rows or len(rows) > MOST_ROWS:
        document.say(Place(path), "this file is empty" if not rows else f"a table has {MOST_ROWS} rows at most")
        return document
    _fill(document, rows)
    return document


def _fill(document: Document, rows: list[tuple[int, list[str]]]) -> None:
    line, columns = rows[0]
    document.data = {"columns": columns, "rows": [values for _, values in rows[1:]]}
    for at in ((), ("columns",)):
        document.places[at] = Place(document.path, line, 1)
    for number, (line, _) in enumerate(rows[1:]):
        document.places["rows", number] = Place(document.path, line, 1)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    reader = csv.reader(
        (line if not line.startswith("#") else "\n" for line in lines),
        delimiter=";" if first.count(";") > first.count(",") else ",",
        strict=True,
    )
    for values in reader:
        if any(value.strip() for value in values):
            yield reader.line_num, [value.strip() for value in values]
