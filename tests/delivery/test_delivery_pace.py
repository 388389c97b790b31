from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.delivery.pace import Pacer
from otel_alerting.ports import Budget

budgets = st.builds(Budget, st.sampled_from(["a", "b"]), st.integers(1, 50), st.integers(1, 5))
waits = st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=60)


def taken_at(pacer: Pacer, budget: Budget, arrivals: list[tuple[int, bool]]) -> list[int]:
    now, taken = 0, []
    for pause, patient in arrivals:
        now += pause
        if patient:
            now = pacer.ready_at([budget], now)
        if pacer.ready_at([budget], now) == now:
            pacer.take([budget], now)
            taken.append(now)
    return taken


@given(budgets, waits)
def test_no_window_holds_more_than_the_budget(budget: Budget, arrivals: list[tuple[int, bool]]) -> None:
    """In k intervals at most k + burst things leave, wherever the window begins."""
    taken = taken_at(Pacer(), budget, arrivals)
    for first, start in enumerate(taken):
        for number, end in enumerate(taken[first:], 1):
            assert number <= (end - start) // budget.every + budget.burst


@given(budgets, waits)
def test_who_waits_until_it_is_ready_may_go(budget: Budget, arrivals: list[tuple[int, bool]]) -> None:
    """`ready_at` tells the truth: at that moment it says now."""
    pacer = Pacer()
    taken_at(pacer, budget, arrivals)
    later = pacer.ready_at([budget], 10)
    assert pacer.ready_at([budget], later) == later
    assert later == 10 or pacer.ready_at([budget], later - 1) == later


@given(budgets, st.integers(1, 1000), waits)
def test_nothing_leaves_through_a_closed_gate_and_no_burst_follows_it(
    budget: Budget, until: int, arrivals: list[tuple[int, bool]]
) -> None:
    """When a gate opens, those who waited leave one by one."""
    pacer = Pacer()
    pacer.close_gate([budget.key], until)
    taken = taken_at(pacer, budget, arrivals)
    assert all(at >= until for at in taken)
    for number, at in enumerate(taken, 1):
        assert number <= (at - until) // budget.every + 1


def test_all_budgets_have_to_allow_it() -> None:
    """A message that takes from several budgets waits for the slowest."""
    pacer, channel, workspace = Pacer(), Budget("channel", 10), Budget("workspace", 3)
    pacer.take([channel, workspace], 0)
    assert pacer.ready_at([channel, workspace], 1) == 10
    assert pacer.ready_at([workspace], 1) == 3


def test_a_gate_that_is_closed_for_longer_stays_so() -> None:
    """A later, shorter wait does not open it early."""
    pacer = Pacer()
    pacer.close_gate(["k"], 100)
    pacer.close_gate(["k"], 50)
    assert pacer.ready_at([Budget("k", 1)], 0) == 100
    assert pacer.opens_at([Budget("k", 1)], 0) == 100


def test_the_number_of_budgets_is_bounded() -> None:
    """What is long free is forgotten first, a gate that is closed for long last."""
    pacer = Pacer(keys=100)
    pacer.close_gate(["dear"], 1_000_000)
    for number in range(5_000):
        pacer.take([Budget(f"k{number}", 10)], number)
    assert len(pacer) <= 201
    assert pacer.ready_at([Budget("dear", 1)], 5_000) == 1_000_000
    assert pacer.ready_at([Budget("k4999", 10)], 4_999) == 5_009
