"""A panel is one group's part of the picture: its number as a line, its thresholds, its alerts as shades."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from otel_alerting.cli.replay.tracks import Stretch, Track
from otel_alerting.model.duration import DAY
from otel_alerting.render.language import Language
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.words import COLORS
from otel_alerting.rules.reading import shown_unit
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.threshold import Step

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIGNS = {"above": ">", "below": "<", "at_least": "≥", "at_most": "≤", "equals": "=", "not_equals": "≠"}
_INK, _QUIET, _GRID = "#263238", "#5F6368", "#E8EAED"
_FEW = 80
"""Points that are drawn one by one."""
_GAP = 3
"""Times the usual distance of two evaluations: where more passes, nothing is known in between."""
_LONGEST = 110
"""Characters of labels."""
_LINE_OF_TEXT = 0.13
"""Of a panel's height."""


def draw(axes: Axes, track: Track, rule: Rule | None) -> None:
    """Draw a track; without a rule, one about a rule itself, there are no thresholds."""
    language = LocaleManager().language("en")
    unit = track.unit if rule is None else shown_unit(rule, track.unit)
    steps = steps_of(rule, track.unit)
    _frame(axes, language, unit)
    _shade(axes, track)
    _number(axes, _with_gaps(track.stretches))
    _set_height(axes, track.stretches, steps)
    _thresholds(axes, steps, language, unit)
    axes.set_title(track.alert, loc="left", fontsize=11, fontweight="bold")
    axes.set_title(_labels(track), loc="right", fontsize=8.5, color=_QUIET)
    axes.set_ylabel(_subject(rule), fontsize=8.5)


def steps_of(rule: Rule | None, unit: str) -> Sequence[Step]:
    """The steps that somebody wrote; a rule about the unusual, the absent or the new has none."""
    if rule is None or not (rule.slo or rule.given() or isinstance(rule.severity, Mapping)):
        return ()
    return rule.threshold(unit).steps


def _frame(axes: Axes, language: Language, unit: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: language.quantity(float(value), unit)))
    axes.grid(visible=True, color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)


def _shade(axes: Axes, track: Track) -> None:
    """A light field each, and a bar on top that is seen where the field is too narrow."""
    for shades, field, bar, width in ((track.pending, 0.09, 0.35, 0.0), (track.firing, 0.22, 1.0, 1.0)):
        for one in shades:
            color, began, ended = COLORS[one.severity], one.began_at / DAY, one.ended_at / DAY
            axes.axvspan(began, ended, color=color, alpha=field, linewidth=0, zorder=0.5)
            axes.axvspan(began, ended, 0.965, 1, color=color, alpha=bar, linewidth=width, zorder=3)


def _number(axes: Axes, stretches: Sequence[Stretch]) -> None:
    if not any(math.isfinite(one.high) for one in stretches):
        axes.text(0.5, 0.5, "no number", transform=axes.transAxes, ha="center", va="center", color=_QUIET)
        return
    moments = [one.at / DAY for one in stretches]
    lows, highs = [one.low for one in stretches], [one.high for one in stretches]
    marker = "o" if len(stretches) <= _FEW else ""
    if lows == highs or all(one.low == one.high or math.isnan(one.low) for one in stretches):
        axes.plot(moments, highs, color=_INK, linewidth=1.3, marker=marker, markersize=2.5)
        return
    axes.fill_between(moments, lows, highs, color=_INK, alpha=0.3, linewidth=0.5)
    axes.plot(moments, [(one.low + one.high) / 2 for one in stretches], color=_INK, linewidth=0.9)


def _with_gaps(stretches: Sequence[Stretch]) -> Sequence[Stretch]:
    """With a point that is none where a group was forgotten, and came again."""
    if len(stretches) < 2:
        return stretches
    usual = median(later.at - one.at for one, later in pairwise(stretches))
    made = [stretches[0]]
    for one, later in pairwise(stretches):
        if later.at - one.at > _GAP * usual:
            made.append(Stretch(one.at + 1, math.nan, math.nan))
        made.append(later)
    return made


def _set_height(axes: Axes, stretches: Sequence[Stretch], steps: Sequence[Step]) -> None:
    """So that numbers and thresholds are seen, and zero where it is near."""
    seen = [value for one in stretches for value in (one.low, one.high) if math.isfinite(value)]
    seen += [one.limit for one in steps]
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    if 0 < low < high * 0.6:
        low = 0.0
    room = (high - low or abs(high) or 1.0) * 0.12
    axes.set_ylim(low - room if low else -room / 4, high + room * 1.3)


def _thresholds(axes: Axes, steps: Sequence[Step], language: Language, unit: str) -> None:
    """Dashed lines with their limits beside them; dotted where what fires ends."""
    bottom, top = axes.get_ylim()
    free = 0.0
    for one in sorted(steps, key=lambda one: one.limit):
        color = COLORS[one.severity]
        axes.axhline(one.limit, color=color, linestyle="--", linewidth=1.2, zorder=2)
        if one.recover is not None and one.recover != one.limit:
            axes.axhline(one.recover, color=color, linestyle=":", linewidth=1, alpha=0.8, zorder=2)
        height = max(free, (one.limit - bottom) / (top - bottom))
        free = height + _LINE_OF_TEXT
        said = f"{one.severity.word} {_SIGNS[one.comparison]} {language.quantity(one.limit, unit)}"
        axes.text(
            1.006, height, said, transform=axes.transAxes, color=color, fontsize=8.5, va="center", fontweight="bold"
        )


def _subject(rule: Rule | None) -> str:
    if rule is None:
        return ""
    if rule.slo is not None:
        return "burn rate"
    return rule.measure if rule.measure == "last" else f"{rule.measure} in {rule.window}"


def _labels(track: Track) -> str:
    said = ", ".join(f"{name}={value}" for name, value in track.labels.items())
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"
