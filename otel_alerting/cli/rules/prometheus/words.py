"""Words of alerts: Prometheus writes them as Go templates, we as Jinja."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from otel_alerting.cli.rules.prometheus.condition import Say
from otel_alerting.cli.rules.prometheus.go_template import (
    Action,
    Literal,
    Name,
    Operand,
    Unread,
    pieces,
    pipeline,
)
from otel_alerting.cli.rules.prometheus.renaming import LABEL

_VERB = re.compile(r"%[-+# 0]*\d*(?:\.(\d+))?([a-zA-Z%])")
_JINJA = re.compile(r"\{[{%#]|[}%#]\}")
_ALL_LABELS = "labels | dictsort | map('join', '=') | join(', ')"


def labels_of(source: str) -> list[str]:
    """The labels that a template speaks of."""
    return [found[1] or found[2] for found in LABEL.finditer(source)]


@dataclass(frozen=True)
class Speech:
    """What a template may speak of."""

    labels: tuple[str, ...] | None
    """Labels that the alert has; None when it has those of its series."""
    value: str | None
    """`$value` in Jinja; None when it is another number here."""
    say: Say
    name: str
    """Of the annotation."""


@dataclass(frozen=True)
class _Said:
    """An expression of Jinja: `label`, filters and all; or text as it is."""

    source: str
    is_text: bool = False
    is_number: bool = False


@dataclass
class _Writer:
    speech: Speech
    variables: dict[str, _Said] = field(default_factory=dict)

    def left_out(self, source: str, why: str) -> str:
        self.speech.say(f"annotation {self.speech.name}: without `{{{{ {source} }}}}`: {why}")
        return ""


def jinja(source: str, speech: Speech) -> str:
    """The same template in Jinja; what has no counterpart is left out, with a note."""
    writer = _Writer(speech)
    said: list[str] = []
    blocks: list[str] = []
    hidden = 0
    for piece in pieces(source):
        if isinstance(piece, str):
            said += [] if hidden else [_literal(piece)]
            continue
        word = piece.source.split(None, 1)[0] if piece.source else ""
        if hidden or word in ("range", "with", "define", "block", "template"):
            hidden += word in ("range", "with", "define", "block", "if")
            hidden -= word == "end"
            if hidden == 1 and word not in ("if", "else"):
                writer.left_out(piece.source, "rules ask nothing else while they speak")
            continue
        said.append(_action(writer, piece, word, blocks))
    return _percents("".join(said) + "{% endif %}" * len(blocks))


def _literal(text: str) -> str:
    return _JINJA.sub(lambda found: f"{{{{ '{found[0]}' }}}}", text)


def _action(writer: _Writer, action: Action, word: str, blocks: list[str]) -> str:
    source = action.source
    if source.startswith("/*") or not source:
        return ""
    try:
        if word in ("if", "else", "end"):
            return _branch(writer, source, word, blocks)
        assigned = re.fullmatch(r"(\$\w+)\s*:?=\s*(.+)", source, re.DOTALL)
        if assigned:
            writer.variables[assigned[1]] = _command(writer, pipeline(assigned[2]))
            return ""
        return _shown(_command(writer, pipeline(source)))
    except Unread as why:
        return writer.left_out(source, str(why))


def _branch(writer: _Writer, source: str, word: str, blocks: list[str]) -> str:
    if word == "end":
        if blocks:
            blocks.pop()
            return "{% endif %}"
        return ""
    rest = source.split(None, 1)[1] if " " in source else ""
    if word == "if":
        blocks.append(word)
        return f"{{% if {_asked(writer, rest)} %}}"
    return f"{{% elif {_asked(writer, rest.removeprefix('if'))} %}}" if rest else "{% else %}"


def _asked(writer: _Writer, source: str) -> str:
    """A condition; one that cannot be said does not hold."""
    try:
        return _command(writer, pipeline(source)).source
    except Unread as why:
        writer.left_out(f"if {source}", str(why))
        return "false"


def _shown(said: _Said) -> str:
    if said.is_text:
        return _literal(said.source)
    if said.is_number and "|" not in said.source:
        return f"{{{{ {said.source} | number }}}}"
    return f"{{{{ {said.source} }}}}"


def _percents(said: str) -> str:
    """`{{ (value * 100) | number }}%` is `{{ value | percent }}`."""
    return re.sub(r"\{\{ \(value \* 100\) \| (?:round(?:\(\d+\))? \| )?number \}\} ?%", "{{ value | percent }}", said)


# Commands


def _command(writer: _Writer, operand: Operand) -> _Said:
    if isinstance(operand, Literal):
        return _Said(operand.value, is_text=not operand.is_number, is_number=operand.is_number)
    if isinstance(operand, Name):
        return _name(writer, operand.said, [])
    first, rest = operand.words[0], operand.words[1:]
    if isinstance(first, Name):
        return _name(writer, first.said, [_command(writer, one) for one in rest])
    if rest:
        raise Unread("it calls what is no function")
    return _command(writer, first)


def _name(writer: _Writer, said: str, arguments: list[_Said]) -> _Said:
    if said in writer.variables:
        return writer.variables[said]
    if said in ("$value", ".Value"):
        return _value(writer)
    if said in ("$labels", ".Labels"):
        return _Said(_ALL_LABELS)
    for prefix in ("$labels.", ".Labels."):
        if said.startswith(prefix):
            return _label(writer, said.removeprefix(prefix))
    if said == "index" and len(arguments) == 2 and arguments[0].source == _ALL_LABELS:
        return _label(writer, arguments[1].source)
    if said == "printf" and arguments:
        return _printed(writer, arguments)
    if said in _FUNCTIONS and len(arguments) == 1:
        return _FUNCTIONS[said](arguments[0])
    if said in _TESTS and len(arguments) == 2:
        return _Said(f"{_compared(arguments[0])} {_TESTS[said]} {_compared(arguments[1])}")
    if said in ("and", "or") and len(arguments) >= 2:
        return _Said("(" + f" {said} ".join(_compared(one) for one in arguments) + ")")
    if said == "not" and len(arguments) == 1:
        return _Said(f"not {_compared(arguments[0])}")
    raise Unread(f"{said} has no counterpart")


def _value(writer: _Writer) -> _Said:
    if writer.speech.value is None:
        writer.speech.say(f"annotation {writer.speech.name}: the value it tells is the rule's own number")
    return _Said(writer.speech.value or "value", is_number=True)


def _label(writer: _Writer, name: str) -> _Said:
    """A label that is not there is empty in Prometheus."""
    if writer.speech.labels is None:
        return _Said(f"labels['{name}'] | default('')")
    if name in writer.speech.labels:
        return _Said(f"labels['{name}']")
    raise Unread(f"the alert has no label {name}")


def _compared(said: _Said) -> str:
    return repr(said.source) if said.is_text else f"({said.source})" if "|" in said.source else said.source


def _filtered(*filters: str) -> Callable[[_Said], _Said]:
    return lambda said: _Said(" | ".join([_quoted(said), *filters]))


def _quoted(said: _Said) -> str:
    return repr(said.source) if said.is_text else said.source


_FUNCTIONS: Mapping[str, Callable[[_Said], _Said]] = {
    "humanize": _filtered("number"),
    "humanize1024": _filtered("quantity('By')"),
    "humanizeDuration": _filtered("quantity('s')"),
    "humanizePercentage": _filtered("percent"),
    "humanizeTimestamp": lambda said: _Said(f"({_quoted(said)} * 1000000000) | moment"),
    "title": _filtered("title"),
    "toUpper": _filtered("upper"),
    "toLower": _filtered("lower"),
    "trim": _filtered("trim"),
    "urlquery": _filtered("urlencode"),
    "pathPrefix": lambda said: said,
    "safeHtml": lambda said: said,
    "print": lambda said: said,
    "println": lambda said: said,
    "len": _filtered("length"),
    "html": lambda said: said,
}
_TESTS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def _printed(writer: _Writer, arguments: Sequence[_Said]) -> _Said:
    """`printf "%.2f of %s" $value $labels.job`, joined from its parts."""
    form, values = arguments[0], list(arguments[1:])
    if not form.is_text:
        raise Unread("printf with a computed format")
    parts: list[str] = []
    at = 0
    for found in _VERB.finditer(form.source):
        parts += _text_part(form.source[at : found.start()])
        at = found.end()
        if found[2] == "%":
            parts += _text_part("%")
        elif not values:
            raise Unread("printf with fewer values than places")
        else:
            parts.append(_verb(values.pop(0), found[2], found[1]))
    parts += _text_part(form.source[at:])
    if len(parts) == 1 and not parts[0].startswith("'"):
        return _Said(parts[0])
    return _Said(" ~ ".join(f"({one})" if "|" in one else one for one in parts))


def _text_part(text: str) -> list[str]:
    return [repr(text)] if text else []


def _verb(said: _Said, verb: str, digits: str | None) -> str:
    if verb in "feEgGd" and said.is_number and "|" not in said.source:
        return f"{said.source} | {'round | ' if digits == '0' or verb == 'd' else ''}number"
    if verb == "q":
        return f"'\"' ~ ({_quoted(said)}) ~ '\"'"
    return f"{said.source} | number" if said.is_number and "|" not in said.source else _quoted(said)
