"""Notes are what can work as it is written and yet is hardly meant: nobody is told, or everybody can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from otel_alerting.config.cross_check import branches, known_receivers, receivers_named
from otel_alerting.config.load import Examined
from otel_alerting.config.paths import step
from otel_alerting.config.schema import CONSOLE, SLACK_API, Config
from otel_alerting.config.shapes import choose
from otel_alerting.config.spot import Spot
from otel_alerting.config.values import is_local, is_open
from otel_alerting.dispatch.matcher import EQUAL, MATCHES, Matcher
from otel_alerting.dispatch.route import Route
from otel_alerting.model import Alert, Severity


def notes(found: Examined) -> Iterator[str]:
    """Everything to say about a configuration, or about as much of it as could be read."""
    config, spot = found.config, found.spot
    for note in (_refused, _untold, _readable, _unlike_slack, _wordless):
        yield from note(config, spot)
    known = _tenants(config, spot) if config.tenants else None
    yield from _routes(config.route, "route", frozenset(Severity), known, spot)
    yield from _rules(found, known)
    yield from found.variables


def _refused(config: Config, spot: Callable[[str], Spot]) -> Iterator[str]:
    """`unknown_tenant: refuse` where it refuses more, or less, than people think."""
    if config.unknown_tenant != "refuse" or _tenants(config, spot) is None:
        return
    here, name = spot("unknown_tenant"), config.defaults.tenant
    if not config.tenants:
        yield here.note("refuse: nobody is refused, since no tenants are configured")
    elif name not in config.tenants:
        more = f"defaults.tenant, {name!r}, is not among the tenants"
        yield here.note(f"refuse: EVERY signal that names no tenant is refused and told to nobody, since {more}")


def _untold(config: Config, spot: Callable[[str], Spot]) -> Iterator[str]:
    """Receivers that nobody names."""
    known, named = known_receivers(config, spot), {name for _, name in receivers_named(config)}
    if known is None or named - known or not _all_names_are_known(config, spot):
        return
    for number, receiver in enumerate(config.receivers):
        if receiver.name not in named and receiver is not CONSOLE:
            here = spot(f"receivers[{number}].name")
            yield here.note(f"no alert comes to {receiver.name!r}: no route and no tenant names it")


def _all_names_are_known(config: Config, spot: Callable[[str], Spot]) -> bool:
    """Could everything be read that names a receiver?"""
    routes = (f"{path}.{key}" for path, _ in branches(config.route, "route") for key in ("receiver", "routes"))
    tenants = (f"{step('tenants', name)}.receiver" for name in config.tenants)
    return _tenants(config, spot) is not None and not any(spot(path).is_lost for path in (*routes, *tenants))


def _readable(config: Config, spot: Callable[[str], Spot]) -> Iterator[str]:
    """Secrets that cross a network in the clear."""
    for number, receiver in enumerate(config.receivers):
        for place, slack in enumerate(receiver.slack_configs):
            here = spot(f"receivers[{number}].slack_configs[{place}]")
            if slack.webhook_url is not None and is_open(slack.webhook_url.reveal()):
                yield here.down("webhook_url").note("this is not https: others can read the messages and the address")
            if slack.token is not None and is_open(slack.api_url):
                yield here.down("api_url").note("this is not https: others can read the messages and the token")


def _unlike_slack(config: Config, spot: Callable[[str], Spot]) -> Iterator[str]:
    """Tokens and webhooks that are hardly Slack's own; behind another `api_url` there may be anything."""
    for number, receiver in enumerate(config.receivers):
        for place, slack in enumerate(receiver.slack_configs):
            here = spot(f"receivers[{number}].slack_configs[{place}]")
            if slack.api_url != SLACK_API:
                continue
            if slack.token is not None and not slack.token.reveal().startswith("xox"):
                yield _secret(here, "token").note("this is no token as Slack makes them: a bot's begins with xoxb-")
            if slack.webhook_url is not None and not _is_slacks(slack.webhook_url.reveal()):
                words = "this is no webhook of Slack's: they begin with https://hooks.slack.com/"
                yield _secret(here, "webhook_url").note(words)


def _wordless(config: Config, spot: Callable[[str], Spot]) -> Iterator[str]:
    """Languages that nobody has words in."""
    said = {
        "defaults.locale": config.defaults.locale,
        **{f"receivers[{number}].locale": one.locale for number, one in enumerate(config.receivers)},
        **{f"{step('tenants', name)}.locale": one.locale for name, one in config.tenants.items()},
    }
    if spot("locales").is_lost or set(said.values()) <= {"", "en"}:
        return
    languages = _Languages(config)
    for path, locale in said.items():
        if locale and not languages.has(locale):
            words = f"there are no words in {locale!r}, only in {', '.join(languages.names)}: messages are in "
            yield spot(path).note(words + repr(languages.instead))


class _Languages:
    """Which languages messages can be in."""

    def __init__(self, config: Config) -> None:
        from otel_alerting.render.locales import LocaleManager

        self._one, self._other = (LocaleManager(config.locales, default=name) for name in ("en", "fr"))
        self._used = LocaleManager(config.locales, default=config.defaults.locale)
        self.names = self._one.languages()

    def has(self, locale: str) -> bool:
        """Is there one near it? Else whoever asks gets the default, and these two have different ones."""
        return self._one.negotiate(locale) == self._other.negotiate(locale)

    @property
    def instead(self) -> str:
        """What is spoken in place of one that is not there."""
        return self._used.default


def _secret(here: Spot, name: str) -> Spot:
    """Where a secret was written, or the file that holds it."""
    in_a_file = here.down(f"{name}_file")
    return in_a_file if in_a_file.is_written and not here.down(name).is_written else here.down(name)


def _is_slacks(webhook: str) -> bool:
    return urlsplit(webhook).hostname in ("hooks.slack.com", "hooks.slack-gov.com") or is_local(webhook)


def _tenants(config: Config, spot: Callable[[str], Spot]) -> set[str] | None:
    """Whose signals there are; None where it is not known."""
    is_known = not (spot("tenants").is_lost or spot("tenants_dir").is_lost or spot("defaults.tenant").is_lost)
    return {*config.tenants, config.defaults.tenant} if is_known else None


def _routes(
    route: Route, path: str, above: frozenset[Severity], tenants: set[str] | None, spot: Callable[[str], Spot]
) -> Iterator[str]:
    """Of the routes below one: what no alert can match, and what an earlier one takes."""
    for number, below in enumerate(route.routes):
        here = spot(f"{path}.routes[{number}]")
        own = _severities(below.conditions)
        if not own & above:
            words = " and ".join(str(one) for one in below.conditions if one.name == "severity")
            where = "" if not own else " where the routes above have left some"
            yield here.down("matchers").note(f"no alert comes here: there is no {words}{where}")
        yield from _strangers(below.conditions, here.down("matchers"), tenants)
        if own:
            yield from _shadows(below, here, route.routes[:number], spot(path))
        yield from _routes(below, here.path, own & above or above, tenants, spot)


def _shadows(route: Route, here: Spot, earlier: Iterable[Route], parent: Spot) -> Iterator[str]:
    """The first of the earlier routes that takes all that this one would."""
    for number, one in enumerate(earlier):
        taker = parent.down(f"routes[{number}]")
        if _takes_all_of(one, route) and here.is_sound and taker.is_sound:
            yield here.note(f"no alert comes here: {taker.path} ({taker.where}) takes them all, without `continue`")
            return


def _takes_all_of(one: Route, other: Route) -> bool:
    """Does a route take every alert that the other would? It asks for less, and lets nothing through."""
    less = {str(each) for each in one.conditions if each.name != "severity"}
    more = {str(each) for each in other.conditions if each.name != "severity"}
    return not one.continue_ and less <= more and _severities(one.conditions) >= _severities(other.conditions)


def _severities(matchers: Iterable[Matcher]) -> frozenset[Severity]:
    """The severities that all of these take."""
    asked = [one for one in matchers if one.name == "severity"]
    return frozenset(each for each in Severity if all(one.matches(_alert(severity=each)) for one in asked))


def _strangers(matchers: Iterable[Matcher], here: Spot, tenants: set[str] | None) -> Iterator[str]:
    for one in matchers:
        asks = one.name == "tenant" and one.operator in (EQUAL, MATCHES)
        if asks and tenants is not None and not any(one.matches(_alert(tenant=each)) for each in tenants):
            yield here.note(f"there is no tenant {one.value!r}; expected {choose(one.value, tenants)}")


def _rules(found: Examined, tenants: set[str] | None) -> Iterator[str]:
    """Rules for tenants that nobody has."""
    for rule, spot in zip(found.config.rules, found.rules, strict=True):
        for number, name in enumerate(rule.tenants or ()):
            if tenants is not None and name not in tenants:
                here = spot.down(f"tenants[{number}]")
                yield here.note(f"there is no tenant {name!r}; expected {choose(name, tenants)}")


def _alert(tenant: str = "", severity: Severity = Severity.INFO) -> Alert:
    return Alert(tenant=tenant, name="", severity=severity, started_at=0, updated_at=0)
