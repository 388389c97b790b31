"""Owners are the tenants that can be told: whose alerts a name's are, and what becomes of a name that nobody has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from otel_alerting.model import Tenant

Tenants: TypeAlias = "Callable[[str], Tenant | None] | Mapping[str, Tenant]"
"""Who is known by which name. An empty mapping: every name is fine."""


class Owner(NamedTuple):
    """Who is told of a name's alerts."""

    tenant: Tenant
    unknown: str = ""
    """The name itself, where nobody has it and the default tenant stands in."""


class Owners:
    """Finds the owner of a name; None where unknown names are refused."""

    def __init__(self, tenants: Tenants, default: str, *, refuses: bool) -> None:
        self._tenants = tenants
        self._refuses = refuses
        self.default = default

    def of(self, name: str) -> Owner | None:
        """Who is told of this name's alerts."""
        found = self._known(name)
        if found is not None:
            return Owner(found)
        if self._refuses:
            return None
        return Owner(self._known(self.default) or Tenant(name=self.default), name)

    def _known(self, name: str) -> Tenant | None:
        if callable(self._tenants):
            return self._tenants(name)
        return self._tenants.get(name) if self._tenants else Tenant(name=name)
