"""A message says each thing once: what, where, since when, how many, what next."""

import msgspec
from render_words_samples import AT, LOCALES, alert, render, told

from otel_alerting.model import Alert, Failure, Frame, News, Reading, Reason, Severity
from otel_alerting.model.duration import HOUR, SECOND
from otel_alerting.model.notification import digest
from otel_alerting.render.words import label_name

INSIDE = Frame(file="/srv/shop/cart.py", line=12, function="pay")


def exceptions(
    number: int, name: str = "UnhandledException", template: str = "exception", **changes: object
) -> list[Alert]:
    """Alerts about the same exception in different places."""
    return [
        alert(
            template,
            name=name,
            labels={"n": str(n)},
            text=f"order {n} could not be paid",
            failure=Failure(type="KeyError", message="'k'", frames=(msgspec.structs.replace(INSIDE, line=n),)),
            correlation_id=f"req-{n}",
            **changes,
        )
        for n in range(number)
    ]


def fields(message: object) -> dict[str, str]:
    return {field.label: field.value for field in message.fields}  # type: ignore[attr-defined]


def place(service: str, environment: str) -> dict[str, str]:
    return {"service.name": service, "deployment.environment.name": environment}


def test_once_is_not_counted() -> None:
    """A count is news from two on, in the fields and in the lines."""
    assert "Count" not in fields(render(told(alert(count=1))))
    assert fields(render(told(alert(count=2))))["Count"] == "2"
    lines = render(told(alert(count=1), alert(count=2, labels={"n": "2"}))).lines
    assert [line.endswith("2 occurrences") for line in lines] == [False, True]
    assert "occurrence" not in lines[0]


def test_a_number_that_is_back_is_not_held_against_its_threshold() -> None:
    """`1% (> 2%)` would be a lie."""
    over = render(told(alert("threshold"), reason=Reason.RESOLVED))
    assert "(>" not in repr(over)
    assert fields(over)["Value"] == "7.3%"
    assert "7.3% (> 2%)" in render(told(alert("threshold"))).title


def test_what_is_over_says_when_it_started_and_ended() -> None:
    """What goes on says since when."""
    going_on, over = fields(render(told(alert()))), fields(render(told(alert(), reason=Reason.RESOLVED)))
    assert "Since" in going_on
    assert not {"Started", "Ended"} & going_on.keys()
    assert {"Started", "Ended"} < over.keys()
    assert "Since" not in over


def test_what_is_told_again_says_for_how_long_it_goes_on() -> None:
    """Alone and in a group."""
    other = alert(labels={"n": "2"})
    assert render(told(alert(), reason=Reason.REPEAT)).summary.startswith("Firing for 5 hours")
    assert render(told(alert(), other, reason=Reason.REPEAT)).summary == "Firing for 5 hours · 6 occurrences"
    assert "Firing for" not in render(told(alert(), other)).summary


def test_a_group_counts_in_its_title_what_fires() -> None:
    """What ended since is in the summary, and is marked by a word in its line."""
    ended = alert(labels={"n": "2"}).resolved(AT)
    message = render(told(alert(), alert(labels={"n": "3"}), ended, reason=Reason.FEWER))
    assert message.title.startswith("🔴 Firing: 2 alerts")
    assert message.summary == "2 firing · 1 resolved · 9 occurrences"
    assert [line.startswith("🟢 Resolved: ") for line in message.lines] == [False, False, True]


def test_a_group_that_is_over_needs_no_word_in_each_line() -> None:
    """The title has it."""
    message = render(told(alert(), alert(labels={"n": "2"}), reason=Reason.RESOLVED))
    assert message.title.startswith("🟢 Resolved: 2 alerts")
    assert message.summary == "All resolved after 5 hours · 6 occurrences"
    assert not any("Resolved" in line for line in message.lines)


def test_a_group_says_where() -> None:
    """Every service and environment, four at most, except the ones in the title; each line says its own service."""
    members = [alert(labels=place(f"shop{n}", "production")) for n in range(6)]
    message = render(told(*members))
    assert fields(message)["Service"] == "shop0 · shop1 · shop2 · shop3 · …"
    assert fields(message)["Environment"] == "production"
    assert all(f"shop{n}" in line for n, line in enumerate(message.lines))
    named = render(told(*members[:2], group_labels={"service.name": "shop0"}))
    assert fields(named)["Service"] == "shop1"
    assert "shop0" not in named.lines[0]


def test_a_group_of_one_rule_opens_its_runbook() -> None:
    """Of several rules, none: whose would it be?"""
    one, other = alert(), alert(labels={"n": "2"})
    assert [action.name for action in render(told(one, other)).actions] == ["runbook"]
    assert render(told(one, msgspec.structs.replace(other, name="Other"))).actions == ()


def test_a_digest_names_its_worst_alert() -> None:
    """A push notification that says `5 groups of alerts` says nothing."""
    mild = told(alert(severity=Severity.WARNING), group="mild")
    worst = told(alert("threshold", severity=Severity.CRITICAL), group="worst")
    assert render(digest([mild, worst])).title == "🚨 Firing: 2 groups of alerts, the worst: Zq1"


def test_a_digest_marks_what_is_over() -> None:
    """And shows the number of what is not."""
    firing, over = told(alert("threshold"), group="a"), told(alert(), group="b", reason=Reason.RESOLVED)
    lines = render(digest([firing, over])).lines
    assert lines == (
        "🔴 Zq1 · 7.3% (> 2%) · zq5 · zq-9 · 3 occurrences",
        "🟢 Resolved: zq zq 8 · zq5 · 3 occurrences",
    )


def test_a_digest_that_is_over_names_no_worst() -> None:
    """There is none any more."""
    parts = [told(alert(), group=name, reason=Reason.RESOLVED) for name in "ab"]
    assert render(digest(parts)).title == "🟢 Resolved: 2 groups of alerts"


def test_drift_is_told_in_a_sentence_or_in_fields() -> None:
    """Not in both."""
    short = render(told(alert("ml_model_drift")))
    assert short.summary == "The drift score is 0.85, the threshold 0.7."
    assert not {"Model", "Drift score", "Threshold"} & fields(short).keys()
    own = render(told(alert("ml_model_drift", annotations={"summary": "ours"})))
    assert own.summary == "ours"
    assert fields(own)["Drift score"] == "0.85"


def test_numbers_in_lines_are_written_as_the_language_does() -> None:
    """`0,85` for a French reader."""
    members = [alert("ml_model_drift", labels={"n": str(n)}, facts={"drift_score": 0.85}) for n in range(2)]
    assert all("0,85" in line for line in render(told(*members), "fr").lines)


def test_the_age_of_what_goes_on_is_its_own() -> None:
    """From its start to the message's moment."""
    message = render(told(alert(started_at=AT - 26 * HOUR - 30 * SECOND), reason=Reason.REPEAT))
    assert message.summary.startswith("Firing for 1 day, 2 hours")


def test_a_digest_shows_its_worst_alert_in_full() -> None:
    """Whoever opens one message must not have to look for the traceback elsewhere."""
    mild = told(alert(severity=Severity.WARNING, correlation_id="zq-1"), group="mild")
    worst = told(alert("exception", severity=Severity.CRITICAL, correlation_id="zq-2"), group="worst")
    message = render(digest([mild, worst]))
    assert "zq.Q7: zq 7" not in message.details
    assert message.details.startswith("Q7: zq 7")
    assert "zq.py:7" in message.details
    assert any("zq-2" in line for line in message.context)
    assert any("zq-1" in line for line in message.lines)


def test_what_is_new_in_a_group_stands_first_and_is_marked() -> None:
    """Readers know the others; severity orders the rest."""
    known, worse, new = (alert(labels={"n": str(n)}, text=f"zq {n}", severity=Severity.HIGH) for n in range(3))
    news = {worse.identity: News.WORSE, new.identity: News.NEW}
    lines = render(told(known, worse, new, reason=Reason.MORE, news=news)).lines
    assert [line[:1] for line in lines] == ["🔺", "🆕", "🔴"]
    first = render(told(known, worse, new, news=news)).lines
    assert [line[:1] for line in first] == ["🔴", "🔴", "🔴"]


def test_a_number_that_is_back_says_so() -> None:
    """While an alert waits to be sure, `10 (> 100)` would be nonsense."""
    back = alert("threshold", reading=Reading(value=10, threshold=100, comparison="above", measure="last(zq)"))
    message = render(told(back))
    assert fields(message)["Value"] == "10 (was > 100)"
    assert "Count" not in fields(message)  # how often a level was read says nothing


def test_a_message_says_whose_it_is() -> None:
    """Several tenants may share a channel; the default one needs no name."""
    assert any("zq" in line for line in render(told(alert())).context if line.startswith("Tenant"))
    assert not any("Tenant" in line for line in render(told(alert(), tenant="default")).context)


def test_exceptions_of_a_group_say_where_they_came_from() -> None:
    """Their place, what was logged with them and the request, in groups and in digests; each once."""
    lines = render(told(*exceptions(2))).lines
    assert lines[1].startswith("🔴 KeyError: 'k' · /srv/shop/cart.py:1 pay · order 1 could not be paid · req-1")
    parts = [told(one, group=str(n)) for n, one in enumerate(exceptions(2))]
    (line, _) = render(digest(parts)).lines
    assert line == "🔴 KeyError: 'k' · /srv/shop/cart.py:0 pay · order 0 could not be paid · req-0 · 3 occurrences"
    same = told(*(msgspec.structs.replace(one, text="'k'") for one in exceptions(2)))
    assert render(same).lines[0].startswith("🔴 KeyError: 'k' · /srv/shop/cart.py:0 pay · req-0")


def test_long_exceptions_still_say_where_they_came_from() -> None:
    """A line has room for place and request, however much the exception says."""
    long = Failure(type="KeyError", message="k" * 500, frames=(INSIDE,))
    members = [msgspec.structs.replace(one, failure=long, text="t" * 500) for one in exceptions(2)]
    for line in render(told(*members), format="slack").lines:
        assert "`/srv/shop/cart.py:12 pay`" in line
        assert "`req-" in line
        assert len(line) <= 240


def test_a_traceback_that_is_only_known_as_text_says_where_too() -> None:
    """As a span's exception comes."""
    trace = 'Traceback (most recent call last):\n  File "/srv/shop/cart.py", line 12, in pay\n    x()\nKeyError: k'
    message = render(told(alert("exception", failure=Failure(type="KeyError", message="k", stacktrace=trace))))
    assert fields(message)["Location"] == "/srv/shop/cart.py:12 pay"


def test_a_rules_name_is_its_title_and_an_exception_what_it_tells_of() -> None:
    """Unless the exception is what the rule found new; built-in alerts have no other name."""
    reading = Reading(value=3, threshold=2, comparison="above", measure="count(span)")
    (one, other) = exceptions(2, "PaymentErrors", "threshold", reading=reading)
    message = render(told(one))
    assert message.title == "🔴 Firing: PaymentErrors · 3 (> 2)"
    assert message.summary == "KeyError: 'k'\norder 0 could not be paid"
    assert message.details.startswith("KeyError: 'k'")
    assert render(told(one, other)).lines[0].startswith("🔴 PaymentErrors · 3 (> 2) · KeyError: 'k' · /srv")
    named = msgspec.structs.replace(one, annotations={"title": "Nobody can pay"})
    assert render(told(named)).title == "🔴 Firing: Nobody can pay · 3 (> 2)"
    new = msgspec.structs.replace(one, reading=Reading(value=1, measure="new(exception.type)"))
    assert render(told(new)).title == "🔴 Firing: KeyError: 'k'"
    assert render(told(*exceptions(1))).title == "🔴 Firing: KeyError: 'k'"


def test_a_burst_says_why_an_alert_is_more_severe() -> None:
    """And how severe it would be without, in the reader's words; its facts are no fields of their own."""
    burst = {"burst.count": 100, "burst.window": 60 * SECOND, "burst.severity": "warning"}
    one, other = alert(facts=burst), alert(facts=burst, labels={"n": "2"})
    shown = fields(render(told(one)))
    assert shown["Burst"] == "≥ 100 / 1 minute (otherwise: Warning)"
    assert not burst.keys() & shown.keys()
    assert fields(render(told(one), "de"))["Häufung"] == "≥ 100 / 1 Minute (sonst: Warnung)"
    assert render(told(one, other)).lines[0].endswith("3 occurrences · ≥ 100 / 1 minute")
    odd = {"burst.count": "many", "burst.severity": "loud"}
    assert fields(render(told(alert(facts=odd))))["burst.count"] == "many"


def test_older_names_of_attributes_are_called_alike() -> None:
    """What many instrumentations still say, and what it is called now."""
    alike = {
        "http.method": "http.request.method",
        "http.status_code": "http.response.status_code",
        "http.url": "url.full",
        "http.target": "url.path",
        "http.scheme": "url.scheme",
        "net.peer.name": "server.address",
        "db.system": "db.system.name",
        "db.statement": "db.query.text",
    }
    for language in map(LOCALES.language, LOCALES.languages()):
        for older, name in alike.items():
            assert label_name(language, older) == label_name(language, name) != name


def test_a_text_of_several_lines_is_shown_once() -> None:
    """Its first line is the title, all of it the details."""
    message = render(told(alert(text="zq one\nzq two\nzq three")))
    assert "zq three" in message.details
    assert message.summary == ""


def test_a_library_that_calls_itself_is_one_line_of_the_traceback() -> None:
    """What the program did is worth the room."""
    inside = [Frame(file=f"/x/lib/python3.11/site-packages/flask/f{n}.py", line=n, function="f") for n in range(6)]
    own = Frame(file="/srv/shop/till.py", line=9, function="pay")
    failure = Failure(type="Q7", message="zq", frames=(*inside, own))
    assert render(told(alert("exception", failure=failure))).details.splitlines() == [
        "Q7: zq",
        "  /srv/shop/till.py:9 pay",
        "  flask/f5.py:5 f",
        "  … 4 in flask",
        "  flask/f0.py:0 f",
    ]
