"""A watch over the files of a configuration: rules that somebody changes hold without a restart.

Rules that say the same go on as if nothing had happened, windows and all; a changed one keeps how its groups stand.
With a mistake in it a change is told on stderr, and the rules of before go on. Whatever else changes in these files
holds from the next start on, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from otel_alerting.config.load import Examined
from otel_alerting.config.schema import Config
from otel_alerting.pipeline import Pipeline
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.telemetry import complain

Signature = Mapping[Path, tuple[int, int]]
"""By file: when it was changed, and its size; by folder: how many YAML files, and which."""


class Watch:
    """Looks whether files have changed, and brings new rules into a pipeline.

    Args:
        examine: reads the configuration anew.
        ruleset: makes rules run.
        first: what was read at the start.
    """

    def __init__(self, examine: Callable[[], Examined], ruleset: Callable[[Config], RuleSet], first: Examined) -> None:
        self._examine, self._ruleset = examine, ruleset
        self._config = first.usable()
        self._paths = _paths(first)
        self._seen = _signature(self._paths)

    @property
    def is_needed(self) -> bool:
        """Are there any files?"""
        return bool(self._paths)

    def look(self, pipeline: Pipeline, now: int) -> bool:
        """Bring in what has changed since the last look; True when new rules hold."""
        seen = _signature(self._paths)
        if seen == self._seen:
            return False
        self._seen = seen
        found = self._examine()
        if found.faults:
            for fault in found.faults:
                complain(f"configuration: {fault}")
            complain("the configuration has changed and cannot be used; the one of before goes on")
            return False
        self._paths = _paths(found)
        self._seen = _signature(self._paths)
        return self._bring(found.config, pipeline, now)

    def _bring(self, config: Config, pipeline: Pipeline, now: int) -> bool:
        before, self._config = self._config, config
        if _but_rules(before) != _but_rules(config):
            complain("the configuration has changed; what is no rule holds from the next start on", about=str(now))
        if before.rules == config.rules:
            return False
        pipeline.change_rules(self._ruleset(config), now)
        complain(f"the rules have changed: {len(config.rules)} hold now", about=str(now))
        return True


def _paths(found: Examined) -> frozenset[Path]:
    """The files, and the folders in which a pattern may find more."""
    files = {Path(name).absolute() for name in found.files}
    return frozenset(files | {path.parent for path in files})


def _signature(paths: frozenset[Path]) -> Signature:
    return {path: _look(path) for path in paths}


def _look(path: Path) -> tuple[int, int]:
    try:
        if path.is_dir():
            return _of_folder(path)
        stat = path.stat()
    except OSError:  # between being written and being put in its place
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


def _of_folder(path: Path) -> tuple[int, int]:
    """Its YAML files: what else comes and goes beside them is nobody's business."""
    names = sorted(one.name for one in path.iterdir() if one.suffix in (".yaml", ".yml"))
    return len(names), hash(tuple(names))


def _but_rules(config: Config) -> Config:
    return msgspec.structs.replace(config, rules=(), rule_files=())
