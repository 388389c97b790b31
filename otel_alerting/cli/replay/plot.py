"""The plot is a picture of a play: for each group its number, its thresholds, and when it was pending and firing.

matplotlib draws it, without a window, a display or any state of its own module; the same play gives the same file.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from otel_alerting.cli.replay.tracks import Track, Tracks
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.model.duration import DAY, SECOND
from otel_alerting.render.words import COLORS
from otel_alerting.rules.rule import Rule

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = 12
"""In a picture, for more is no picture any more: those that fired longest."""
KINDS = (".png", ".svg")

QUIET = "#5F6368"
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": "#202124",
    "axes.edgecolor": "#BDC1C6",
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "svg.hashsalt": "otel-alerting",  # or the ids in an SVG are others every time
}
_WIDTH, _PANEL, _MARGIN = 12.0, 2.3, 0.9
"""Inches: of all, of a panel, of what stands above and below them."""


class Plot:
    """Gathers what is told, and draws it at the end.

    Args:
        path: the picture, a PNG or SVG by its name.
        rules: whose thresholds are drawn.
        tenant: the one whose name goes without saying.

    Raises:
        ConfigurationError: matplotlib is not installed.
    """

    wants_evaluations = True

    def __init__(self, path: Path, rules: Sequence[Rule], tenant: str) -> None:
        if importlib.util.find_spec("matplotlib") is None:
            raise ConfigurationError(
                [Problem("--plot", "", "no matplotlib", "`pip install 'otel-alerting[plot]'` before")]
            )
        self._path, self._rules = path, {rule.alert: rule for rule in rules}
        self._tracks = Tracks(tuple(self._rules), tenant)
        self.found, self.changed = self._tracks.found, self._tracks.changed

    def show(self, began_at: int, until: int, signals: int) -> None:
        """Draw it all.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        import matplotlib as mpl

        tracks, others = self._tracks.chosen(PANELS, until)
        with mpl.rc_context(_STYLE):  # type: ignore[arg-type] # it lists its keys as literals
            _save(self._figure(tracks, others, began_at, until), self._path)

    def _figure(self, tracks: Sequence[Track], others: int, began_at: int, until: int) -> Figure:
        from matplotlib.figure import Figure

        from otel_alerting.cli.replay.panel import draw

        number = max(1, len(tracks))
        figure = Figure(figsize=(_WIDTH, _MARGIN + _PANEL * number), dpi=150, facecolor="white", layout="constrained")
        panels = cast("Sequence[Axes]", figure.subplots(number, 1, sharex=True, squeeze=False)[:, 0])
        _set_time(panels[-1], began_at, until)
        for axes, track in zip(panels, tracks, strict=False):
            draw(axes, track, self._rules.get(track.alert))
        if not tracks:
            panels[0].text(0.5, 0.5, "no signal was meant", transform=panels[0].transAxes, ha="center", color=QUIET)
        figure.align_ylabels(panels)
        figure.legend(handles=self._legend(tracks), loc="outside upper right", ncols=8, frameon=False, fontsize=8.5)
        if others or self._tracks.is_full:
            figure.supxlabel(self._rest(others), x=0.01, ha="left", fontsize=8.5, color=QUIET, style="italic")
        return figure

    def _legend(self, tracks: Sequence[Track]) -> Sequence[Artist]:
        """What the picture has of lines and colours."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        from otel_alerting.cli.replay.panel import steps_of

        steps = [one for track in tracks for one in steps_of(self._rules.get(track.alert), track.unit)]
        pended = sorted({shade.severity for track in tracks for shade in track.pending})
        fired = sorted({shade.severity for track in tracks for shade in track.firing})
        handles: list[Artist] = []
        if steps:
            handles.append(Line2D([], [], color=QUIET, linestyle="dashed", label="threshold", linewidth=1.2))
        if any(one.recover is not None for one in steps):
            handles.append(Line2D([], [], color=QUIET, linestyle="dotted", label="recovers", linewidth=1.2))
        handles += [Patch(facecolor=COLORS[one], alpha=0.15, label="pending") for one in pended[:1]]
        return [*handles, *(Patch(facecolor=COLORS[one], alpha=0.45, label=f"firing: {one.word}") for one in fired)]

    def _rest(self, others: int) -> str:
        """What is not in the picture."""
        if self._tracks.is_full:
            return f"more than {others:,} other groups are left out"
        return f"{others:,} {'group' if others == 1 else 'groups'} left out: less time firing than these"


def _set_time(axes: Axes, began_at: int, until: int) -> None:
    """All of the time, in UTC, in as few words as tell it."""
    from matplotlib.dates import UTC, AutoDateLocator, ConciseDateFormatter

    day = "%d %b %Y UTC"
    locator = AutoDateLocator(tz=UTC, minticks=5, maxticks=12)  # type: ignore[no-untyped-call]
    shown = ConciseDateFormatter(  # type: ignore[no-untyped-call]
        locator, tz=UTC, offset_formats=["UTC", "%Y UTC", "%b %Y UTC", day, day, day]
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(shown)
    axes.set_xlim(began_at / DAY, max(until, began_at + SECOND) / DAY)


def _save(figure: Figure, path: Path) -> None:
    kind = path.suffix.lower()[1:]
    nothing = {"Date": None} if kind == "svg" else {"Software": None}
    try:
        figure.savefig(path, format=kind, metadata=nothing)
    except OSError as error:
        found = f"a file that cannot be written ({error.strerror or type(error).__name__})"
        raise ConfigurationError([Problem("--plot", "", f"{found}: {path}", "a path to write to")]) from None
