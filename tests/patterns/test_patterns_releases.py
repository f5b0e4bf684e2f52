"""What waits when another release is deployed: groups, sequences and parked messages, on real journals."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.boot import planning
from crossdock.boot.deployments import Order
from crossdock.core.access import Actor
from tests.journal.journal_kit import ANN
from tests.patterns.runtime_kit import Endpoint, Works, files

PAIRS = {"aggregate": {"by": "body.order", "complete": {"size": 2}, "body": "items.map(item, item.n)"}}
NOTE = {"set_header": {"seen": '"yes"'}}
TURN = {"by": "body.order", "sequence": "body.n"}


@pytest.fixture
def release(journal_url):
    """Deploy a project of these steps on one and the same journal."""
    opened = []

    def deploy(*steps, endpoint=None):
        opened.append(Works(journal_url, files(*steps), endpoint))
        return opened[-1]

    yield deploy
    for one in opened:
        one.close()


def line(n, order="A"):
    return {"order": order, "n": n}


def test_members_of_both_releases_make_one_group_where_the_step_is_the_same(release):
    before = release(PAIRS)
    before.accept(line(1))
    before.run()
    after = release(NOTE, PAIRS)
    after.accept(line(2))
    after.run()
    assert after.out == [[1, 2]]


def test_a_group_goes_on_under_the_release_that_its_first_member_came_with(release):
    """What follows the group is that release's too, whatever stands there now, and at whatever number."""
    before = release(PAIRS, {"set_body": '{"by": "before", "of": body}'})
    before.accept(line(1))
    before.run()
    after = release(NOTE, NOTE, PAIRS, {"set_body": '{"by": "after", "of": body}'})
    after.accept(line(2), line(3), line(4))
    after.run()
    assert sorted(after.out, key=str) == [{"by": "after", "of": [3, 4]}, {"by": "before", "of": [1, 2]}]


def test_members_of_a_release_that_changes_the_step_have_groups_of_their_own(release):
    before = release({"aggregate": {"by": "body.order", "complete": {"size": 2, "after": "1s"}}})
    before.accept(line(1))
    before.run()
    after = release({"aggregate": {"by": "body.order", "complete": {"size": 3, "after": "1s"}}})
    after.accept(line(2), line(3))
    after.run()
    assert after.out == []
    after.accept(line(4))
    after.run(1.5)
    assert sorted(after.out, key=len) == [[line(1)], [line(2), line(3), line(4)]]


def test_a_group_whose_step_is_changed_completes_by_its_own_time_and_its_own_step(release):
    before = release({"aggregate": {"by": "body.order", "complete": {"after": "300ms"}, "body": '{"old": size(items)}'}})
    before.accept(line(1), line(2))
    before.run()
    after = release({"aggregate": {"by": "body.order", "complete": {"after": "1h"}, "body": '{"new": size(items)}'}})
    after.run(0.7)
    assert after.out == [{"old": 2}]


def test_going_back_lets_new_messages_join_the_groups_that_were_left(release):
    release(PAIRS).accept(line(1))
    other = release({"aggregate": {"by": "body.order", "complete": {"size": 5}}})
    other.run()
    back = release(PAIRS)
    back.accept(line(2))
    back.run()
    assert back.out == [[1, 2]]


def test_two_steps_that_mean_the_same_have_groups_of_their_own(release):
    pairs = {"aggregate": {"by": '"all"', "complete": {"size": 2}}}
    work = release(pairs, pairs)
    work.accept(*(line(n) for n in range(4)))
    work.run()
    assert [sorted(str(pair) for pair in one) for one in work.out] == [[str([line(0), line(1)]), str([line(2), line(3)])]]


def test_a_sequence_goes_on_over_releases_and_each_message_with_its_own(release):
    """The second release has the step at another number, and waits longer: numbers go on where they were."""
    endpoint = Endpoint()
    sent = [{"wire_tap": [{"wms-east": {}}]}]
    before = release({"resequence": TURN}, {"set_body": '{"n": body.n, "of": "before"}'}, *sent, endpoint=endpoint)
    before.accept(line(1), line(3))
    before.run()
    turn = {"resequence": {**TURN, "wait": "1h"}}
    after = release(NOTE, NOTE, turn, {"set_body": '{"n": body.n, "of": "after"}'}, *sent, endpoint=endpoint)
    after.accept(line(4), line(2))
    after.run()
    got = [(body["n"], body["of"]) for _, body in endpoint.calls]
    assert got == [(1, "before"), (2, "after"), (3, "before"), (4, "after")]


def test_parked_messages_go_on_with_their_own_release(release):
    park = {"park": {"key": '"item"', "when": "true"}}
    before = release(park, {"set_body": '"before"'})
    before.accept(line(1))
    before.run()
    after = release(NOTE, park, {"set_body": '"after"'})
    after.accept(line(2))
    after.run()
    assert after.opened.desk.unpark("item", ANN) == 2
    after.run()
    assert sorted(after.out) == ["after", "before"]


def planned(work, *steps):
    """Return what a plan says of the groups that are open."""
    made = planning.plan(work.opened, Path(), "local", Order(Actor("ann")), files(*steps))
    assert [str(problem) for problem in made.problems] == []
    return [(one.route, one.step, one.groups, one.messages, one.stays, one.time) for one in made.groups]


def test_a_plan_says_which_open_groups_new_messages_would_join(release):
    work = release(PAIRS)
    work.accept(line(1, "A"), line(1, "B"), line(1, "C"))
    work.run()
    assert planned(work, NOTE, PAIRS) == [("example", "aggregate", 3, 3, True, False)]
    changed = {"aggregate": {**PAIRS["aggregate"], "complete": {"size": 3, "after": "1h"}}}
    assert planned(work, changed) == [("example", "aggregate", 3, 3, False, False)]


def test_a_plan_says_that_time_completes_the_groups_of_a_step_that_goes(release):
    work = release({"aggregate": {"by": "body.order", "complete": {"size": 2, "after": "1h"}}})
    work.accept(line(1))
    work.run()
    assert planned(work, NOTE) == [("example", "aggregate", 1, 1, False, True)]


def test_a_plan_knows_groups_of_a_release_before_the_one_that_runs(release):
    release(PAIRS).accept(line(1))
    work = release(NOTE)
    work.run()
    assert planned(work, NOTE, NOTE) == [("example", "a step of an earlier release", 1, 1, False, False)]
