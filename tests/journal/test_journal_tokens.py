"""API tokens: shown once, kept as a hash, good until they expire or are revoked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crossdock.core.access import Actor
from crossdock.core.errors import Refused
from crossdock.runtime.journal import OpenJournal
from tests.journal.journal_kit import ANN, World


def test_a_token_says_whose_it_is(opened: OpenJournal) -> None:
    token = opened.tokens.new("ci", ANN, None)
    assert opened.tokens.verify(token) == Actor("ci", "token", owner="ann")


def test_no_two_tokens_are_alike(opened: OpenJournal) -> None:
    assert len({opened.tokens.new(f"t{n}", ANN, None) for n in range(20)}) == 20


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"),
        lambda token: token.upper(),
        lambda token: token + "x",
        lambda token: token[:-1],
        lambda token: token.replace(token[4:12], "00000000"),
        lambda token: token + "\n",
        lambda token: "",
        lambda token: "cdk_",
        lambda token: token[4:12],
        lambda token: "cdk_00000000_" + "\u0661" * 43,
        lambda token: f"{token[:13]}{'_' * 43}",
    ],
)
def test_what_is_not_the_token_to_the_letter_is_nobody_s(opened: OpenJournal, forge) -> None:
    token = opened.tokens.new("ci", ANN, None)
    assert opened.tokens.verify(forge(token)) is None


def test_the_secret_of_one_token_does_not_open_another(opened: OpenJournal) -> None:
    one, two = opened.tokens.new("one", ANN, None), opened.tokens.new("two", ANN, None)
    assert opened.tokens.verify(one[:13] + two[13:]) is None


def test_an_expired_token_is_nobody_s(world: World) -> None:
    opened = world.opened[0]
    token = opened.tokens.new("ci", ANN, 3600)
    world.advance(3599)
    assert opened.tokens.verify(token) is not None
    world.advance(2)
    assert opened.tokens.verify(token) is None


def test_a_revoked_token_is_nobody_s(opened: OpenJournal) -> None:
    token = opened.tokens.new("ci", ANN, None)
    assert (opened.tokens.revoke("ci", ANN), opened.tokens.verify(token), opened.tokens.revoke("ci", ANN)) == (1, None, 0)


def test_a_token_is_revoked_by_its_prefix_as_well(opened: OpenJournal) -> None:
    token = opened.tokens.new("ci", ANN, None)
    assert (opened.tokens.revoke(token[4:12], ANN), opened.tokens.verify(token)) == (1, None)


def test_a_living_token_keeps_its_name_for_itself(opened: OpenJournal) -> None:
    opened.tokens.new("ci", ANN, None)
    with pytest.raises(Refused, match="there is a token 'ci' already"):
        opened.tokens.new("ci", ANN, None)
    opened.tokens.revoke("ci", ANN)
    assert opened.tokens.verify(opened.tokens.new("ci", ANN, None)) is not None


@pytest.mark.parametrize("name", ["", "CI", "a b", "-a", "a" * 65, "é", "a\n"])
def test_a_name_that_no_rule_could_hold_is_refused(opened: OpenJournal, name: str) -> None:
    with pytest.raises(Refused, match="can't be a token's name"):
        opened.tokens.new(name, ANN, None)


def test_its_last_use_is_noted_at_most_once_a_minute(world: World) -> None:
    opened = world.opened[0]
    token = opened.tokens.new("ci", ANN, None)
    assert opened.tokens.list()[0]["used_at"] is None
    opened.tokens.verify(token)
    first = opened.tokens.list()[0]["used_at"]
    opened.tokens.verify(token)
    assert opened.tokens.list()[0]["used_at"] == first
    world.advance(61)
    opened.tokens.verify(token)
    assert opened.tokens.list()[0]["used_at"] >= first + 60_000


def test_the_secret_is_nowhere_in_the_journal(tmp_path: Path) -> None:
    world = World(f"sqlite:///{tmp_path}/journal.db")
    opened = world.open()
    opened.migrate()
    token = opened.tokens.new("ci", ANN, None)
    opened.tokens.verify(token)
    opened.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("journal.db*"))
    assert (token[4:12].encode() in kept, token[13:].encode() in kept) == (True, False)


def test_making_and_revoking_are_in_the_audit_log_without_the_secret(opened: OpenJournal) -> None:
    token = opened.tokens.new("ci", ANN, None)
    opened.tokens.revoke("ci", ANN)
    rows = list(opened.audit.rows())
    assert [(row.action, row.subject) for row in rows] == [("make_token", "ci"), ("revoke_token", "ci")]
    assert json.loads(rows[1].details) == {"prefixes": [token[4:12]]}
    assert token[13:] not in str(rows)
