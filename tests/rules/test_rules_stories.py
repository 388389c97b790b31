"""Stories are rules, signals and the alerts that come of them, written by and for people who write rules.

Each file in `tests/stories/` is one for `otel-alerting rules test`; `changes` says everything that is told, in order.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_alerting.testing import check_rules

STORIES = sorted((Path(__file__).parent.parent / "stories").glob("*.yaml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_ends_as_it_is_told(path: Path) -> None:
    """The same signals at the same times give the same alerts, all of them and no others."""
    check_rules(path)
