"""Jinja environments: one per kind of document, each escaping every value by that document's rules.

Templates ship in ``smp_check.templates``. A template of the user's own may extend them; it runs in Jinja's sandbox,
sees the view model and the comparison and nothing else, and its errors name the line.
"""

from __future__ import annotations

import re
import traceback
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from smp_check.errors import InputError
from smp_check.report import escape
from smp_check.report.values import together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment, Template

Context = Literal["markdown", "html", "text"]
_ESCAPES: dict[Context, Callable[[str], str]] = {
    "markdown": escape.markdown,
    "html": escape.plain,
    "text": escape.terminal,
}
"""For HTML, Jinja's own escaping does the rest."""
_CODE: dict[Context, Callable[[str], str]] = {
    "markdown": escape.code,
    "html": lambda text: f"<code>{escape.markup(text)}</code>",
    "text": escape.terminal,
}
_OWN = "<template>"
"""What Jinja calls a template that came as a string."""
TEMPLATE_HINT = "docs/report.md describes what a template of your own can use"


class TemplateError(InputError):
    """Something is wrong with a template of the user's own; ``line`` counts from 1."""

    def __init__(self, line: int | None, what: str, name: str = "template") -> None:
        where = name if line is None else f"{name}:{line}"
        super().__init__(f"{where}: {what}", hint=TEMPLATE_HINT)
        self.line = line
        self.what = what


def fill(name: str, values: Mapping[str, Any], context: Context, own: str | None = None) -> str:
    """Render a shipped template, or the user's ``own`` source instead.

    Raises ``TemplateError`` for whatever is wrong with the user's template.
    """
    environment = _environment(context)
    if own is None:
        return _tidy(environment.get_template(name).render(values), context)
    try:
        return _tidy(_own_template(environment, own).render(values), context)
    except TemplateError:
        raise
    except Exception as fault:  # a template is a program of the user's: anything may go wrong in it
        raise TemplateError(_line(fault), str(fault)) from fault


@lru_cache(maxsize=len(_ESCAPES))
def _environment(context: Context) -> Environment:
    """Compiled templates are kept, since a budget may ask for one a dozen times."""
    from jinja2 import PackageLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("smp_check.templates", ""),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalizer(context),
    )
    words = _words(context)
    environment.filters |= {
        "code": lambda text: _safe(_CODE[context](str(text))),
        "value": lambda text: _safe(_unbroken(words(str(text)), context)),
        "prose": lambda text: _safe(_prose(str(text), context)),
    }
    del environment.globals["lipsum"]
    return environment


def _finalizer(context: Context) -> Callable[[Any], Any]:
    """Runs on every value that a template prints, before Jinja's own escaping."""
    from markupsafe import Markup

    clean = _ESCAPES[context]

    def finalize(value: Any) -> Any:
        if isinstance(value, Markup):
            return value
        if value is None:
            return ""
        text = clean(str(value))
        return text if context == "html" else Markup(text)  # noqa: S704 - it has just been escaped

    return finalize


def _prose(text: str, context: Context) -> str:
    """A sentence whose words between back-ticks are code."""
    words = _words(context)
    pieces = escape.plain(text).split("`")
    if len(pieces) % 2 == 0 or not all(piece.strip() for piece in pieces[1::2]):
        return together(words(text))
    shown = (_CODE[context](piece) if place % 2 else _spaced(words, piece) for place, piece in enumerate(pieces))
    return together("".join(shown))


def _words(context: Context) -> Callable[[str], str]:
    """What makes text inert in a document of this kind."""
    return escape.markup if context == "html" else _ESCAPES[context]


def _spaced(clean: Callable[[str], str], piece: str) -> str:
    """``clean`` strips; the blanks beside a piece of code have to stay."""
    middle = clean(piece)
    return f"{' ' if piece[:1] == ' ' and middle else ''}{middle}{' ' if piece[-1:] == ' ' else ''}"


def _unbroken(text: str, context: Context) -> str:
    """A number and its unit stay on one line of a table cell; a page has its own means for that."""
    return text.replace(" ", "\u00a0") if context == "markdown" else text


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - `escape.code` made it inert


def _own_template(environment: Environment, source: str) -> Template:
    from jinja2 import TemplateSyntaxError

    try:
        return environment.from_string(source)
    except TemplateSyntaxError as fault:
        raise TemplateError(fault.lineno, fault.message or "it is no template") from fault


def _line(fault: Exception) -> int | None:
    lines = [frame.lineno for frame in traceback.extract_tb(fault.__traceback__) if frame.filename == _OWN]
    return lines[-1] if lines else None


def _tidy(text: str, context: Context) -> str:
    """Blank lines where a section was left out are one."""
    if context == "html":
        return escape.quiet_markup(re.sub(r"\n\s*\n+", "\n", text)).strip() + "\n"
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
