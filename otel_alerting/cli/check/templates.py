"""Templates as `check` sees them: what does not compile, what nobody will ever see, and what is hardly meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2 import nodes

from otel_alerting.cli.check.vocabulary import of_alerts, of_templates
from otel_alerting.config.files import shown_path
from otel_alerting.config.schema import Config
from otel_alerting.config.shapes import choose, close
from otel_alerting.config.spot import Spot
from otel_alerting.errors import Problem, TemplateError
from otel_alerting.render.sandbox import RESERVED, Sandbox
from otel_alerting.render.sheet import BLOCKS
from otel_alerting.render.templates import TemplateEngine

FORMATS = ("slack", "text")
_KNOWN_BLOCKS = frozenset((*BLOCKS, "line"))
_VERY_CLOSE = 0.8
"""A fact may have any name: only what hardly differs from one of ours is doubted."""


@dataclass(frozen=True)
class Template:
    """A file of the user's own that compiles."""

    path: Path
    tree: nodes.Template

    @property
    def shown(self) -> str:
        """As people find it."""
        return shown_path(self.path)


def folders_of(config: Config) -> Sequence[Path]:
    """The user's own folders of templates, everybody's first."""
    own = {tenant.templates for tenant in config.tenants.values() if tenant.templates is not None}
    return (*config.templates, *sorted(own - set(config.templates)))


def engines_of(config: Config) -> Sequence[TemplateEngine]:
    """Whatever engine there is: everybody's, and those of tenants with a folder of their own."""
    engine = TemplateEngine(config.templates)
    folders = {tenant.templates for tenant in config.tenants.values() if tenant.templates is not None}
    return (engine, *(engine.beneath(folder) for folder in sorted(folders)))


def problems(config: Config, places: Sequence[Spot], *, folders_are_known: bool) -> Iterator[Problem]:
    """Templates that do not compile, blocks that nobody shows, and templates that a rule names and nobody has.

    Args:
        config: the configuration.
        places: where each of its rules was written.
        folders_are_known: without, a template that is not there may be in a folder that could not be read.
    """
    engines = engines_of(config)
    broken = dict.fromkeys(
        (_found(error, config), error.line, error.reason) for one in engines for error in one.problems()
    )
    for name, line, reason in broken:
        yield Problem(f"{name}:{line}" if line else name, "", reason, "a template that compiles")
    yield from _unknown_blocks(list(templates_of(config)))
    known = {name for one in engines for format_ in FORMATS for name in one.names(format_)}
    for rule, place in zip(config.rules, places, strict=True):
        if rule.template and folders_are_known and rule.template not in known:
            yield place.down("template").misfit(repr(rule.template), choose(rule.template, known))


def notes(config: Config) -> Iterator[str]:
    """Names that hardly anybody knows, and files that are no template where they lie."""
    for template in templates_of(config):
        yield from _unknown_names(template)
    for folder in folders_of(config):
        yield from _misplaced(folder)


def templates_of(config: Config) -> Iterator[Template]:
    """The user's own templates, as far as they compile."""
    for folder in folders_of(config):
        for path in sorted(one for form in FORMATS for one in (folder / form).rglob("*.j2")):
            tree = _tree(path)
            if tree is not None:
                yield Template(path, tree)


def _tree(path: Path) -> nodes.Template | None:
    """None for what does not compile: what is wrong with it the engine says."""
    try:
        return Sandbox().parse(path.read_text("utf-8"))
    except (jinja2.TemplateError, OSError, UnicodeDecodeError, RecursionError):
        return None


def _found(error: TemplateError, config: Config) -> str:
    """The file of a broken template, however the engine names it."""
    paths = (Path(error.name), *(folder / error.name for folder in folders_of(config)))
    return next((shown_path(path) for path in paths if path.is_absolute() and path.exists()), error.name)


def _unknown_blocks(templates: Sequence[Template]) -> Iterator[Problem]:
    """Blocks that stand by themselves and are none of a message's: what is in them is never shown.

    Blocks inside of blocks are the author's own, and others may override them; what is included writes its blocks
    where it is included.
    """
    nested = {inner.name for one in templates for block in one.tree.find_all(nodes.Block) for inner in _inside(block)}
    included = {name for one in templates for name in _included(one.tree)}
    for one in templates:
        if any(one.path.as_posix().endswith(f"/{name}") for name in included):
            continue
        for block in one.tree.find_all(nodes.Block):
            if block.name not in _KNOWN_BLOCKS | nested:
                found = f"the block {block.name!r}, which is in no message"
                yield Problem(f"{one.shown}:{block.lineno}", "", found, choose(block.name, _KNOWN_BLOCKS))


def _inside(block: nodes.Block) -> Iterable[nodes.Block]:
    return (
        inner
        for child in block.iter_child_nodes()
        for inner in (child, *child.find_all(nodes.Block))
        if isinstance(inner, nodes.Block)
    )


def _included(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all(nodes.Include):
        if isinstance(node.template, nodes.Const):
            yield str(node.template.value)


def _unknown_names(template: Template) -> Iterator[str]:
    known, made = of_templates(), _made(template.tree)
    called = {id(call.node): call.node for call in template.tree.find_all(nodes.Call)}
    told: set[str] = set()
    for name in template.tree.find_all(nodes.Name):
        if name.ctx != "load" or name.name in known | made | RESERVED | told:
            continue
        if id(name) in called:
            told.add(name.name)
            meant = close(name.name, known | RESERVED)
            yield _note(template, name, f"there is no function {name.name!r}", meant)
        elif meant := difflib.get_close_matches(name.name, known, 1, _VERY_CLOSE):
            told.add(name.name)
            yield _note(template, name, f"{name.name!r} is a fact's name or nobody's", meant)
    for one in template.tree.find_all(nodes.Getattr):
        if isinstance(one.node, nodes.Name) and one.node.name == "alert" and one.attr not in of_alerts():
            yield _note(template, one, f"an alert has no {one.attr!r}", close(one.attr, of_alerts()))


def _made(tree: nodes.Template) -> frozenset[str]:
    """Names that a template gives itself: by `set`, `for`, `macro`, `import`."""
    made = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    made.update(macro.name for macro in tree.find_all(nodes.Macro))
    made.update(one.target for one in tree.find_all(nodes.Import))
    for one in tree.find_all(nodes.FromImport):
        made.update(name if isinstance(name, str) else name[1] for name in one.names)
    return frozenset(made)


def _note(template: Template, node: nodes.Node, words: str, meant: Sequence[str]) -> str:
    return f"{template.shown}:{node.lineno}: {words}" + (f" (did you mean {meant[0]!r}?)" if meant else "")


def _misplaced(folder: Path) -> Iterator[str]:
    """Files from which no template comes: beside the folders of the formats."""
    for path in sorted(folder.rglob("*.j2")):
        first = path.relative_to(folder).parts[0]
        if first in FORMATS:
            continue
        meant = close(first, FORMATS) if path.parent != folder else ()
        right = f"{meant[0] if meant else 'slack'}/{path.name}"
        yield f"{shown_path(path)}: no template comes from here: it would have to be {shown_path(folder / right)}"
