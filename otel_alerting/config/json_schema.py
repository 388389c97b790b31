"""The JSON Schema of what users write, made of the Structs that the reader reads: for editors and for CI.

Draft 2020-12. A Struct's docstring and the docstrings below its fields are the descriptions. What the reader takes,
the schema takes, `${env:NAME}` in place of any scalar included; what only a look at other files could refuse (a
pattern that finds nothing, a receiver that nobody has) the schema cannot see.
"""

from __future__ import annotations

import ast
import enum
import functools
import inspect
import itertools
import textwrap
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, cast, get_args, get_origin

import msgspec

from otel_alerting.config import shapes
from otel_alerting.config.secret import Secret
from otel_alerting.config.shapes import Wanted
from otel_alerting.config.values import HttpUrl, StoreUrl
from otel_alerting.model.duration import Duration
from otel_alerting.model.severity import Severity

Json: TypeAlias = dict[str, object]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = r"[0-9]+(\.[0-9]+)?"
_UNITS = "".join(f"({_NUMBER}{unit})?" for unit in ("y", "w", "d", "h", "m", "s", "ms", "(us|µs)", "ns"))
_DURATION = rf"^\s*(0|(?=[0-9]){_UNITS})\s*$"
_REFERENCE = "reference"
_REFERENCE_SCHEMA: Json = {
    "description": "An environment variable: `${env:NAME}` or `${env:NAME:-default}`.",
    "type": "string",
    "pattern": r"\$\{[^}]*\}",
}


def json_schema(root: type[msgspec.Struct], title: str) -> Json:
    """The schema of a document whose top is this Struct."""
    made = _Making()
    top = made.of(root)
    return {"$schema": DIALECT, "title": title, **top, "$defs": {_REFERENCE: _REFERENCE_SCHEMA, **made.definitions}}


class _Making:
    """One schema in the making; Structs and types read from text are defined once, by name."""

    def __init__(self) -> None:
        self.definitions: dict[str, Json] = {}

    def of(self, wanted: Wanted) -> Json:
        wanted, limits = shapes.bare(wanted)
        return {**self._bare(wanted), **_limits(wanted, limits)}

    def _bare(self, wanted: Wanted) -> Json:
        several = shapes.options(wanted)
        if len(several) > 1:
            without_brackets: list[Json] = [{"type": "string"} for one in several if shapes.takes_one(one)]
            return {"anyOf": _once((*map(self.of, several), *without_brackets))}
        if wanted is None:
            return {"type": "null"}
        if shapes.is_anything(wanted):
            return {}
        if shapes.is_struct(wanted):
            return self._defined(cast("type[msgspec.Struct]", wanted))
        if shapes.is_mapping(wanted):
            return {"type": "object", "additionalProperties": self.of(shapes.members(wanted)[1])}
        if shapes.is_list(wanted):
            return self._list(wanted)
        return self._scalar(wanted)

    def _list(self, wanted: Wanted) -> Json:
        inside = [self.of(one) for one in shapes.members(wanted)]
        if (get_origin(wanted) is tuple) and get_args(wanted) and Ellipsis not in get_args(wanted):
            return {"type": "array", "prefixItems": inside, "minItems": len(inside), "maxItems": len(inside)}
        return {"type": "array", "items": inside[0]}

    def _scalar(self, wanted: Wanted) -> Json:
        if wanted in (str, Secret):
            return {"type": "string"}
        if wanted in _PLAIN:
            return _or_reference(_PLAIN[wanted])
        if get_origin(wanted) is Literal:
            return _or_reference({"enum": list(get_args(wanted))})
        if shapes.parser(wanted) is None and not shapes.is_enum(wanted):
            return {"type": "string"}
        name = getattr(wanted, "__name__", "")
        if name not in self.definitions:
            self.definitions[name] = {"description": _first_line(wanted), **_or_reference(_text(wanted))}
        return _ref(name)

    def _defined(self, struct: type[msgspec.Struct]) -> Json:
        name = struct.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # a Struct may be inside itself
            self.definitions[name] = self._struct(struct)
        if shapes.parser(struct):
            return {"anyOf": [_ref(name), {"type": ["string", "number", "boolean"]}]}
        return _ref(name)

    def _struct(self, struct: type[msgspec.Struct]) -> Json:
        docs = field_docs(struct)
        fields = shapes.fields(struct)
        made: Json = {
            "description": _first_line(struct),
            "type": "object",
            "additionalProperties": False,
            "properties": {name: self._field(field, docs.get(field.name, "")) for name, field in fields.items()},
        }
        required = [name for name, field in fields.items() if field.required]
        return {**made, "required": required} if required else made

    def _field(self, field: msgspec.structs.FieldInfo, doc: str) -> Json:
        made = self.of(field.type)
        said = doc or next((note.description for note in shapes.bare(field.type)[1] if note.description), "")
        if said:
            made["description"] = said
        default = _written(field.default)
        if default is not None:
            made["default"] = default
        return made


@functools.cache
def field_docs(struct: type) -> Mapping[str, str]:
    """The docstrings below a class's fields, by field name, those of the classes it inherits from included."""
    docs: dict[str, str] = {}
    for one in reversed(struct.__mro__):
        if not issubclass(one, msgspec.Struct) or one is msgspec.Struct:
            continue
        body = _body(one)
        for field, below in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
                said = below.value.value if isinstance(below.value, ast.Constant) else ""
                docs[field.target.id] = " ".join(str(said).split())
    return docs


def _body(struct: type) -> list[ast.stmt]:
    """A class's statements; none where its source is not at hand, and then the schema has fewer descriptions."""
    try:
        source = textwrap.dedent(inspect.getsource(struct))
    except (OSError, TypeError):
        return []
    return cast("ast.ClassDef", ast.parse(source).body[0]).body


_PLAIN: Mapping[object, Json] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
}


def _text(wanted: Wanted) -> Json:
    """A type that people write as text."""
    if wanted is Duration:
        return {"anyOf": [{"type": "string", "pattern": _DURATION}, {"const": 0}]}
    if wanted is Severity:
        words = [member.word for member in Severity]
        aliases = sorted({form for one in Severity for word in one.spellings for form in (word, word.upper())})
        return {"anyOf": [{"enum": words}, {"enum": aliases}, {"type": "integer"}]}
    if wanted is StoreUrl:
        return {"enum": ["auto", "memory:"]}
    if wanted is HttpUrl:
        return {"type": "string", "pattern": "^https?://"}
    if shapes.is_enum(wanted) and shapes.parser(wanted) is None:
        return {"enum": [one.value for one in cast("type[enum.Enum]", wanted)]}
    return {"type": ["string", "number"] if getattr(wanted, "MAY_BE_A_NUMBER", False) else "string"}


def _limits(wanted: Wanted, limits: tuple[msgspec.Meta, ...]) -> Json:
    """Limits on numbers and lengths; on what people write as text (`5m`) only the reader can hold them."""
    names = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
    if wanted is str:
        names = {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}
    elif shapes.is_list(wanted):
        names = {"min_length": "minItems", "max_length": "maxItems"}
    elif wanted not in (int, float):
        return {}
    return {
        word: value for limit in limits for name, word in names.items() if (value := getattr(limit, name)) is not None
    }


def _or_reference(schema: Json) -> Json:
    return {"anyOf": [schema, _ref(_REFERENCE)]}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _once(schemas: Iterable[Json]) -> list[Json]:
    made: list[Json] = []
    for one in schemas:
        if one not in made:
            made.append(one)
    return made


def _written(value: object) -> object:
    """A default as users would write it; None where there is none to write."""
    if isinstance(value, Severity):
        return value.word
    if isinstance(value, Duration):
        return str(value)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value) or None
    if isinstance(value, tuple | list) and value and all(isinstance(one, str) for one in value):
        return list(value)
    return None


def _first_line(described: object) -> str:
    return (inspect.getdoc(described) or "").partition("\n\n")[0].replace("\n", " ")
