"""The courier on a clock that is turned by hand, without threads."""

from __future__ import annotations

import pytest
from delivery_world import HOUR, MINUTE, SECOND, Place, World, notification
from delivery_world import render as words

from otel_alerting.delivery.breaker import FAILURES
from otel_alerting.delivery.retry import Retry
from otel_alerting.errors import Refused, TryLater, Unknown
from otel_alerting.model import Message, Outcome, Reason, Receipt, Severity
from otel_alerting.ports import Budget


def failing(error: Exception, times: int):
    left = [error] * times
    return lambda message: left.pop() if left else None


def test_what_is_delivered_is_sent_once_and_said_once() -> None:
    """One notification, one message, one delivery with its receipt."""
    world = World()
    place = world.place()
    world.deliver(notification(changes=3), place)
    assert world.courier.waiting() == world.courier.waiting("acme") == 3
    assert world.step() is None
    assert [message.title for message in place.taken] == ["acme/ops/g"]
    (told,) = world.told
    assert (told.outcome, told.changes, told.attempts, told.destination) == (Outcome.SENT, 3, 1, "place")
    assert told.receipt is not None
    assert told.notification == notification(changes=3).id
    assert world.courier.waiting() == 0


def test_every_destination_has_its_own_delivery() -> None:
    """Two notifiers of one receiver are two lanes."""
    world = World()
    good, bad = world.place("good"), world.place("bad", answer=lambda _: Refused("no_service"))
    world.deliver(notification(), good, bad)
    world.step()
    assert {(one.destination, one.outcome) for one in world.told} == {
        ("good", Outcome.SENT),
        ("bad", Outcome.DROPPED),
    }


def test_ten_thousand_groups_become_a_handful_of_messages() -> None:
    """While a channel's budget is used up everything merges, and every change is counted in a message."""
    world = World()
    place = world.place(every=SECOND)
    for number in range(10_000):
        world.deliver(notification(f"g{number}", changes=2), place)
        if number % 2_500 == 0:
            world.step()
    world.run(10 * SECOND)
    assert len(place.taken) <= 5
    assert sum(message.changes for message in place.taken) == 20_000
    assert len(world.told) == 10_000
    assert sum(one.changes for one in world.told) == 20_000
    assert {one.outcome for one in world.told} == {Outcome.SENT, Outcome.MERGED}
    gaps = [later - earlier for earlier, later in zip(place.asked_at, place.asked_at[1:], strict=False)]
    assert min(gaps) >= SECOND


def test_one_group_waits_as_one_and_the_newest_state_wins() -> None:
    """The last of them was sent, the others went along with it."""
    world = World()
    place = world.place(every=SECOND)
    world.deliver(notification("other"), place)
    world.step()
    for seq in (1, 2, 3):
        world.deliver(notification("g", seq=seq, reason=Reason.MORE), place)
    world.run(SECOND)
    assert [(message.seq, message.changes) for message in place.taken[1:]] == [(3, 3)]
    assert [one.outcome for one in world.told[1:]] == [Outcome.MERGED, Outcome.MERGED, Outcome.SENT]


@pytest.mark.parametrize("field", ["tenant", "receiver"])
def test_tenants_and_receivers_never_share_a_message(field: str) -> None:
    """Even where they share a channel."""
    world = World()
    place = world.place(every=SECOND)
    for number in range(8):
        world.deliver(notification(f"g{number}", **{field: f"x{number % 2}"}), place)
    world.run(10 * SECOND)
    assert sorted(message.changes for message in place.taken) == [4, 4]
    for message in place.taken:
        groups = [group.split("/")[0 if field == "tenant" else 1] for group in message.title.split("+")]
        assert set(groups) == {getattr(message, field)}


def test_the_worst_goes_first_but_nothing_starves() -> None:
    """A critical notification overtakes; one that has waited long enough is not overtaken any more."""
    world = World()
    place = world.place(every=SECOND)
    world.deliver(notification("first"), place)
    world.step()
    world.deliver(notification("i", tenant="patient", severity=Severity.INFO), place)
    for number in range(30 * 60):
        world.deliver(notification(f"c{number}", tenant=f"t{number}", severity=Severity.CRITICAL), place)
        world.run(SECOND)
    tenants = [message.tenant for message in place.taken]
    assert tenants[1] == "t0"
    assert 14 * 60 < tenants.index("patient") < 16 * 60


def test_a_message_that_is_not_taken_is_tried_again_until_it_is() -> None:
    """Nothing was delivered, so it is free to try; the pauses grow."""
    world = World(jitter=0.999)
    place = world.place(answer=failing(TryLater("http_503"), 3))
    world.deliver(notification(), place)
    world.run(MINUTE)
    assert [one.attempts for one in world.told] == [4]
    gaps = [later - earlier for earlier, later in zip(place.asked_at, place.asked_at[1:], strict=False)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= 0.9 * SECOND


def test_retry_after_is_kept_by_everybody_under_the_same_budget() -> None:
    """A 429 closes the gate for other channels of the workspace too, and nothing is given up for it."""
    world = World(retry=Retry(max_elapsed_time=SECOND))
    answer = failing(TryLater("ratelimited", after=30 * SECOND, gate=True), 1)
    one = world.place("one", answer=answer, every=1, key="workspace")
    two = world.place("two", every=1, key="workspace")
    world.deliver(notification(), one)
    world.step()
    world.deliver(notification("h"), two)
    world.run(MINUTE)
    assert two.asked_at[0] >= 30 * SECOND
    assert one.asked_at[1] >= 30 * SECOND
    assert {delivery.outcome for delivery in world.told} == {Outcome.SENT}


def test_a_burst_that_the_budget_allows_is_used() -> None:
    """Three readers of one channel are told at once, the fourth after its interval."""
    world = World()
    place = world.place(every=SECOND, burst=3)
    for tenant in "abcd":
        world.deliver(notification(tenant=tenant), place)
    world.run(MINUTE)
    assert place.asked_at == [0, 0, 0, SECOND]


def test_what_is_not_taken_within_the_elapsed_time_is_dropped_with_the_reason() -> None:
    """Only what was tried for so long: what came in meanwhile has its own time."""
    world = World(retry=Retry(max_elapsed_time=5 * MINUTE))
    place = world.place(answer=lambda _: TryLater("http_503"))
    world.deliver(notification("old"), place)
    world.run(4 * MINUTE)
    world.deliver(notification("young"), place)
    world.run(3 * MINUTE)
    assert [(one.group, one.outcome, one.word) for one in world.told] == [("acme/ops/old", Outcome.DROPPED, "http_503")]
    assert world.courier.waiting() == 1


def test_a_destination_that_is_down_is_asked_once_a_minute() -> None:
    """After a few failures in a row the breaker opens; recovery is noticed by a single attempt."""
    world = World(retry=Retry(max_elapsed_time=0))
    down = [TryLater("connect")]
    place = world.place(answer=lambda _: down[0] if down else None)
    world.deliver(notification(), place)
    world.run(HOUR)
    assert len(place.asked) <= FAILURES + 60
    down.clear()
    world.run(MINUTE)
    assert world.outcomes() == [("sent", "")]


def test_an_unknown_answer_is_tried_once_more_and_then_dropped() -> None:
    """It may be there twice, never thirty times."""
    world = World()
    place = world.place(answer=lambda _: Unknown("timeout"))
    world.deliver(notification(), place)
    world.run(HOUR)
    assert len(place.asked) == 2
    assert world.outcomes() == [("dropped", "unknown")]
    assert place.asked[0].id == place.asked[1].id


def test_a_refusal_drops_what_waits_and_what_comes_and_is_tried_again_hourly() -> None:
    """Each is counted with the other side's word; when the destination is mended the next one arrives."""
    world = World()
    dead = [Refused("no_service")]
    place = world.place(answer=lambda _: dead[0] if dead else None)
    for minute in range(180):
        world.deliver(notification(f"g{minute}"), place)
        world.run(MINUTE)
    assert len(place.asked) == 3
    assert world.outcomes() == [("dropped", "no_service")] * 180
    dead.clear()
    world.deliver(notification("late"), place)
    world.run(MINUTE)
    assert len(place.taken) == 1
    assert world.outcomes()[-1] == ("sent", "")


def test_a_full_lane_drops_the_least_and_counts_it() -> None:
    """The worse pushes out the less bad; nothing vanishes without a word."""
    world = World(queue_size=3)
    place = world.place(every=SECOND)
    world.deliver(notification("sent"), place)
    world.step()
    for number in range(5):
        world.deliver(notification(f"w{number}"), place)
    world.deliver(notification("c", severity=Severity.CRITICAL), place)
    assert [(one.group[9:], one.word) for one in world.told[1:]] == [
        ("w3", "queue_full"),
        ("w4", "queue_full"),
        ("w2", "queue_full"),
    ]
    world.run(MINUTE)
    assert [message.title for message in place.taken[1:]] == ["acme/ops/c", "acme/ops/w0", "acme/ops/w1"]


def test_a_few_groups_have_a_message_each_and_more_share_one() -> None:
    """Three that wait read better alone; from four on the last would wait too long."""
    for number, messages in ((3, 3), (4, 1), (100, 1)):
        world = World()
        place = world.place(every=SECOND)
        for group in range(number):
            world.deliver(notification(f"g{group}"), place)
        world.run(MINUTE)
        assert len(place.taken) == messages
        assert sum(message.changes for message in place.taken) == number


def test_a_noisy_tenant_pays_for_a_full_lane() -> None:
    """On a shared channel the quiet tenant's notification is not the one that is dropped."""
    world = World(queue_size=10)
    place = world.place(every=SECOND)
    for number in range(20):
        world.deliver(notification(f"n{number}", tenant="noisy", severity=Severity.CRITICAL), place)
    world.deliver(notification("q", tenant="calm", severity=Severity.INFO), place)
    world.run(MINUTE)
    assert {one.tenant for one in world.told if one.outcome is Outcome.DROPPED} == {"noisy"}


def test_losses_in_a_dropped_notification_are_told_by_the_next() -> None:
    """What could not be taken in is in the next message, even if the first that was to say so is dropped."""
    world = World(queue_size=1)
    place = world.place(every=SECOND)
    world.deliver(notification("sent"), place)
    world.step()
    world.deliver(notification("kept", severity=Severity.HIGH), place)
    world.deliver(notification("gone", lost={"inbox_full": 7}), place)
    world.run(MINUTE)
    assert world.outcomes()[1] == ("dropped", "queue_full")
    assert place.taken[-1].text == "inbox_full=7"


def test_a_later_notification_changes_the_message_of_the_earlier() -> None:
    """The lane knows the receipt before anybody has noted it."""
    world = World()
    place = world.place(updates=True)
    world.deliver(notification(seq=1), place)
    world.step()
    world.deliver(notification(seq=2, reason=Reason.MORE), place)
    world.step()
    world.deliver(notification(seq=3, reason=Reason.RESOLVED, firing=0), place)
    world.step()
    world.deliver(notification(seq=4, reason=Reason.FIRST), place)
    world.step()
    assert [message.previous.ts if message.previous else "" for message in place.taken] == ["", "1", "1", ""]


def test_the_newer_receipt_wins() -> None:
    """A notification may bring a receipt that is newer than what the lane knows, or older."""
    world = World()
    place = world.place(updates=True)
    world.deliver(notification(seq=5), place)
    world.step()
    for at, expected in ((1, "1"), (9, "told")):
        brought = Receipt(destination="place", at=at, channel="C1", ts="told")
        world.deliver(notification(seq=6, reason=Reason.MORE, previous={"place": brought}), place)
        world.step()
        assert place.taken[-1].previous is not None
        assert place.taken[-1].previous.ts == expected


def test_an_update_without_a_message_to_change_needs_no_request() -> None:
    """It says nothing new: settled with no attempt."""
    world = World()
    plain, slack = world.place("plain"), world.place("slack", updates=True)
    world.deliver(notification(reason=Reason.UPDATED, changes=0), plain, slack)
    world.step()
    assert not plain.asked
    assert not slack.asked
    assert [(one.outcome, one.attempts, one.changes) for one in world.told] == [(Outcome.SENT, 0, 0)] * 2


def test_an_update_with_a_message_to_change_changes_it() -> None:
    """In place, and never in a digest."""
    world = World()
    place = world.place(updates=True)
    world.deliver(notification("g"), place)
    world.step()
    world.deliver(notification("g", seq=2, reason=Reason.UPDATED, changes=0), place)
    world.deliver(notification("h"), place)
    world.step()
    assert [message.title[9:] for message in place.taken] == ["g", "h", "g"]
    assert place.taken[2].previous is not None


def test_an_update_that_tells_losses_is_told_anyhow() -> None:
    """Losses are worth a message."""
    world = World()
    place = world.place()
    world.deliver(notification(reason=Reason.UPDATED, changes=0, lost={"inbox_full": 2}), place)
    world.step()
    assert [message.text for message in place.taken] == ["inbox_full=2"]


def test_something_loud_does_not_wait_behind_an_update() -> None:
    """Updates have a budget of their own, and a slower one."""
    world = World()

    class Slack(Place):
        def budgets(self, previous: Receipt | None):
            return (Budget("update", MINUTE),) if previous else (Budget("post", SECOND),)

    place = Slack("slack", updates=True, clock=world.clock)
    for group in "ab":
        world.deliver(notification(group), place)
        world.run(2 * SECOND)
    for group in "ab":
        world.deliver(notification(group, seq=2, reason=Reason.UPDATED, changes=0), place)
    world.run(SECOND)
    world.deliver(notification("c"), place)
    world.step()
    assert [message.title[9:] for message in place.taken] == ["a", "b", "a", "c"]


def test_a_digest_leaves_the_groups_own_messages_to_be_changed_later() -> None:
    """A group that ended in a digest still gets its own message turned green, without a second delivery."""
    world = World()
    place = world.place(updates=True, every=SECOND)
    for group in "abcd":
        world.deliver(notification(group), place)
        world.run(SECOND)
    world.deliver(notification("x"), place)
    world.step()
    for group in "abcd":
        world.deliver(notification(group, seq=2, reason=Reason.RESOLVED, firing=0), place)
    world.run(MINUTE)
    assert [message.title[9:] for message in place.taken[6:]] == ["a", "b", "c", "d"]
    assert "+" in place.taken[5].title
    assert [message.previous.ts for message in place.taken[6:] if message.previous] == ["1", "2", "3", "4"]
    assert all(message.over for message in place.taken[6:])
    assert len(world.told) == 9


def test_a_message_that_cannot_be_rendered_is_dropped_with_a_word() -> None:
    """The lane goes on with the next."""
    world = World()

    def render(told, notifier, previous):
        if told.group.endswith("bad"):
            raise ZeroDivisionError
        return words(told, notifier, previous)

    world.courier._render = render
    place = world.place()
    world.deliver(notification("bad"), place)
    world.step()
    world.deliver(notification("good"), place)
    world.step()
    assert world.outcomes() == [("dropped", "render_failed"), ("sent", "")]


def test_the_distance_between_messages_is_kept_on_the_wire() -> None:
    """Finding the first words takes a while (templates, catalogues); the second message does not follow at once."""
    world = World()
    slow = [3 * SECOND]

    def render(told, notifier, previous):
        world.clock.advance(slow.pop() if slow else 0)
        return words(told, notifier, previous)

    world.courier._render = render
    place = world.place(every=SECOND)
    world.deliver(notification("a"), place)
    world.step()
    world.deliver(notification("b"), place)
    world.run(MINUTE)
    assert [at - place.asked_at[0] for at in place.asked_at] == [0, SECOND]


def test_a_gate_that_says_no_time_is_not_hammered() -> None:
    """A 429 without Retry-After is waited for as any other failure, and never given up."""
    world = World(retry=Retry(max_elapsed_time=SECOND))
    place = world.place(answer=failing(TryLater("ratelimited", gate=True), 50))
    world.deliver(notification(), place)
    world.run(MINUTE)
    assert len(place.asked) < 20
    world.run(HOUR)
    assert world.outcomes() == [("sent", "")]


def test_a_story_that_goes_on_while_it_waits_stays_in_its_message() -> None:
    """Over and begun again before anybody could be told: the same message shows it."""
    world = World()
    place = world.place(updates=True, every=SECOND)
    world.deliver(notification(seq=1), place)
    world.step()
    world.deliver(notification(seq=2, reason=Reason.RESOLVED, firing=0), place)
    world.deliver(notification(seq=3), place)
    world.run(SECOND)
    assert [message.previous.ts if message.previous else "" for message in place.taken] == ["", "1"]


def test_a_notifier_with_a_fault_is_asked_once_more_and_harms_nobody() -> None:
    """How far it came nobody knows, whatever it raises."""
    world = World()

    def broken(message: Message) -> None:
        raise SystemExit(3)

    bad, good = world.place("bad", answer=broken), world.place("good")
    world.deliver(notification(), bad, good)
    world.run(MINUTE)
    assert len(bad.asked) == 2
    assert {(one.destination, one.outcome) for one in world.told} == {
        ("bad", Outcome.DROPPED),
        ("good", Outcome.SENT),
    }


def test_who_notes_deliveries_may_fail_and_the_rest_is_noted() -> None:
    """A fault in `told` does not stop the lane."""
    world = World()
    noted = []

    def told(delivery):
        noted.append(delivery)
        raise KeyboardInterrupt

    world.courier._told = told
    place = world.place()
    for group in "ab":
        world.deliver(notification(group), place)
    world.step()
    assert len(noted) == 2


def test_draining_does_not_wait_for_pacing_that_ends_too_late() -> None:
    """The last words of a program go out as few messages, a little too fast if need be."""
    world = World()
    place = world.place(every=MINUTE)
    world.deliver(notification("a"), place)
    world.step()
    for group in "bcde":
        world.deliver(notification(group), place)
    assert world.courier.drain(world.clock.monotonic() + 3 * SECOND)
    assert [message.changes for message in place.taken] == [1, 4]


def test_draining_keeps_a_closed_gate_closed() -> None:
    """What the other side has asked for holds to the end; what is left is dropped when the courier stops."""
    world = World()
    place = world.place(answer=failing(TryLater("ratelimited", after=HOUR, gate=True), 1))
    world.deliver(notification(changes=5), place)
    world.step()
    assert not world.courier.drain(world.clock.monotonic() + 3 * SECOND)
    assert len(place.asked) == 1
    assert world.courier.waiting() == 5
    world.courier.stop()
    assert world.outcomes() == [("dropped", "shutdown")]
    assert world.courier.waiting() == 0


def test_draining_tries_a_failing_destination_once_more() -> None:
    """A pause that ends after the deadline is not waited for."""
    world = World()
    place = world.place(answer=failing(TryLater("connect", after=MINUTE), 1))
    world.deliver(notification(), place)
    world.step()
    assert world.courier.drain(world.clock.monotonic() + 3 * SECOND)
    assert world.outcomes() == [("sent", "")]


def test_after_a_drain_the_courier_goes_on() -> None:
    """A flush in the middle of a program is a drain, too."""
    world = World()
    place = world.place(every=MINUTE)
    assert world.courier.drain(world.clock.monotonic() + SECOND)
    world.deliver(notification("a"), place)
    world.deliver(notification("b"), place)
    world.step()
    world.deliver(notification("c"), place)
    world.step()
    assert len(place.taken) == 1


def test_what_comes_after_the_stop_is_dropped_with_a_word() -> None:
    """Nothing vanishes silently, not even then."""
    world = World()
    world.courier.stop()
    world.deliver(notification(), world.place())
    assert world.outcomes() == [("dropped", "shutdown")]


def test_where_messages_cost_no_time_every_group_has_its_own() -> None:
    """A console takes all there is at once: merging would only hide what each of them says."""
    world = World()
    place = world.place()
    for number in range(9):
        world.deliver(notification(f"g{number}"), place)
    world.step()
    assert len(place.taken) == 9
