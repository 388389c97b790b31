"""A tenant is one customer: nothing of theirs is ever seen by another."""

from __future__ import annotations

import msgspec


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told, and in which words."""

    name: str
    receiver: str = ""
    """The receiver at the root of this tenant's routes; empty for the route's own."""
    locale: str = ""
    """Empty for the installation's default."""
    timezone: str = ""
    templates: str = ""
    """A folder whose templates come before the user's and the built-in ones."""
