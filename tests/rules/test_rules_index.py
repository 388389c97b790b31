"""An index of rules leaves out only those that would have said no."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model import Span
from otel_alerting.rules.index import Index
from otel_alerting.rules.matching import AttributeMatcher, SpanPattern, narrow, takes

values = st.sampled_from(["a", "b", "1", 1, 1.0, True, "true", None])
wanted = st.sampled_from(["a", "b", "1", 1, True])
matchers = st.one_of(
    wanted.map(lambda value: AttributeMatcher(equals=value)),
    st.lists(wanted, min_size=1, max_size=3).map(lambda some: AttributeMatcher(one_of=tuple(some))),
    wanted.map(lambda value: AttributeMatcher(not_=AttributeMatcher(equals=value))),
    st.just(AttributeMatcher(exists=True)),
)
wheres = st.dictionaries(st.sampled_from(["x", "y", "resource.x", "span.name"]), matchers, max_size=3)
patterns = st.builds(
    SpanPattern,
    name=st.none() | st.sampled_from(["a", "b"]).map(lambda name: AttributeMatcher(equals=name)),
    status=st.none() | st.sampled_from(["ok", "error"]).map(lambda word: AttributeMatcher(equals=word)),
)
spans = st.builds(
    Span,
    at=st.just(2),
    started_at=st.just(1),
    name=st.sampled_from(["a", "b", "c"]),
    status=st.sampled_from(["ok", "error"]),
    attributes=st.dictionaries(st.sampled_from(["x", "y", "span.name"]), values, max_size=3),
    resource=st.dictionaries(st.sampled_from(["x", "y"]), values, max_size=2),
)


@given(st.lists(st.tuples(patterns, wheres), max_size=6), spans)
def test_whoever_takes_a_signal_is_found_and_in_order(
    rules: list[tuple[SpanPattern, dict[str, AttributeMatcher]]], span: Span
) -> None:
    """Asking only those that the index finds comes to the same as asking all."""
    entries = [
        (narrow("span", pattern, where), (number, takes("span", pattern, where, ())))
        for number, (pattern, where) in enumerate(rules)
    ]
    all_who_take = [number for _, (number, says) in entries if says(span)]
    assert [number for number, says in Index(entries).find(span) if says(span)] == all_who_take


def test_who_asks_for_another_service_is_not_asked() -> None:
    """So that a hundred services' rules cost each span no more than its own service's."""
    named = [(narrow("span", SpanPattern(), {"service.name": AttributeMatcher(equals=name)}), name) for name in "abc"]
    assert Index([*named, (None, "all")]).find(Span(at=2, started_at=1, name="x", resource={"service.name": "b"})) == [
        "b",
        "all",
    ]
