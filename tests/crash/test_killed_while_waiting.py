"""Killed while messages wait, or as they go on: each pattern that holds something holds it over the kill, and lets it go once.

The kill comes at the commit that puts the first message away (`settle`, 1), or at a later one that lets it go on; `gathered` is
the commit that lets messages go on that waited for others.
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from crossdock import boot
from crossdock.core.access import Actor
from crossdock.runtime.journal import OpenJournal
from tests.crash import project
from tests.crash.test_killed_at_every_commit_point import crossdock, wait_until
from tests.services.ledger import Ledger, ledger
from tests.services.ports import free_port

ROUTE = """
route: orders
owner: tests
domain: sales
from:
  webhook: {{ path: /orders, auth: none{reply} }}
steps:
  - decode: json
{steps}
to:
  - sink: {{ key: body.order_number, policies: [quick] }}
{rest}
"""
Body = dict[str, Any]


@dataclass
class Run:
    """A run at its end: who is asked, when each order was first posted (seconds since 1970), and what was answered last."""

    opened: OpenJournal
    target: Ledger
    port: int
    posted: dict[str, float] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A pattern's steps, what is posted (in this order), the orders that must reach the target, and what else must hold.

    `meanwhile` is done to the journal once everything is posted, until everything has arrived.
    """

    steps: str
    posts: tuple[Body, ...]
    expected: tuple[str, ...]
    points: tuple[tuple[str, str, str], ...] = (("settle", "before", "1"), ("settle", "after", "1"), ("settle", "after", "2"))
    meanwhile: Callable[[OpenJournal], object] = lambda _: None
    holds: Callable[[Run], bool] = lambda _: True
    reply: str = ""
    rest: str = ""


def orders(*numbers: str, **rest: Any) -> tuple[Body, ...]:
    return tuple({"order_number": number, **rest} for number in numbers)


def in_turn(run: Run) -> bool:
    """Whether orders arrived in the order of their numbers."""
    times = run.target.times()
    return sorted(times, key=lambda key: times[key]) == sorted(times)


def waited(seconds: float) -> Callable[[Run], bool]:
    """Whether no order arrived before its time."""
    return lambda run: all(at - run.posted[order] >= seconds for order, at in run.target.times().items())


def answered(run: Run) -> bool:
    """Whether who asks again gets the answer: a gateway whose worker was killed says after its 10 s only what it has."""
    for index, order in enumerate(("PO-1", "PO-2")):
        assert post(run.port, {"order_number": order}, f"post-{index}", run)
    return run.answers == {order: {"accepted": order} for order in ("PO-1", "PO-2")}


def released(opened: OpenJournal) -> object:
    """Release what is parked, as soon as all of it is."""
    return len(opened.desk.parked()) == 2 and opened.desk.unpark("item S1", Actor("ann"))


CASES = {
    "delay": Case(
        steps="  - delay: 1500ms",
        posts=orders("PO-1", "PO-2"),
        expected=("PO-1", "PO-2"),
        holds=waited(1.5),
    ),
    "resequence": Case(
        steps="  - resequence: { by: body.group, sequence: body.n }",
        posts=tuple({"order_number": f"PO-{n}", "group": "A", "n": n} for n in (3, 2, 1, 4)),
        expected=("PO-1", "PO-2", "PO-3", "PO-4"),
        points=(("settle", "before", "1"), ("settle", "after", "2"), ("gathered", "before", "1"), ("gathered", "after", "1")),
        holds=in_turn,
        rest="order_by: body.group",
    ),
    "claim_check": Case(
        steps="""\
  - claim_check: { store: whole }
  - set_body: '"cut down"'
  - delay: 500ms
  - claim_check: { restore: whole }""",
        posts=orders("PO-1", "PO-2"),
        expected=("PO-1", "PO-2"),
    ),
    "idempotent_consumer": Case(
        steps="  - idempotent_consumer: { key: body.order_number, window: 1d }",
        posts=(*orders("PO-1", copy=1), *orders("PO-1", copy=2), *orders("PO-2")),
        expected=("PO-1", "PO-2"),
    ),
    "throttle": Case(
        steps="  - throttle: 4/s",
        posts=orders(*(f"PO-{n}" for n in range(1, 9))),
        expected=tuple(f"PO-{n}" for n in range(1, 9)),
    ),
    "park": Case(
        steps="""  - park: { key: '"item " + body.sku' }""",
        posts=orders("PO-1", "PO-2", sku="S1"),
        expected=("PO-1", "PO-2"),
        meanwhile=released,
    ),
    "release": Case(
        steps="""\
  - choice:
      - when: body.known
        steps: [{ release: '"item " + body.sku' }, { filter: false }]
      - otherwise: [{ park: { key: '"item " + body.sku' } }]""",
        posts=(*orders("PO-1", "PO-2", sku="S1", known=False), *orders("known", sku="S1", known=True)),
        expected=("PO-1", "PO-2"),
        points=(("settle", "after", "2"), ("settle", "before", "3"), ("settle", "after", "3"), ("settle", "after", "4")),
    ),
    "reply": Case(
        steps="""  - reply: '{"accepted": body.order_number}'""",
        posts=orders("PO-1", "PO-2"),
        expected=("PO-1", "PO-2"),
        points=(("accept", "after", "1"), ("settle", "before", "1"), ("settle", "after", "1")),
        holds=answered,
        reply=", reply: 10s",
    ),
    "enrich": Case(
        steps="""\
  - enrich: { from: { lookup: { key: '"ask " + body.order_number' } }, with: body, into: body.found }
  - set_body: '{"order_number": body.order_number + (has(body.found.id) ? " answered" : "")}'""",
        posts=orders("PO-1", "PO-2"),
        expected=("PO-1 answered", "PO-2 answered"),
        points=(("settle", "after", "1"), ("conclude", "before", "1"), ("conclude", "after", "1")),
    ),
}


def write(root: Path, journal: str, port: int, sink: str, case: Case) -> Path:
    """Write the project of a pattern."""
    project.write(root, journal=journal, port=port, sink=sink, keyed=True)
    (root / "routes/sales/order.map.yaml").unlink()
    (root / "routes/sales/orders.route.yaml").write_text(ROUTE.format(steps=case.steps, reply=case.reply, rest=case.rest))
    environment = root / "config/environments/local.yaml"
    environment.write_text(environment.read_text() + f'  lookup: {{ http: {{ url: "{sink}/keyed", timeout: 5s }} }}\n')
    return root


def post(port: int, body: Body, key: str, run: Run) -> bool:
    """Post an order; True where it was acknowledged."""
    run.posted.setdefault(body["order_number"], time.time())
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/orders", data=json.dumps(body).encode(), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            run.answers[body["order_number"]] = json.load(answer)
            return answer.status in (200, 202)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def post_all(port: int, posts: Iterable[tuple[int, Body]], run: Run, alive: Callable[[], bool]) -> set[int]:
    """Post what is left, one after the other, as long as somebody is there; return which were acknowledged."""
    kept = set()
    for index, body in posts:
        while alive() and index not in kept:
            if post(port, body, f"post-{index}", run):
                kept.add(index)
            time.sleep(0.05)
    return kept


@contextmanager
def opened(root: Path) -> Iterator[OpenJournal]:
    """Open the journal of a project."""
    found = boot.open(root, boot.compiled(root, "local"))
    try:
        yield found
    finally:
        found.close()


def until_dead(process: subprocess.Popen[bytes], root: Path) -> None:
    wait_until(lambda: process.poll() is not None, root)


@pytest.mark.parametrize(
    ("name", "point"),
    [pytest.param(name, point, id="-".join((name, *point))) for name, case in CASES.items() for point in case.points],
)
def test_what_waits_is_kept_and_goes_on_once(name: str, point: tuple[str, str, str], sqlite_url: str, tmp_path: Path) -> None:
    """On SQLite, at every commit of the pattern."""
    killed(CASES[name], point, sqlite_url, tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_what_waits_is_kept_on_postgresql_too(name: str, postgres_journal_url: str, tmp_path: Path) -> None:
    """On PostgreSQL, at the last of them."""
    killed(CASES[name], CASES[name].points[-1], postgres_journal_url, tmp_path)


def killed(case: Case, point: tuple[str, str, str], journal: str, root: Path) -> None:
    """Post everything around a kill, and compare what came of it."""
    with ledger() as target:
        port = free_port()
        write(root, journal, port, target.url, case)
        left = dict(enumerate(case.posts))
        with opened(root) as found:
            run = Run(found, target, port)
            with crossdock(root, *point) as process:
                for index in post_all(port, list(left.items()), run, lambda: process.poll() is None):
                    del left[index]
                case.meanwhile(found)
                until_dead(process, root)
            with crossdock(root) as process:
                post_all(port, list(left.items()), run, lambda: process.poll() is None)
                wait_until(lambda: arrived(case, run), root)
                wait_until(lambda: settled(found) == {"delivered": len(case.expected) + asked(case)}, root)
                assert case.holds(run)


def arrived(case: Case, run: Run) -> bool:
    """Do what the case asks for, and say whether every order is at the target."""
    case.meanwhile(run.opened)
    return set(case.expected) <= set(run.target.effects())


def settled(found: OpenJournal) -> dict[str, int]:
    """Return how many deliveries there are, by state: a message that went on twice would have two."""
    deliveries: dict[str, int] = found.desk.counts(0)["deliveries"]
    return deliveries


def asked(case: Case) -> int:
    """Return how many questions are deliveries as well."""
    return len(case.posts) if "enrich:" in case.steps else 0
