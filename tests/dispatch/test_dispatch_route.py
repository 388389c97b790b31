"""Routes: who is told of which alerts, found by walking a tree as Alertmanager walks it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.dispatch.intervals import Calendar, NamedInterval, TimeInterval, TimeOfDay, TimeRange
from otel_alerting.dispatch.matcher import Matcher
from otel_alerting.dispatch.route import Path, Route
from otel_alerting.errors import ConfigurationError
from otel_alerting.model import Alert, Severity
from otel_alerting.model.duration import MINUTE, SECOND, Duration


def alert(**labels: str) -> Alert:
    severity = Severity.parse(labels.pop("severity", "warning"))
    return Alert(tenant="acme", name="Down", labels=labels, severity=severity, started_at=1, updated_at=1)


def route(*matchers: str, receiver: str = "", goes_on: bool = False, routes: tuple[Route, ...] = ()) -> Route:
    return Route(receiver=receiver, matchers=tuple(map(Matcher.parse, matchers)), continue_=goes_on, routes=routes)


def receivers(tree: Route, **labels: str) -> list[str]:
    return [path.receiver for path in tree.paths(alert(**labels))]


TREE = route(
    receiver="root",
    routes=(
        route(
            "team=a",
            receiver="a",
            routes=(
                route("severity>=high", receiver="a-page", goes_on=True),
                route("severity>=high", receiver="a-log", goes_on=True),
                route("env=dev"),
            ),
        ),
        route("team=~b|c", receiver="b", goes_on=True),
        route("team=c", receiver="c"),
        route("team=c", receiver="never"),
    ),
)


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ({}, ["root"]),
        ({"team": "x"}, ["root"]),
        ({"team": "a"}, ["a"]),
        ({"team": "a", "severity": "critical"}, ["a-page", "a-log"]),
        ({"team": "a", "severity": "critical", "env": "dev"}, ["a-page", "a-log", "a"]),
        ({"team": "a", "env": "dev"}, ["a"]),
        ({"team": "b"}, ["b"]),
        ({"team": "c"}, ["b", "c"]),
    ],
)
def test_the_tree_is_walked_as_alertmanager_walks_it(labels: dict[str, str], found: list[str]) -> None:
    """Deepest match, first child wins unless it continues, the node itself where no child matches."""
    assert receivers(TREE, **labels) == found


def test_a_match_below_stops_the_siblings_of_its_parent() -> None:
    """`continue` of a child goes on among its siblings only; the parent decides for its own."""
    tree = route(
        receiver="root",
        routes=(route("a=1", routes=(route("a=1", receiver="below", goes_on=True),)), route("a=1", receiver="beside")),
    )
    assert receivers(tree, a="1") == ["below"]


def test_what_a_route_does_not_say_it_inherits() -> None:
    """Receiver, grouping and times come from the nearest ancestor that says them; the root's defaults are known."""
    tree = Route(
        receiver="root",
        group_by=("alertname",),
        group_wait=Duration(7),
        routes=(
            Route(
                matchers=(Matcher.parse("a=1"),),
                group_interval=Duration(8),
                group_by=("x",),
                routes=(Route(matchers=(Matcher.parse("b=1"),), group_wait=Duration(0)),),
            ),
        ),
    )
    (deep,) = tree.paths(alert(a="1", b="1"))
    assert (deep.receiver, deep.group_by, deep.group_wait, deep.group_interval) == ("root", ("x",), 0, 8)
    (plain,) = Route(receiver="r").paths(alert())
    assert (plain.group_wait, plain.group_interval, plain.repeat_interval) == (30 * SECOND, 5 * MINUTE, 240 * MINUTE)


def test_a_tenants_receiver_stands_at_the_root() -> None:
    """Whoever inherits the root's receiver gets the tenant's; a route that names one keeps it, as do its children."""
    tree = route(
        receiver="root",
        routes=(route("a=1"), route("a=2", receiver="own", routes=(route("b=1"),)), route("a=3", receiver="root")),
    )

    def told(**labels: str) -> list[str]:
        return [path.receiver for path in tree.paths(alert(**labels), "tenant")]

    assert told() == ["tenant"]
    assert told(a="1") == ["tenant"]
    assert told(a="2") == ["own"]
    assert told(a="2", b="1") == ["own"]
    assert told(a="3") == ["root"]


def test_groups_are_named_by_the_labels_that_an_alert_has() -> None:
    """Virtual labels may name a group; a label that is not there is left out; `...` is all of them."""
    path = Path(key="", receiver="r", group_by=("service", "alertname", "region"))
    assert path.group_labels(alert(service="api")) == {"alertname": "Down", "service": "api"}
    everything = Path(key="", receiver="r", group_by=("...",))
    assert everything.group_labels(alert(service="api", severity="high")) == {"alertname": "Down", "service": "api"}
    assert Path(key="", receiver="r").group_labels(alert(service="api")) == {}


def test_a_route_put_in_before_leaves_the_keys_of_the_others() -> None:
    """Groups live on across a change of the configuration elsewhere; twins are told apart all the same."""
    before = route(receiver="r", routes=(route("a=1"),))
    after = route(receiver="r", routes=(route("z=1"), route("a=1", goes_on=True), route("a=1")))
    (old,) = before.paths(alert(a="1"))
    new, twin = after.paths(alert(a="1"))
    assert old.key == new.key != twin.key


@pytest.mark.parametrize(
    "wrong",
    [
        {"group_by": ("...", "a")},
        {"group_by": ("a", "a")},
        {"group_wait": Duration(-1)},
        {"group_interval": Duration(-1)},
        {"repeat_interval": Duration(0)},
    ],
)
def test_a_route_that_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    """Wherever it stands in the tree; the error names the place and the setting."""
    bad = Route(matchers=(Matcher.parse("a=1"),), **wrong)  # type: ignore[arg-type]
    tree = route(receiver="r", routes=(route("b=1"), route("c=1", routes=(bad,))))
    (problem,) = bad.problems()
    assert problem[0] == next(iter(wrong))
    with pytest.raises(ValueError, match=rf"routes\[1\]\.routes\[0\]\.{problem[0]} is"):
        tree.check()


def test_everything_that_cannot_work_is_said_at_once() -> None:
    """Nobody has to try again for each."""
    with pytest.raises(ValueError, match=r"receiver is nothing.*; group_by is a, a.*; routes\[0\]\.repeat_interval"):
        Route(group_by=("a", "a"), routes=(Route(repeat_interval=Duration(0)),)).check()


def test_a_root_takes_everything_and_names_somebody() -> None:
    """What would lose alerts at the root is found before it does."""
    wrong = Route(matchers=(Matcher.parse("a=1"),), continue_=True)
    assert [path for path, _, _ in wrong.root_faults()] == ["receiver", "matchers", "continue"]
    assert Route(receiver="r").check() == Route(receiver="r")


def test_an_empty_group_by_is_the_parents() -> None:
    """As in Alertmanager; at the root it is one group for everything."""
    tree = Route(receiver="r", group_by=("x",), routes=(Route(matchers=(Matcher.parse("a=1"),), group_by=()),))
    assert tree.paths(alert(a="1"))[0].group_by == ("x",)
    assert Route(receiver="r", group_by=()).paths(alert())[0].group_by == ()


_trees = st.recursive(
    st.builds(route, st.sampled_from(["a=1", "a=2", "b=~.*", "b!=1"]), receiver=st.sampled_from(["", "x", "y"])),
    lambda below: st.builds(
        route,
        st.sampled_from(["a=1", "a=2", "b=~.*", "b!=1"]),
        receiver=st.sampled_from(["", "x", "y"]),
        goes_on=st.booleans(),
        routes=st.lists(below, max_size=4).map(tuple),
    ),
    max_leaves=12,
)


def _alertmanager(node: Route, inherited: str, labels: Alert) -> list[str] | None:
    """The walk as Alertmanager's documentation tells it, for comparison."""
    if not all(matcher.matches(labels) for matcher in node.matchers):
        return None
    receiver = node.receiver or inherited
    found: list[str] = []
    for child in node.routes:
        below = _alertmanager(child, receiver, labels)
        if below is not None:
            found += below
            if not child.continue_:
                break
    return found or [receiver]


@given(st.lists(_trees, max_size=4), st.sampled_from(["", "1", "2"]), st.sampled_from(["", "1"]))
def test_any_tree_has_somebody_for_any_alert(routes: list[Route], a: str, b: str) -> None:
    """The compiled walk finds what the plain one finds, and never nobody."""
    tree = route(receiver="root", routes=tuple(routes))
    seen = alert(a=a, b=b)
    found = [path.receiver for path in tree.paths(seen)]
    assert found == _alertmanager(tree, "", seen)
    assert found
    keys = [path.key for path in tree.paths(seen)]
    assert len(set(keys)) == len(keys)


def test_times_at_which_a_route_is_muted_are_its_own() -> None:
    """They are not inherited, as in Alertmanager; a route may be quiet in some times, or outside of others."""
    night = NamedInterval(
        name="night",
        time_intervals=(TimeInterval(times=(TimeRange(start_time=TimeOfDay(0), end_time=TimeOfDay(360)),)),),
    )
    tree = Route(
        receiver="r",
        routes=(
            Route(
                matchers=(Matcher.parse("a=1"),),
                mute_time_intervals=("night",),
                routes=(Route(matchers=(Matcher.parse("b=1"),), active_time_intervals=("night", "day")),),
            ),
        ),
    )
    (above,), (below,) = tree.paths(alert(a="1")), tree.paths(alert(a="1", b="1"))
    calendar, hour = Calendar([night]), 60 * MINUTE
    assert [above.muted_by(calendar, at) for at in (hour, 7 * hour)] == [("night",), ()]
    assert [below.muted_by(calendar, at) for at in (hour, 7 * hour)] == [(), ("night", "day")]


def test_the_root_is_never_muted() -> None:
    """Somebody hears of everything."""
    wrong = Route(receiver="r", mute_time_intervals=("x",), active_time_intervals=("y",))
    assert [path for path, _, _ in wrong.root_faults()] == ["mute_time_intervals", "active_time_intervals"]


def test_all_ways_to_write_matchers_are_one() -> None:
    """A list, one text with several, and the two older keys; read from a file, and the same once it is made again."""
    text = "{match: {a: 1}, match_re: {b: x|y}, matchers: ['c!=z', '{d=\"e\", f=~\"g.*\"}']}"
    made = read(text, Route, "t")
    assert str(made.conditions) == '{a="1",b=~"x|y",c!="z",d="e",f=~"g.*"}'
    assert read("{matchers: 'a=1, b=~\"x|y\"'}", Route, "t").conditions == made.conditions[:2]
    assert msgspec.structs.replace(made).conditions == made.conditions


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("{match_re: {a: '('}}", ""),
        ("{matchers: ['a=~(']}", "matchers[0]"),
        ("{escalate: [{after: 0s, receiver: x}]}", "escalate[0].after"),
        ("{escalate: [{after: 5m, receiver: x}, {after: 5m, receiver: y}]}", "escalate[1].after"),
        ("{flapping: {times: -1}}", "flapping.times"),
    ],
)
def test_what_cannot_be_meant_is_said_where_it_stands(said: str, path: str) -> None:
    """With the key's path."""
    with pytest.raises(ConfigurationError) as caught:
        read(said, Route, "t")
    assert [problem.path for problem in caught.value.problems] == [path]
