"""The table is the view of a play for people: which alerts would have fired, and what each rule came to."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from otel_alerting.cli.replay.episodes import Episode, Episodes, Tally
from otel_alerting.model.duration import SECOND, Duration
from otel_alerting.render.language import Language
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.words import COLORS
from otel_alerting.rules.play import Change, Evaluation

MOST = 200
"""Alerts in the table; `--json` tells all of them."""
_WIDTH = 120
_DAY = 10
"""Characters of a date."""


class TableOfAlerts:
    """Gathers what is told, and prints it at the end.

    Args:
        rules: their names, in the order of the file.
        tenant: the one whose name goes without saying.
    """

    wants_evaluations = True

    def __init__(self, rules: Sequence[str], tenant: str) -> None:
        self._episodes = Episodes(MOST, {name: Tally() for name in rules})
        self._tenant = tenant

    def found(self, one: Evaluation) -> None:
        """An evaluation."""
        self._episodes.found(one)

    def changed(self, one: Change) -> None:
        """A change of state."""
        self._episodes.changed(one)

    def show(self, began_at: int, until: int, signals: int) -> None:
        """Print it all."""
        self._episodes.finish(until)
        _console().print(self._whole(began_at, until, signals))

    def _whole(self, began_at: int, until: int, signals: int) -> RenderableType:
        episodes = self._episodes
        headline = f"{episodes.total:,} alerts would have fired" if episodes.total != 1 else "1 alert would have fired"
        span = f"{signals:,} signals, {_moment(began_at)} to {_moment(until, began_at)} UTC" if signals else "no signal"
        parts: list[RenderableType] = [Text.assemble((headline, "bold"), f"  {span}"), ""]
        if episodes.kept:
            parts += [_alerts(episodes.kept, until, self._tenant), ""]
        if episodes.total > len(episodes.kept):
            more = episodes.total - len(episodes.kept)
            parts += [Text(f"and {more:,} more: --json tells all", "italic"), ""]
        return Group(*parts, _rules(episodes.tallies))


def _alerts(episodes: Sequence[Episode], until: int, tenant: str) -> Table:
    language = LocaleManager().language("en")
    table = _table("alert", "labels", "severity", "from", "to", "lasted", "value")
    before: Episode | None = None
    for one in episodes:
        table.add_row(
            one.alert,
            _labels(one, tenant),
            Text(one.severity.word, COLORS[one.severity]),
            _moment(one.began_at, before.began_at if before else None),
            "still firing" if one.ended_at is None else _moment(one.ended_at, one.began_at),
            _lasted(one.lasted(until)),
            _value(one, language),
        )
        before = one
    return table


def _rules(tallies: dict[str, Tally]) -> Table:
    table = _table("rule", "alerts", "firing", "longest", "pending in vain", "")
    for name, tally in tallies.items():
        table.add_row(
            name,
            f"{tally.alerts:,}",
            _lasted(tally.firing) if tally.alerts else "",
            _lasted(tally.longest) if tally.alerts else "",
            f"{tally.in_vain:,}" if tally.in_vain else "",
            "" if tally.is_seen or tally.alerts else "no signal was meant",
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for name in columns:
        is_number = name in ("alerts", "firing", "longest", "lasted", "value", "pending in vain")
        whole = name in ("from", "to", "lasted", "severity", "firing", "longest", "value")
        table.add_column(name, justify="right" if is_number else "left", no_wrap=whole, overflow="fold")
    return table


def _labels(one: Episode, tenant: str) -> str:
    whose = [f"tenant={one.tenant}"] if one.tenant != tenant else []
    return " ".join([*whose, *(f"{name}={value}" for name, value in one.labels.items())])


def _value(one: Episode, language: Language) -> str:
    return "" if one.value is None else language.quantity(one.value, one.unit)


def _lasted(nanoseconds: int) -> str:
    return str(Duration(round(nanoseconds / SECOND) * SECOND))


def _moment(at: int, before: int | None = None) -> str:
    """To the second; without the date where it is that of the moment before."""
    said = _clock(at)
    return said[_DAY + 1 :] if before is not None and said[:_DAY] == _clock(before)[:_DAY] else said


def _clock(at: int) -> str:
    try:
        return dt.datetime.fromtimestamp(at // SECOND, dt.timezone.utc).isoformat(" ")[:19]
    except (OverflowError, OSError, ValueError):
        return str(at)


def _console() -> Console:
    """As wide as the terminal; without colours where nobody looks at one."""
    is_terminal = sys.stdout.isatty()
    return Console(
        file=sys.stdout,
        width=shutil.get_terminal_size((_WIDTH, 24)).columns if is_terminal else _WIDTH,
        color_system="auto" if is_terminal and "NO_COLOR" not in os.environ else None,
        force_terminal=is_terminal,
        highlight=False,
        markup=False,
        legacy_windows=False,
    )
