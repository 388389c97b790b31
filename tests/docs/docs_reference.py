"""The reference is the part of the documentation that the code itself says: keys, variables and options.

    python tests/docs/docs_reference.py --write

puts it into the pages, between `<!-- reference: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Literal, get_args, get_origin

import msgspec

from otel_alerting import cli
from otel_alerting.config import schema, shapes
from otel_alerting.config.json_schema import field_docs
from otel_alerting.config.schema import Config
from otel_alerting.config.settings import NAMES, variable
from otel_alerting.model.duration import Duration
from otel_alerting.model.severity import Severity

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = (DOCS / "configuration.md", DOCS / "commands.md")
_PART = re.compile(r"(<!-- reference: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_OF_THE_PROCESS = ("enabled", "flush_on_sigterm", "store")
"""Settings that a handler or exporter cannot say."""
_AT_THE_ROOT = re.compile(r"; (?:\w+ at the root|at the root, [^.;]*)(?=[.;])")
"""What a bare tree of routes does at its root; in a file the root has defaults of its own, in the column before."""


def written(page: Path) -> str:
    """The page's text with every reference in it as the code says it today."""
    return _PART.sub(lambda found: f"{found[1]}{REFERENCES[found[2]]()}\n{found[3]}", page.read_text("utf-8"))


def configuration() -> str:
    """One table for each mapping of `alerting.yaml`."""
    return "\n".join(_tables(Config, "", [])) + "\n"


def settings() -> str:
    """Every variable and keyword."""
    rows = [
        (f"`{variable(name)}`", "" if name in _OF_THE_PROCESS else f"`{name}`", _cell(about))
        for name, about in NAMES.items()
    ]
    return _table(("variable", "keyword", "meaning"), rows)


def commands() -> str:
    """Every command with its arguments."""
    return "\n".join(_command(command) for command in sorted(cli.found(), key=lambda one: one.NAME))


REFERENCES: Mapping[str, Callable[[], str]] = {
    "configuration": configuration,
    "settings": settings,
    "commands": commands,
}


def _tables(struct: type, path: str, done: list[type]) -> Iterator[str]:
    """The table of a Struct, then those of the Structs in it; rules have a page of their own."""
    done += [struct] if struct not in done else []
    fields, docs = shapes.fields(struct), field_docs(struct)
    yield f"### {f'`{path}`' if path else 'The file'}\n"
    about = _cell((struct.__doc__ or "").strip().partition("\n\n")[0])
    yield f"{about}\n" if fields else f"{about} It has no keys.\n"
    if fields:
        rows = [
            (
                f"`{name}`",
                _kind(field.type),
                _default(struct, field),
                _cell(_AT_THE_ROOT.sub("", docs.get(field.name, ""))),
            )
            for name, field in fields.items()
        ]
        yield _table(("key", "value", "default", "meaning"), rows)
    ahead: dict[type, str] = {}
    for name, field in fields.items():
        inner, below = _inside(field.type, f"{path}.{name}" if path else name)
        if inner is not None and inner not in done and inner.__name__ != "Rule":
            ahead.setdefault(inner, below)
    done += ahead  # what stands here is told here, and not where it stands deeper
    for inner, below in ahead.items():
        yield from _tables(inner, below, done)


def _inside(wanted: object, path: str) -> tuple[type | None, str]:
    """The Struct that a field holds, and the path to its keys."""
    for one in shapes.options(wanted):
        one = shapes.bare(one)[0]
        if shapes.is_mapping(one):
            return _inside(shapes.members(one)[1], f"{path}.NAME")
        if shapes.is_list(one):
            return _inside(shapes.members(one)[0], f"{path}[]")
        if shapes.is_struct(one) and shapes.parser(one) is None and isinstance(one, type):
            return one, path
    return None, path


_KINDS: Mapping[str, str] = {
    "Duration": "duration",
    "Folder": "folder",
    "HttpUrl": "URL",
    "LocaleName": "language",
    "DayRange": "day of the month, or a range",
    "Location": "time zone",
    "Matchers": "matchers",
    "MonthRange": "month, or a range",
    "TimeOfDay": "time of day",
    "WeekdayRange": "weekday, or a range",
    "YearRange": "year, or a range",
    "Path": "file",
    "Pattern": "regular expression",
    "Secret": "secret",
    "Severity": "severity",
    "StoreUrl": "`auto` or `memory:`",
    "TimezoneName": "time zone",
    "TraceUrl": "URL",
    "bool": "`true` or `false`",
    "float": "number",
    "int": "whole number",
    "str": "text",
}


def _kind(wanted: object) -> str:
    """What stands behind a key, in a word."""
    several = [one for one in shapes.options(wanted) if one is not None]
    if any(meta.extra for meta in shapes.bare(several[0])[1]):
        return "folder"
    if len(several) > 1:
        return shapes.either(map(_kind, several))
    one = shapes.bare(several[0])[0]
    if get_origin(one) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(one))
    if shapes.is_mapping(one):
        return f"mapping of {_kind(shapes.members(one)[1])}"
    if shapes.is_list(one):
        return f"list of {_kind(shapes.members(one)[0])}"
    name = getattr(one, "__name__", str(one))
    return _KINDS.get(name, "mapping" if shapes.is_struct(one) else name)


def _default(struct: type, field: msgspec.structs.FieldInfo) -> str:
    """A default as users would write it; nothing where none is written, `needed` where there must be a value."""
    if field.required:
        return "needed"
    value = getattr(schema.ROOT, field.name) if struct.__name__ == "Route" else field.default
    if isinstance(value, Severity):
        return f"`{value.word}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple) and value and all(isinstance(one, str) for one in value):
        return f"`[{', '.join(value)}]`"
    if isinstance(value, Duration | int | float) or (isinstance(value, str) and value):
        return f"`{value}`"
    return ""


def _meaning(said: str) -> str:
    return _cell(_AT_THE_ROOT.sub("", said))


def _command(command: cli.Command) -> str:
    parser = argparse.ArgumentParser(prog=f"otel-alerting {command.NAME}", add_help=False)
    command.add_arguments(parser)
    below = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    parsers = {f"{command.NAME} {name}": one for choices in below for name, one in choices.items()}
    return "\n".join(_usage(name, command.HELP, one) for name, one in (parsers or {command.NAME: parser}).items())


def _usage(name: str, about: str, parser: argparse.ArgumentParser) -> str:
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    rows = [(_argument(action), _cell(action.help or "")) for action in actions]
    usage = " ".join([f"otel-alerting {name}", "[options]", *filter(None, map(_place, actions))])
    return f"## {name}\n\n{about}\n\n```text\n{usage}\n```\n\n{_table(('argument', 'meaning'), rows)}"


def _place(action: argparse.Action) -> str:
    """A positional argument as a usage line shows it; argparse's own line is another in every version of Python."""
    name = action.metavar if isinstance(action.metavar, str) else action.dest
    return "" if action.option_strings else f"[{name}]" if action.nargs in ("?", "*") else name


def _argument(action: argparse.Action) -> str:
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if action.choices and not action.metavar:
        metavar = "|".join(map(str, action.choices))
    if not action.option_strings:
        return f"`{metavar}`"
    return ", ".join(f"`{option}{'' if action.nargs == 0 else f' {metavar}'}`" for option in action.option_strings)


def _cell(said: object) -> str:
    text = said.value if isinstance(said, Enum) else said
    return " ".join(str(text).replace("%%", "%").replace("|", "\\|").split())


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main(arguments: list[str]) -> int:
    """`--write` brings the pages up to date; without it, 1 when they are not."""
    stale = [page for page in PAGES if written(page) != page.read_text("utf-8")]
    for page in stale if "--write" in arguments else ():
        page.write_text(written(page), "utf-8")
    return 0 if "--write" in arguments else len(stale) and 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
