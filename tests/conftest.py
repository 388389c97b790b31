"""Properties try the same examples in every run, so that a run says something about the change and not about luck.

`HYPOTHESIS_PROFILE=explore python -m pytest …` (`make explore`) looks for new ones, and tries more of them.
"""

from __future__ import annotations

import importlib.util
import os

if importlib.util.find_spec("hypothesis"):  # the journeys run on interpreters that have only what they need
    from hypothesis import settings

    settings.register_profile("same", derandomize=True, deadline=None)
    settings.register_profile("explore", max_examples=1_000, deadline=None)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
