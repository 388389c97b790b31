"""Progress is how far the reading of the files is, on standard error, and what was wrong with them.

What cannot be read is told at once, so much of each file as somebody would look at, and counted beyond.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from otel_alerting.cli.replay.recording import Recording
from otel_alerting.errors import Problem
from otel_alerting.rules.play import Arrival

_SHOWN = 20
"""Problems of a file that are told one by one."""
_OFTEN = 20_000
"""Signals between two looks at how far the files are."""


class Progress:
    """Counts, and tells while it runs.

    Args:
        is_shown: is there somebody to look at a bar?
    """

    def __init__(self, *, is_shown: bool) -> None:
        self.signals, self.began_at, self.last_at = 0, 0, 0
        self._wrong: Counter[str] = Counter()
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[signals]:,} signals"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not is_shown,
        )

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        for file, number in self._wrong.items():
            if number > _SHOWN:
                self.note(f"{file}: {number - _SHOWN:,} more of these")

    @property
    def problems(self) -> int:
        """Lines that could not be read."""
        return self._wrong.total()

    def complain(self, problem: Problem) -> None:
        """Tell what cannot be read."""
        file = problem.where.rpartition(":")[0]
        self._wrong[file] += 1
        if self._wrong[file] <= _SHOWN:
            self.note(str(problem))

    def note(self, text: str) -> None:
        """Say something on standard error, above the bar."""
        self._console.print(text)

    def over(self, arrivals: Iterable[Arrival], recordings: Sequence[Recording]) -> Iterator[Arrival]:
        """The same arrivals, with a bar of how many bytes of their files were read; each is counted when it is done."""
        sizes = [one.size for one in recordings]
        task = self._bar.add_task("reading", total=sum(sizes) if all(sizes) else None, signals=0)
        for arrival in arrivals:
            yield arrival
            self._count(arrival)
            if self.signals % _OFTEN == 0 and not self._bar.disable:
                self._bar.update(task, completed=sum(one.position for one in recordings), signals=self.signals)

    def _count(self, arrival: Arrival) -> None:
        now, signal = arrival
        if not self.signals:
            self.began_at = min(now, signal.at)
        self.signals, self.last_at = self.signals + 1, now
