"""Labels are an alert's identity; attributes belong to signals, facts are for words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeAlias

Labels: TypeAlias = Mapping[str, str]
"""Name to value. Never written to after it was made."""


def identity(tenant: str, name: str, labels: Labels) -> str:
    """The fingerprint of tenant + name + labels: 16 hexadecimal digits, the same in every process and version.

    Severity is not part of it: it may rise and fall on the same alert.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in (tenant, name, *(text for pair in sorted(labels.items()) for text in pair)):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(4, "big"))  # the length keeps ("ab", "c") and ("a", "bc") apart
        digest.update(raw)
    return digest.hexdigest()
