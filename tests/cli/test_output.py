"""Tables: what people copy is never cut."""

from __future__ import annotations

import pytest

from crossdock.cli.output import table

KEY = "item SKU-0099-" + "X" * 90
ID = "01m84mmbj4r5yhkhjf6xg734nr"


def test_names_and_keys_stay_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where they are wider than the terminal; what explains is folded."""
    columns = ("since", "id", "route", "partner", "key", "waits for")
    table(columns, [("2026-11-23 10:00:00", ID, "orders", "acme", KEY, "a person who " + "knows " * 20)], "nothing")
    shown = capsys.readouterr().out
    assert f"2026-11-23 10:00:00   {ID}   orders   acme      {KEY}   a person" in shown
    assert "…" not in shown
    assert shown.count("knows") == 20


def test_a_table_that_fits_is_no_wider_than_before(capsys: pytest.CaptureFixture[str]) -> None:
    table(("id", "why"), [(ID, "x")], "nothing")
    assert max(map(len, capsys.readouterr().out.split("\n"))) <= 120


def test_nothing_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    table(("id",), [], "nothing is parked")
    assert capsys.readouterr().out == "nothing is parked\n"
