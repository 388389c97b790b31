"""A sandbox is where templates run: they see plain data, and can neither reach the program nor exhaust it.

Jinja2's sandbox keeps templates away from attributes with an underscore and from changing what they are given. This one
also bounds loops, repeated text, powers and the length of what comes out, and lets no value into the text unescaped.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, TypeVar, cast

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from otel_alerting.render import sheet
from otel_alerting.render.clusters import one_line
from otel_alerting.render.voice import Voice, safe
from otel_alerting.render.words import label_name

_LONGEST_RANGE = 1_000
_LONGEST_REPEAT = 10_000
_LONGEST_OUTPUT = 100_000
# These would write HTML, vouch for a value that nobody has escaped, or print what should stay inside.
_NOT_FOR_MESSAGES = ("safe", "urlize", "xmlattr", "pprint", "forceescape", "escape", "e", "striptags", "random")
# These make a long text, or a long list, out of a short one and a number.
_INFLATING_FILTERS = ("batch", "slice", "center", "indent", "wordwrap", "format", "filesizeformat")
_INFLATING_METHODS = frozenset(
    ["center", "expandtabs", "format", "format_map", "join", "ljust", "replace", "rjust", "translate", "zfill"]
)
_STEPS = 20_000
"""Rounds of loops and calls in one block together: loops in loops, and macros that call themselves, end there."""
_NO_NUMBER = "\N{EN DASH}"
_BITS = 256
"""Of a product: numbers that double a thousand times are no numbers for people."""

_T = TypeVar("_T")
_speaking: contextvars.ContextVar[Voice] = contextvars.ContextVar("otel_alerting_voice")


class _Left:
    """What a block may still do: steps, and characters written, captured ones too."""

    def __init__(self) -> None:
        self.steps, self.characters = _STEPS, 10 * _LONGEST_OUTPUT

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise SecurityError(f"it takes more than {_STEPS} steps")

    def write(self, length: int) -> None:
        self.characters -= length
        if self.characters < 0:
            raise SecurityError(f"it writes more than {_LONGEST_OUTPUT} characters")


_left: contextvars.ContextVar[_Left] = contextvars.ContextVar("otel_alerting_left")


class _Bounds(NodeTransformer):
    """Puts a count into every loop and a look at the length behind every `~`, before a template is compiled."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - the visitor's own naming
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802
        self.generic_visit(node)
        return nodes.Filter(node, "_bounded", [], [], None, None, lineno=node.lineno)


class Plain:
    """What templates may read: every attribute without an underscore, and no question asked."""


class Sandbox(ImmutableSandboxedEnvironment):
    """A Jinja2 environment for the words of alerts. Rendering needs a voice: `with_voice`."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self, loader: jinja2.BaseLoader | None = None, *, strict: bool = False) -> None:
        super().__init__(
            loader=loader,
            autoescape=True,  # so that macros and blocks come back as Markup; the escaping itself is `_finalize`'s
            finalize=_finalize,
            undefined=jinja2.StrictUndefined if strict else jinja2.ChainableUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,  # else `{{ 0.5 | percent }}` is worked out once, in the first reader's language
            cache_size=500,
        )
        for name in (*_NOT_FOR_MESSAGES, *_INFLATING_FILTERS):
            self.filters.pop(name, None)
        self.globals.clear()
        self.globals.update(_FUNCTIONS)
        self.filters.update(_FILTERS)

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: object, right: object) -> object:
        """Refuse what would fill the memory; the sandbox's own hook."""
        if operator == "**":
            raise SecurityError("powers are not for templates")
        if operator == "+":
            _bounded_sum(left, right)
        if operator == "*" and _bits(left) + _bits(right) > _BITS:
            raise SecurityError(f"a number of more than {_BITS} bits")
        if operator == "*" and _repeats(left, right) > _LONGEST_REPEAT:
            raise SecurityError(f"more than {_LONGEST_REPEAT} repetitions")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("values are put into text with _('… %(name)s', name=value)")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """The sandbox's own hook, without its long look at values that are made for templates."""
        if isinstance(obj, Plain):
            return not attr.startswith("_")
        if isinstance(obj, str) and attr in _INFLATING_METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Refuse `'{:9999999}'.format(1)`; the sandbox's own hook would only look at the names in it."""
        if super().wrap_str_format(value) is not None:
            raise SecurityError("values are put into text with _('… %(name)s', name=value)")
        return None

    def call(__self, __context: jinja2.runtime.Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Count calls, those of macros too; the sandbox's own hook."""
        _left.get().step()
        return super().call(__context, __obj, *args, **kwargs)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return cast("nodes.Template", _Bounds().visit(super()._parse(source, name, filename)))

    def unsafe_undefined(self, obj: object, attribute: str) -> jinja2.Undefined:
        """Fail loudly: the sandbox's own hook would go on with nothing."""
        raise SecurityError(f"{attribute} is not for templates")


def with_voice(voice: Voice, work: Callable[[], _T]) -> _T:
    """Do work that renders, with a voice for its filters."""
    token, left = _speaking.set(voice), _left.set(_Left())
    try:
        return work()
    finally:
        _left.reset(left)
        _speaking.reset(token)


def joined(pieces: Iterable[str]) -> str:
    """What a template gives out piece by piece, as one text, up to a length that no message needs.

    The HTML entities are Jinja2's own: it escapes quotes where markup and text are added up. Slack would show them.
    """
    kept, length = [], 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length > _LONGEST_OUTPUT:
            raise SecurityError(f"it writes more than {_LONGEST_OUTPUT} characters")
    text = "".join(kept)
    return text.replace("&#39;", "'").replace("&#34;", '"') if "&#3" in text else text


@jinja2.pass_eval_context  # which also keeps Jinja2 from calling it at compile time, when nobody speaks yet
def _finalize(context: jinja2.nodes.EvalContext, value: object) -> Markup:
    if isinstance(value, jinja2.StrictUndefined):
        return safe(str(value))  # raises: it says which name is missing
    if isinstance(value, jinja2.Undefined):
        return safe("")
    shown = _speaking.get().value(value)
    _left.get().write(len(shown))
    return safe(shown)


def _counted(values: Iterable[object]) -> Iterator[object]:
    left = _left.get()
    for value in values:
        left.step()
        yield value


def _bounded(value: object) -> object:
    if isinstance(value, (str, list, tuple)) and len(value) > _LONGEST_OUTPUT:
        raise SecurityError(f"a text or list longer than {_LONGEST_OUTPUT}")
    return value


def _bounded_sum(left: object, right: object) -> None:
    both = (str, list, tuple)
    if isinstance(left, both) and isinstance(right, both) and len(left) + len(right) > _LONGEST_OUTPUT:
        raise SecurityError(f"a text or list longer than {_LONGEST_OUTPUT}")


def _bits(value: object) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _replace(value: object, old: str, new: str, count: int = -1) -> str:
    text = value if isinstance(value, str) else str(value)
    if len(text) + text.count(str(old)) * len(str(new)) > _LONGEST_OUTPUT:
        raise SecurityError(f"a text longer than {_LONGEST_OUTPUT}")
    return text.replace(str(old), str(new), count)


@jinja2.pass_eval_context
def _join(context: nodes.EvalContext, values: Iterable[object], between: str = "", attribute: str | None = None) -> Any:
    items = list(values)
    if sum(len(str(item)) + len(str(between)) for item in items) > _LONGEST_OUTPUT:
        raise SecurityError(f"a text longer than {_LONGEST_OUTPUT}")
    return FILTERS["join"](context, items, between, attribute)


def _repeats(left: object, right: object) -> int:
    for text, times in ((left, right), (right, left)):
        if isinstance(text, (str, list, tuple)) and isinstance(times, int):
            return len(text) * times
    return 0


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > _LONGEST_RANGE:
        raise SecurityError(f"a range of more than {_LONGEST_RANGE}")
    return numbers


def _told(value: object, tell: Callable[[float], str]) -> object:
    """A number in words; a dash where there is none, and a text that is no number as it is.

    A fact that one record in a thousand lacks must not cost that one its template. What an annotation names is checked.
    """
    if value is None or (isinstance(value, jinja2.Undefined) and not isinstance(value, jinja2.StrictUndefined)):
        return _NO_NUMBER
    try:
        number = value.total_seconds() if isinstance(value, timedelta) else value
        return tell(number if isinstance(number, (int, float)) else float(str(number)))
    except (ValueError, OverflowError):  # no number; or NaN and infinity, which are no time
        return value


def _number(value: object) -> object:
    return _told(value, _speaking.get().language.number)


def _percent(value: object) -> object:
    return _told(value, _speaking.get().language.percent)


def _quantity(value: object, unit: object = "") -> object:
    return _told(value, lambda number: _speaking.get().language.quantity(number, str(unit)))


def _duration(value: object) -> object:
    return _told(value, lambda number: _speaking.get().language.duration(int(number)))


def _moment(value: object) -> object:
    return _told(value, lambda number: _speaking.get().moment(int(number)))


def _relative(value: object) -> object:
    voice = _speaking.get()
    return _told(value, lambda number: voice.language.relative(int(number), voice.now))


def _short(value: object, limit: int = 120) -> Markup:
    voice = _speaking.get()
    text = one_line(voice.dialect.literal(value)) if isinstance(value, Markup) else one_line(str(value))
    return safe(voice.dialect.cut(voice.value(text), limit))


def _label_name(value: object) -> str:
    return label_name(_speaking.get().language, str(value))


def _shown(value: object) -> Markup:
    """A fact of any kind: numbers as the language writes them, names and other text as code."""
    voice = _speaking.get()
    if isinstance(value, Markup) or not isinstance(value, str):
        return safe(voice.value(value))
    if voice.dialect.is_link(value):
        return voice.link(value)
    return voice.code(value) if len(value) <= 200 and "\n" not in value else safe(voice.value(value))


_FILTERS: dict[str, Callable[..., Any]] = {
    "_bounded": _bounded,
    "_counted": _counted,
    "join": _join,
    "replace": _replace,
    "code": lambda value: _speaking.get().code(value),
    "duration": _duration,
    "field_name": _label_name,
    "label_name": _label_name,
    "link": lambda url, label="": _speaking.get().link(url, label),
    "moment": _moment,
    "number": _number,
    "percent": _percent,
    "quantity": _quantity,
    "relative": _relative,
    "short": _short,
    "shown": _shown,
    "strong": lambda value: _speaking.get().strong(value),
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "_": lambda message, **values: _speaking.get().gettext(message, **values),
    "gettext": lambda message, **values: _speaking.get().gettext(message, **values),
    "ngettext": lambda one, many, number, **values: _speaking.get().ngettext(one, many, number, **values),
    "pgettext": lambda about, message, **values: _speaking.get().pgettext(about, message, **values),
    "action": lambda name, label, url, style="": sheet.action(_speaking.get(), name, label, url, style),
    "field": lambda label, value: sheet.field(_speaking.get(), label, value),
    "range": _range,
    "dict": dict,
    "namespace": jinja2.utils.Namespace,
}
RESERVED = frozenset([*_FUNCTIONS, "self", "super", "loop", "caller", "varargs", "kwargs"])
"""Names that no value may have: a fact called `_` would take the words away from every template."""
