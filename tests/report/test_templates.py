"""Templates of the user's own: what they can use, what they cannot do, and what they are told when they err."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from smp_check.errors import InputError
from smp_check.report.render import render
from tests.report.cases import comparison
from tests.report.situations import SITUATIONS

REGRESSED = SITUATIONS["regressed"]()


def own(source: str, format_: str = "markdown") -> str:
    return render(REGRESSED, format_, template=source)


def test_it_sees_the_view_and_the_comparison() -> None:
    assert own("{{ view.title }} is {{ comparison.verdict }}") == "checkout is regressed\n"
    assert own("{% for row in view.rows %}{{ row.metric }} {{ row.change }}; {% endfor %}").startswith(
        "p50 +23 %; p90 +31 %; "
    )


def test_it_may_extend_ours_and_replace_a_block() -> None:
    found = own('{% extends "comment.md.j2" %}{% block footer %}Ask #performance-team.{% endblock %}')
    assert "performance-team" in found
    assert "smp-check 0.1.0," not in found
    assert "| `p50` |" in found


@pytest.mark.parametrize("format_", ["markdown", "summary", "html", "text"])
def test_values_are_escaped_for_the_format(format_: str) -> None:
    made = comparison("unchanged", "x", name="<b>@me</b> \x1b[31m")
    found = render(made, format_, template="{{ view.title }} {{ comparison.name }}")
    assert "\x1b" not in found
    assert ("<b>" in found) == (format_ == "text")
    assert ("@me" in found) == (format_ in {"text", "html"})


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        ("a\n{% for row in view.rows %}\n{{ row.metric }}", 3, "endfor"),
        ("a\nb\n{{ view.nothing }}", 3, "nothing"),
        ("{{ unknown }}", 1, "unknown"),
        ("a\n{{ 1 / 0 }}", 2, "division"),
        ("{% include 'nothing.j2' %}", 1, "nothing.j2"),
        ("{{ view | nofilter }}", 1, "nofilter"),
        ("\n\n{{ comparison.failures.append(1) }}", 3, "unsafe"),
        ("{{ view.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ ''.__class__ }}", 1, "unsafe"),
        ("{{ range(10000000) }}", 1, "too big"),
        ("{% set x = view.update %}{{ x() }}", 1, "update"),
        ("{{ 'x' | attr('__class__') }}", 1, "unsafe"),
        ("{{ '%s' | format(view.__init__) }}", 1, "unsafe"),
        ("{{ '{0.__class__}'.format(view) }}", 1, "unsafe"),
        ("{{ lipsum() }}", 1, "lipsum"),
    ],
)
def test_errors_name_the_line(source: str, line: int, what: str) -> None:
    with pytest.raises(InputError) as caught:
        own(source)
    assert caught.value.message.startswith(f"template:{line}: ")
    assert what in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("format_", ["json", "junit"])
def test_formats_that_have_no_template(format_: str) -> None:
    with pytest.raises(InputError, match=format_):
        own("x", format_)


def test_a_template_that_ignores_the_budget_is_told_so() -> None:
    with pytest.raises(InputError, match="60,000") as caught:
        own("x" * 60_001)
    assert "view.shown" in (caught.value.hint or "")


def test_an_unknown_format() -> None:
    with pytest.raises(InputError, match="pdf"):
        render(REGRESSED, "pdf")


def test_shipped_templates_are_package_data() -> None:
    found = {entry.name for entry in files("smp_check.templates").iterdir() if entry.name.endswith(".j2")}
    assert {"comment.md.j2", "legs.md.j2", "report.html.j2"} <= found


def test_from_the_command_line(tool: Any) -> None:
    tool.write("comparison.json", render(REGRESSED, "json"))
    tool.write("own.j2", "{{ view.title }}: {{ view.state }}\n")
    finished = tool("report", "comparison.json", "--format", "markdown", "--template", "own.j2")
    assert (finished.code, finished.out) == (0, "checkout: failed\n")
    tool.write("bad.j2", "a\n{{ view.x")
    finished = tool("report", "comparison.json", "--format", "markdown", "--template", "bad.j2")
    assert finished.code == 2
    assert "bad.j2:2: " in finished.err
    assert "Traceback" not in finished.err
