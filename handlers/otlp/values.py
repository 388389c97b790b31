"""The values of OTLP/JSON as signals have them: attributes, ids, and whose they are."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from otel_alerting.context import CORRELATION_KEYS, TENANT_KEYS, first_of
from otel_alerting.handlers import plain
from otel_alerting.handlers.otlp.shapes import AnyValue, KeyValue, Resource, Scope
from otel_alerting.model import Attributes

_HEX = re.compile("[0-9a-f]+")
_NOBODY = re.compile("0*")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said it: the resource and scope that signals of one list share."""

    resource: Attributes
    scope: str
    given: str
    """Whose it is by the one who took it in."""
    said: str
    """Whose it is by its resource."""

    @classmethod
    def of(cls, resource: Resource | None, scope: Scope | None, tenant: str) -> Origin:
        """Read a resource and a scope."""
        attributes = attributes_of(resource.attributes if resource else None)
        return cls(attributes, (scope and scope.name) or "", tenant, first_of(TENANT_KEYS, attributes))

    def within(self, scope: Scope | None) -> Origin:
        """The same resource's, of another scope."""
        return Origin(self.resource, (scope and scope.name) or "", self.given, self.said)

    def tenant(self, attributes: Attributes) -> str:
        """Whose a signal with these attributes is; empty when nobody says it."""
        return first_of(TENANT_KEYS, attributes) or self.given or self.said


def correlation_of(attributes: Attributes, trace_id: str) -> str:
    """The request that a signal belongs to; its trace where it does not say it."""
    return first_of(CORRELATION_KEYS, attributes) or trace_id


def attributes_of(pairs: Iterable[KeyValue] | None) -> dict[str, object]:
    """Attributes as plain data."""
    return plain.attributes_of({pair.key: value_of(pair.value) for pair in pairs}) if pairs else {}


def value_of(value: AnyValue | None) -> object:
    """A value as plain data; None where it is none."""
    if value is None:
        return None
    for simple in (value.string_value, value.int_value, value.double_value, value.bool_value):
        if simple is not None:
            return simple
    if value.array_value is not None:
        return [value_of(member) for member in value.array_value.values or ()]
    if value.kvlist_value is not None:
        return {pair.key: value_of(pair.value) for pair in value.kvlist_value.values or ()}
    return None if value.bytes_value is None else _bytes(value.bytes_value)


def id_of(said: str | None, digits: int) -> str:
    """A trace's or span's id in lower case; empty where it is none: OTLP/JSON writes 32 or 16 hexadecimal digits."""
    if not said or len(said) != digits:
        return ""
    lower = said.lower()
    return lower if _HEX.fullmatch(lower) and not _NOBODY.fullmatch(lower) else ""


def _bytes(said: str) -> bytes | str:
    try:
        return binascii.a2b_base64(said)
    except binascii.Error:
        return said
