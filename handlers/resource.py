"""The resource is what this process is, in OpenTelemetry's words: service, host, version.

Records that come in without the SDK have none; it is that of the program's own providers, else what the environment
says. Nothing is detected here and no SDK is loaded.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from urllib.parse import unquote

from otel_alerting.handlers.plain import attributes_of
from otel_alerting.model import Attributes

_MOST = 16
_read: dict[int, tuple[object, Attributes]] = {}


def resource_of(resource: object) -> Attributes:
    """An SDK resource's attributes as plain data; the same one is read once. The reader's verb."""
    known = _read.get(id(resource))
    if known is not None and known[0] is resource:
        return known[1]
    found = getattr(resource, "attributes", None)
    attributes = attributes_of(found) if isinstance(found, Mapping) else {}
    if len(_read) >= _MOST:
        _read.clear()
    _read[id(resource)] = (resource, attributes)
    return attributes


def own_resource() -> Attributes:
    """What this process is: by the program's tracer, logger or meter provider, else by the environment."""
    for module, getter in (("trace", "get_tracer_provider"), ("_logs", "get_logger_provider")):
        if f"opentelemetry.sdk.{module}" not in sys.modules:
            continue
        provider = getattr(sys.modules[f"opentelemetry.{module}"], getter)()
        resource = getattr(provider, "resource", None)
        if resource is not None:
            return resource_of(resource)
    return _from_environment(os.environ.get("OTEL_SERVICE_NAME", ""), os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))


def _from_environment(service: str, said: str) -> Attributes:
    pairs = (pair.partition("=") for pair in said.split(","))
    attributes: dict[str, object] = {name.strip(): unquote(value.strip()) for name, equals, value in pairs if equals}
    if service:
        attributes["service.name"] = service
    return attributes
