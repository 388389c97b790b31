"""A template is a Jinja2 file, `<format>/<name>.j2`, that says in named blocks what a message says.

The blocks, all of them optional; what a template does not say, the built-in `default.j2` of its format says:

    {% extends 'default.j2' %}                    or 'builtin/default.j2', whatever 'default.j2' was replaced with
    {% block title %}{{ _('Model drift') }}{% endblock %}                one line
    {% block summary %}…{% endblock %}                                   a few sentences
    {% block fields %}{{ field(_('Model'), model_name | code) }}         one call a field; other text joins the summary
                      {{ field(_('Drift'), drift_score | percent) }}{% endblock %}
    {% block details %}{{ alert.text }}{% endblock %}                    literal: a log line, a stack
    {% block context %}…{% endblock %}                                   small print, one line each
    {% block actions %}{{ action('runbook', _('Runbook'), annotations.runbook_url) }}{% endblock %}
    {% block line %}{{ alert.title }}{% endblock %}                      one line for each alert of a group

A file without blocks is the summary. Whatever stands in `{{ … }}` is escaped for the format; nothing a template writes
can make a message invalid, because the renderer cuts every piece to its place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import jinja2
import jinja2.meta
from jinja2.runtime import Context
from markupsafe import Markup

from otel_alerting.errors import TemplateError
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.sandbox import Sandbox, joined, with_voice
from otel_alerting.render.sheet import BLOCKS, Sheet
from otel_alerting.render.voice import Voice, dialect_of, safe

BUILTIN = Path(__file__).parent.parent / "templates"
DEFAULT = "default"
_BUILTIN_PREFIX = "builtin/"
_FORMATS = ("slack", "text")
_STAND_INS = {"text": ("slack",)}
_ENGINES_REMEMBERED = 500
_SNIPPETS_REMEMBERED = 2_000
_LONGEST_SNIPPET = 10_000

Block = Callable[[Context], Iterator[str]]
"""Renders one block."""
_T = TypeVar("_T")


class TemplateEngine:
    """Finds templates and fills them in. Safe from any thread; a file that changes is read again.

    Args:
        folders: where templates are looked for, the first one found wins; the built-in ones come last. Each holds
            `slack/` and `text/`.
        locales: the languages that `fill` speaks.

    What a user wrote for Slack alone is good enough for a terminal: where no folder has `text/NAME.j2`, it is
    `slack/NAME.j2`, looked for in the same order.
    """

    def __init__(self, folders: Sequence[Path | str] = (), locales: LocaleManager | None = None) -> None:
        self._locales = locales or LocaleManager()
        self.folders = tuple(Path(folder) for folder in folders)
        self._lock = threading.Lock()
        self._sandboxes: dict[str, Sandbox] = {}
        self._beneath: dict[str, TemplateEngine] = {}
        self._strict = Sandbox(strict=True)
        self._snippets: dict[str, jinja2.Template] = {}
        self._defaults: dict[str, Mapping[str, list[Block]]] = {}

    def beneath(self, folder: Path | str) -> TemplateEngine:
        """An engine that looks into a tenant's own folder first."""
        if not folder:
            return self
        with self._lock:
            if str(folder) not in self._beneath:
                while len(self._beneath) >= _ENGINES_REMEMBERED:
                    del self._beneath[next(iter(self._beneath))]
                self._beneath[str(folder)] = TemplateEngine((Path(folder), *self.folders), self._locales)
            return self._beneath[str(folder)]

    def names(self, format: str) -> list[str]:  # noqa: A002
        """The templates there are for a format, without `.j2`."""
        return sorted({path.stem for folder in self._places(format) for path in folder.glob("*.j2")})

    def has(self, name: str, format: str) -> bool:  # noqa: A002
        """Is there a template of that name?"""
        return any((folder / f"{name}.j2").is_file() for folder in self._places(format))

    def missing(self, name: str, format: str) -> TemplateError:  # noqa: A002
        """What to say where there is no template of that name: which ones there are."""
        return TemplateError(f"{format}/{name}.j2", 0, f"no such template; there are {', '.join(self.names(format))}")

    def open(self, name: str, voice: Voice, values: Mapping[str, object]) -> Form:
        """Open a template for one message: what stands outside its blocks is worked out, its blocks wait.

        Raises:
            TemplateError: it is not there, cannot be compiled, or fails.
        """
        return Form(self, name, voice, values)

    def fill(
        self,
        name: str,
        values: Mapping[str, object],
        *,
        format: str = "slack",  # noqa: A002
        locale: str = "",
        timezone: str = "UTC",
        now: int = 0,
    ) -> Sheet:
        """A template's blocks, filled in with values of your own, for one language and time zone.

        Raises:
            TemplateError: it is not there, cannot be compiled, or fails.
        """
        voice = Voice(self._locales.language(locale), dialect_of(format), timezone, now)
        return self.open(name, voice, values).sheet()

    def problems(self) -> list[TemplateError]:
        """Every template in the folders and among the built-in ones that does not compile."""
        return [problem for form, name in self._files() for problem in self._check(name, form)]

    def snippet(self, source: str, voice: Voice, values: Mapping[str, object]) -> Markup:
        """Render a rule author's own short template, `{{ labels['host.name'] }} at {{ value | percent }}`.

        Raises:
            TemplateError: it does not compile, fails, or names something that is not there.
        """
        if "{{" not in source and "{%" not in source:
            return safe(voice.dialect.escape(source))
        try:
            template = self._snippet(source)
            return safe(
                with_voice(voice, lambda: joined(template.root_render_func(template.new_context(dict(values)))))
            )
        except Exception as error:
            raise _error("annotation", error) from error

    def template(self, name: str, format: str) -> jinja2.Template:  # noqa: A002
        """The compiled template.

        Raises:
            TemplateError: it is not there or cannot be compiled.
        """
        try:
            return self._sandbox(format).get_template(f"{name}.j2")
        except jinja2.TemplateNotFound as error:
            raise self.missing(name, format) from error
        except (jinja2.TemplateError, OSError, UnicodeDecodeError, RecursionError) as error:
            raise _error(f"{format}/{name}.j2", error) from error

    def defaults(self, format: str) -> Mapping[str, list[Block]]:  # noqa: A002
        """The blocks of the built-in `default.j2` with those of its parents, which every template falls back on."""
        if format not in self._defaults:
            template = self.template(f"{_BUILTIN_PREFIX}{DEFAULT}", format)
            self._defaults[format] = _opened(template, template.new_context({}))[1]
        return self._defaults[format]

    def _files(self) -> Iterator[tuple[str, str]]:
        """Format and name of every template, each once: under the format whose folder it is in."""
        for form in _FORMATS:
            found = {path.stem for folder in self._folders(form) for path in folder.glob("*.j2")}
            yield from ((form, name) for name in sorted(found))

    def _check(self, name: str, format: str) -> Iterator[TemplateError]:  # noqa: A002
        try:
            template = self.template(name, format)
            for parent in jinja2.meta.find_referenced_templates(self._tree(template)):
                if parent is not None:
                    self._sandbox(format).get_template(parent)
        except TemplateError as error:
            yield error
        except (jinja2.TemplateError, OSError) as error:
            yield _error(f"{format}/{name}.j2", error)

    def _tree(self, template: jinja2.Template) -> jinja2.nodes.Template:
        return template.environment.parse(Path(str(template.filename)).read_text("utf-8"))

    def _places(self, format: str) -> list[Path]:  # noqa: A002
        """The folders of a format, and behind them those of the one that stands in for it."""
        return [folder for form in (format, *_STAND_INS.get(format, ())) for folder in self._folders(form)]

    def _folders(self, format: str) -> list[Path]:  # noqa: A002
        return [folder / format for folder in (*self.folders, BUILTIN)]

    def _sandbox(self, format: str) -> Sandbox:  # noqa: A002
        with self._lock:
            if format not in self._sandboxes:
                builtin = jinja2.FileSystemLoader([BUILTIN / format, BUILTIN])
                own = jinja2.FileSystemLoader([*self._places(format), BUILTIN])
                prefixed = jinja2.PrefixLoader({_BUILTIN_PREFIX.rstrip("/"): builtin})
                self._sandboxes[format] = Sandbox(jinja2.ChoiceLoader([prefixed, own]))
            return self._sandboxes[format]

    def _snippet(self, source: str) -> jinja2.Template:
        template = self._snippets.get(source)
        if template is None:
            if len(source) > _LONGEST_SNIPPET:
                raise jinja2.TemplateError(f"it is longer than {_LONGEST_SNIPPET} characters")
            template = self._strict.from_string(source)
            if len(self._snippets) < _SNIPPETS_REMEMBERED:
                self._snippets[source] = template
        return template


class Form:
    """One template, opened for one message; blocks are rendered when asked for."""

    def __init__(self, engine: TemplateEngine, name: str, voice: Voice, values: Mapping[str, object]) -> None:
        self.name = f"{voice.dialect.NAME}/{name}.j2"
        self._voice = voice
        template = engine.template(name, voice.dialect.NAME)
        self._context = template.new_context(dict(values))
        own = set(self._context.blocks)
        loose, self._context.blocks = self._run(lambda: _opened(template, self._context))
        self._loose = "" if "summary" in own else loose
        for block, stack in engine.defaults(voice.dialect.NAME).items():
            self._context.blocks.setdefault(block, stack)

    def block(self, name: str, **values: object) -> str:
        """One block as markup; empty when nobody says it.

        Raises:
            TemplateError: it fails.
        """
        stack = self._context.blocks.get(name)
        if not stack:
            return ""
        context = self._context.derived(values) if values else self._context
        return self._run(lambda: joined(stack[0](context)))

    def sheet(self) -> Sheet:
        """All blocks but `line`.

        Raises:
            TemplateError: one of them fails.
        """
        blocks = {name: self.block(name) for name in BLOCKS}
        if self._loose:
            blocks["summary"] = self._loose
        return Sheet(blocks)

    def _run(self, work: Callable[[], _T]) -> _T:
        try:
            return with_voice(self._voice, work)
        except Exception as error:
            raise _error(self.name, error) from error


def _opened(template: jinja2.Template, context: Context) -> tuple[str, dict[str, list[Block]]]:
    """Run what stands outside the blocks: it sets variables and calls in the parents, whose blocks get in line.

    Returns what that part wrote, and for each block its renderer, followed by those it overrides.
    """
    own, context.blocks = context.blocks, _Waiting()
    for name, stack in own.items():
        context.blocks.setdefault(name, []).extend(stack)
    loose = joined(template.root_render_func(context)).strip()
    return loose, {name: stack[1:] for name, stack in context.blocks.items()}


class _Waiting(dict[str, list[Block]]):
    """Blocks while a template is opened: in front of each stands one that says nothing, so none is rendered yet."""

    def setdefault(self, name: str, default: list[Block] | None = None) -> list[Block]:
        return super().setdefault(name, [_nothing])


def _nothing(context: Context) -> Iterator[str]:
    return iter(())


def _error(name: str, error: Exception) -> TemplateError:
    """What went wrong in words, with the template's own file and line."""
    if isinstance(error, TemplateError):
        return error
    if isinstance(error, jinja2.TemplateSyntaxError):
        return TemplateError(error.filename or error.name or name, error.lineno, error.message or "it does not compile")
    if isinstance(error, jinja2.TemplateNotFound):
        return TemplateError(name, 0, f"there is no template {error.name}")
    line, file, trace = 0, name, error.__traceback__
    while trace is not None:
        source = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(source, jinja2.Template):
            line, file = source.get_corresponding_lineno(trace.tb_lineno), source.filename or name
        trace = trace.tb_next
    return TemplateError(str(file), line, f"{type(error).__name__}: {error}")
