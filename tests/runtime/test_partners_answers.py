"""A partner gets its answer whatever becomes of its document in the route, and once; of several interchanges only copies stop."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crossdock.core.access import Actor
from crossdock.core.journal import Query
from crossdock.core.message import Receipt
from tests.patterns import runtime_kit
from tests.transformers.edifact import edifact_kit
from tests.transformers.x12 import x12_kit

ROUTE = """\
route: example
owner: a@example.com
domain: examples
from: {{ webhook: {{ path: /in, auth: none, content_types: ["*/*"] }} }}
steps:
  - decode: {decode}
{steps}
to: [erp]
"""
ACME = """\
partner: acme
x12:
  theirs: { qualifier: ZZ, id: ACMERETAIL }
  ours: { qualifier: "01", id: "080192334" }
  version: "004010"
  acknowledge: "997"
  ta1: on_error
channels: { sftp_server: { user: acme, password: "${secret:P}", pickup: outbound } }
"""
BETA = """\
partner: beta
edifact:
  theirs: { id: "5412345000013", qualifier: "14" }
  ours: { id: "4012345000009", qualifier: "14" }
  version: D96A
  acknowledge: full
channels: { sftp_server: { user: beta, password: "${secret:P}", pickup: outbound } }
"""
ENVIRONMENT = "environment: local\nendpoints: { erp: { http: { url: http://h } } }\n"
ORDER = x12_kit.file(x12_kit.ORDER)
BAD = x12_kit.file(x12_kit.ORDER, x12_kit.replaced("CTT*2", "CTT*x"))
ORDERS = edifact_kit.file(edifact_kit.ORDER)
OTHER = ORDER.replace(b"000004711", b"000004712")
THIRD = ORDER.replace(b"000004711", b"000004713")
ANN = Actor("ann")

FAILING = "  - filter: body.nothing == 1"
PASSING = "  - set_header: { seen: '\"yes\"' }"


class Post(runtime_kit.Works):
    """A route at work whose deliveries are looked at."""

    def hand_in(self, *files: bytes) -> list[str]:
        """Hand files in, work until nothing is due, and return the messages' ids."""
        receipts = [Receipt("example", one, "test", content_type="application/octet-stream") for one in files]
        names = [one.message_id for one in self.journal.accept(receipts, self.release.id)]
        self.run()
        return names

    def said(self, *marks: str) -> list[str]:
        """Return what the partner was told: all segments that begin so."""
        ends = {"partner:acme": "~", "partner:beta": "'"}
        sent = [(body.decode(), ends[name]) for name, body in self.endpoint.calls if name in ends]
        return [one.strip() for text, end in sent for one in text.split(end) if one.strip().startswith(marks)]

    def got(self) -> int:
        """Return how many documents the ERP got."""
        return sum(name == "erp" for name, _ in self.endpoint.calls)

    def found(self, state: str) -> list[dict[str, Any]]:
        """Return messages in a state, oldest first."""
        return self.opened.desk.messages(Query(state=state, limit=500))[::-1]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Any]:
    opened: list[Post] = []

    def build(steps: str, decode: str = "x12") -> Post:
        files = {
            "routes/examples/example.route.yaml": ROUTE.format(decode=decode, steps=steps),
            "config/environments/local.yaml": ENVIRONMENT,
            "config/partners/acme.yaml": ACME,
            "config/partners/beta.yaml": BETA,
        }
        opened.append(Post(f"sqlite:///{tmp_path}/journal.db", files))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


# What fails after it was read


def test_an_unsplit_order_that_fails_in_a_later_step_is_acknowledged(post: Any) -> None:
    """It could be read: 997 A. That our own step failed is ours to repair."""
    at_work = post(FAILING)
    at_work.hand_in(ORDER)
    assert at_work.states() == ["failed"]
    assert at_work.said("AK5", "AK9") == ["AK5*A", "AK9*A*1*1*1"]
    assert at_work.got() == 0


def test_an_unsplit_file_with_a_bad_order_is_answered_with_what_is_wrong(post: Any) -> None:
    """Nothing goes to the ERP; the 997 names the order that is bad."""
    at_work = post(PASSING)
    at_work.hand_in(BAD)
    assert (at_work.states(), at_work.got()) == (["failed"], 0)
    assert at_work.said("AK2", "AK5", "AK9") == ["AK2*850*0001", "AK5*A", "AK2*850*0002", "AK5*R*5", "AK9*P*2*2*1"]


def test_an_unsplit_message_that_fails_gets_its_contrl(post: Any) -> None:
    at_work = post(FAILING, "edifact")
    at_work.hand_in(ORDERS)
    assert at_work.states() == ["failed"]
    assert at_work.said("UCI") == ["UCI+4711+5412345000013:14+4012345000009:14+7"]


def test_a_retry_of_what_was_answered_is_not_answered_again(post: Any) -> None:
    at_work = post(FAILING)
    (name,) = at_work.hand_in(ORDER)
    at_work.opened.desk.retry(name, None, ANN)
    at_work.run()
    assert (at_work.states(), at_work.said("AK9")) == (["failed"], ["AK9*A*1*1*1"])


def test_a_copy_of_what_failed_and_was_answered_is_refused(post: Any) -> None:
    """It was acknowledged, so that the partner has no reason to send it again: TA1 R 025."""
    at_work = post(FAILING)
    at_work.hand_in(ORDER)
    at_work.hand_in(ORDER)
    assert at_work.states() == ["failed", "duplicate"]
    assert at_work.said("AK9", "TA1") == ["AK9*A*1*1*1", "TA1*000004711*261015*0930*R*025"]


def test_an_order_that_waits_is_acknowledged_before_it_goes_on(post: Any) -> None:
    """A `delay` after another body was set: the answer doesn't wait, and comes once."""
    at_work = post("""  - set_body: '{"seen": true}'\n  - delay: 1s""")
    receipts = [Receipt("example", ORDER, "test", content_type="application/octet-stream")]
    at_work.journal.accept(receipts, at_work.release.id)
    at_work.run()
    assert (at_work.said("AK9"), at_work.got()) == (["AK9*A*1*1*1"], 0)
    at_work.run(seconds=1.3)
    assert (at_work.said("AK9"), at_work.got(), at_work.states()) == (["AK9*A*1*1*1"], 1, ["done"])


def test_an_order_that_failed_later_is_in_the_book_of_what_was_received(post: Any) -> None:
    """So that an 855 that is due for it is missed."""
    at_work = post(FAILING)
    at_work.hand_in(ORDER)
    row = at_work.opened.exchanges.show(at_work.hand_in(OTHER)[0])
    assert (row["document"], row["state"], row["keys"]["purchase_order"]) == ("850", "received", "4500000001")


# Several interchanges

SPLIT = "  - split: transactions"


@pytest.mark.parametrize("steps", [SPLIT, PASSING])
def test_of_several_interchanges_only_the_copy_is_refused(post: Any, steps: str) -> None:
    """Its siblings go on and are acknowledged; the copy is a message of its own, and names the first."""
    at_work = post(steps)
    (first,) = at_work.hand_in(ORDER)
    at_work.endpoint.calls.clear()
    (whole,) = at_work.hand_in(OTHER + ORDER + THIRD)
    (copy,) = at_work.found("duplicate")
    assert (copy["parent"], copy["keys"]["interchange"]) == (whole, "000004711")
    assert copy["error"]["message"] == f"interchange 000004711 was received before, as message {first}"
    assert at_work.got() == (2 if steps == SPLIT else 1)
    assert at_work.said("TA1") == ["TA1*000004711*261015*0930*R*025"]
    assert len(at_work.said("AK9*A*1*1*1")) == 2


@pytest.mark.parametrize("steps", [SPLIT, PASSING])
def test_a_copy_within_a_file_can_be_let_in_alone(post: Any, steps: str) -> None:
    at_work = post(steps)
    at_work.hand_in(ORDER)
    at_work.hand_in(OTHER + ORDER)
    at_work.endpoint.calls.clear()
    at_work.opened.desk.admit(at_work.found("duplicate")[0]["id"], ANN)
    at_work.run()
    assert (at_work.found("duplicate"), at_work.got(), at_work.said("AK9")) == ([], 1, ["AK9*A*1*1*1"])


def test_a_file_of_nothing_but_copies_is_one_copy(post: Any) -> None:
    at_work = post(SPLIT)
    at_work.hand_in(ORDER + OTHER)
    at_work.endpoint.calls.clear()
    (again,) = at_work.hand_in(ORDER + OTHER)
    assert [row["id"] for row in at_work.found("duplicate")] == [again]
    assert at_work.said("TA1") == ["TA1*000004711*261015*0930*R*025", "TA1*000004712*261015*0930*R*025"]
    assert at_work.got() == 0


def test_the_same_interchange_twice_in_a_file_is_taken_once(post: Any) -> None:
    at_work = post(SPLIT)
    at_work.hand_in(ORDER + ORDER)
    assert (at_work.got(), len(at_work.found("duplicate"))) == (1, 1)
    assert at_work.said("TA1", "AK9") == ["AK9*A*1*1*1", "TA1*000004711*261015*0930*R*025"] or at_work.said("TA1", "AK9") == [
        "TA1*000004711*261015*0930*R*025",
        "AK9*A*1*1*1",
    ]


def test_an_unsplit_file_that_fails_is_retried_without_its_copy(post: Any) -> None:
    """What was left out once stays left out: the retry is not answered, and looks no more for copies."""
    at_work = post(FAILING)
    at_work.hand_in(ORDER)
    (name,) = at_work.hand_in(ORDER + OTHER)
    at_work.endpoint.calls.clear()
    at_work.opened.desk.retry(name, None, ANN)
    at_work.run()
    assert at_work.said("TA1", "AK9") == []
    assert at_work.journal.load([name])[0].held["refused_parts"] == [["x12/acme", "ZZ/ACMERETAIL/01/080192334/000004711"]]


def test_of_several_edifact_interchanges_only_the_copy_is_refused(post: Any) -> None:
    """UCI 4 with 26 for the copy, 7 for its sibling."""
    at_work = post("  - split: messages", "edifact")
    at_work.hand_in(ORDERS)
    at_work.endpoint.calls.clear()
    at_work.hand_in(ORDERS + edifact_kit.file(edifact_kit.ORDER, control="4712"))
    assert sorted(at_work.said("UCI")) == [
        "UCI+4711+5412345000013:14+4012345000009:14+4+26",
        "UCI+4712+5412345000013:14+4012345000009:14+7",
    ]
    assert at_work.got() == 1


# An interchange that can't be used among others


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (b"IEA*1*000004712", b"IEA*1*000004799", "001"),
        (b"IEA*1*000004712", b"IEA*2*000004712", "021"),
        (b"*ZZ*ACMERETAIL     *", b"*ZZ*OTHER          *", "006"),
        (b"*01*080192334      *", b"*01*080192335      *", "009"),
        (b"*0*P*>", b"*0*T*>", "020"),
    ],
)
def test_an_interchange_with_a_bad_envelope_never_sinks_its_siblings(post: Any, old: bytes, new: bytes, note: str) -> None:
    """It is refused by TA1 and kept to be repaired; those before and after it go on and are acknowledged."""
    assert old in OTHER
    at_work = post(SPLIT)
    (whole,) = at_work.hand_in(ORDER + OTHER.replace(old, new, 1) + THIRD)
    assert (at_work.got(), at_work.said("AK9")) == (2, ["AK9*A*1*1*1"] * 2)
    assert at_work.said("TA1") == [f"TA1*000004712*261015*0930*R*{note}"]
    (kept,) = at_work.found("failed")
    assert (kept["parent"], kept["keys"]["interchange"]) == (whole, "000004712")
    at_work.opened.desk.retry(kept["id"], OTHER, ANN)
    at_work.run()
    assert (at_work.got(), at_work.found("failed")) == (3, [])


def test_a_corrected_copy_of_a_refused_interchange_is_no_duplicate(post: Any) -> None:
    """Its number was not taken."""
    at_work = post(SPLIT)
    at_work.hand_in(ORDER + OTHER.replace(b"IEA*1*", b"IEA*2*"))
    at_work.hand_in(OTHER)
    assert (at_work.got(), at_work.found("duplicate")) == (2, [])


def test_a_file_of_nothing_but_bad_interchanges_is_refused_whole(post: Any) -> None:
    at_work = post(SPLIT)
    at_work.hand_in(ORDER.replace(b"IEA*1*", b"IEA*2*") + OTHER.replace(b"IEA*1*", b"IEA*2*"))
    assert (at_work.states(), at_work.got()) == (["failed"], 0)


def test_an_edifact_interchange_for_somebody_else_never_sinks_its_siblings(post: Any) -> None:
    """UCI 4 with 7 for the one, 7 for the other."""
    at_work = post("  - split: messages", "edifact")
    other = edifact_kit.file(edifact_kit.ORDER, control="4712").replace(b"+4012345000009:14+261015", b"+4099999000009:14+261015")
    at_work.hand_in(other + ORDERS)
    assert sorted(at_work.said("UCI")) == [
        "UCI+4711+5412345000013:14+4012345000009:14+7",
        "UCI+4712+5412345000013:14+4099999000009:14+4+7+UNB+4",
    ]
    assert (at_work.got(), len(at_work.found("failed"))) == (1, 1)


# Files within an archive


def archive(*files: bytes) -> bytes:
    """Return a zip of files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as out:
        for at, one in enumerate(files):
            out.writestr(f"{at}.edi", one)
    return held.getvalue()


def zipped(post: Any) -> Any:
    """Return a route that takes archives of X12 files."""
    return post("  - split: files\n  - decode: x12\n  - split: transactions", "zip")


def test_a_copy_in_an_archive_is_refused_before_anything_of_it_is_done(post: Any) -> None:
    """Whole as in a file of several interchanges; the rest of the archive goes on."""
    at_work = zipped(post)
    at_work.hand_in(archive(ORDER))
    at_work.endpoint.calls.clear()
    at_work.hand_in(archive(ORDER + OTHER, THIRD))
    assert (at_work.got(), len(at_work.said("AK9*A*1*1*1"))) == (2, 2)
    assert at_work.said("TA1") == ["TA1*000004711*261015*0930*R*025"]
    (copy,) = at_work.found("duplicate")
    assert copy["keys"]["interchange"] == "000004711"
    assert at_work.found("failed") == []


def test_two_files_of_an_archive_with_one_interchange_are_one(post: Any) -> None:
    at_work = zipped(post)
    at_work.hand_in(archive(ORDER, ORDER))
    assert (at_work.got(), len(at_work.found("duplicate"))) == (1, 1)
