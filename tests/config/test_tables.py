"""Tables as files of a project: YAML and CSV, with what is wrong told at its line."""

from __future__ import annotations

import pytest

from crossdock_config.csv_source import read_csv


def test_a_csv_file_is_columns_and_rows_of_texts():
    document = read_csv("config/partners/acme.item.table.csv", '# from the portal\nsku,gtin\nA-1,0401\n\n"B,2",0402\n')
    assert {"columns": ["sku", "gtin"], "rows": [["A-1", "0401"], ["B,2", "0402"]]} == document.data


def test_semicolons_separate_where_the_first_line_has_them():
    assert {"columns": ["a", "b"], "rows": [["1,5", "x"]]} == read_csv("t.table.csv", "a;b\r\n1,5;x\r\n").data


def test_a_row_has_the_place_of_its_line():
    place = read_csv("t.table.csv", "# one\na,b\n1,2\n\n3\n").at("rows", 1)
    assert ("t.table.csv", 5, 1) == (place.path, place.line, place.column)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this file is empty"),
        ("# nothing\n", "this file is empty"),
        ('a,b\n"x,1\n', "this is not CSV: unexpected end of data"),
        ("a,b\n" + "1,2\n" * 100_001, "a table has 100000 rows at most"),
    ],
)
def test_what_is_no_table_is_told(text, message):
    assert [message] == [problem.message for problem in read_csv("t.table.csv", text).problems]
