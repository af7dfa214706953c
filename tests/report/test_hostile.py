"""Whatever somebody writes into a name, a URL or an answer: each format shows it as text, and nothing comes alive."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.report.document import plain_json
from smp_check.report.escape import code, markdown, plain, terminal
from smp_check.report.legs import render_many
from smp_check.report.render import render
from tests.report.hostile import CORPUS, CURATED, poisoned
from tests.report.structure import INVISIBLE, Structure, of_html, of_markdown

FORMATS = ("markdown", "summary", "html", "json", "junit", "text")
ALIVE = re.compile(r"[@#](?=[^\s\u200b])")
WORDS = re.compile(r"\w{3,}")


def ident(text: str) -> str:
    return ascii(text[:40])


def benign(text: str) -> str:
    """A harmless string in its stead: one that is there, or one that is not."""
    return "x" if plain(text) else ""


@lru_cache
def harmless(text: str, format_: str) -> Structure:
    document = render(poisoned(text), format_, budget=10_000_000)
    return of_html(document) if format_ == "html" else of_markdown(document)


def no_command(document: str) -> None:
    """Nothing that a runner would take for a workflow command, nor a terminal for a control sequence."""
    assert "##[" not in document
    for line in re.split(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", document):
        assert not line.lstrip().startswith("::"), line
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067\ufeff]", document)


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 200


@pytest.mark.parametrize("text", CORPUS, ids=ident)
def test_markdown(text: str) -> None:
    for format_ in ("markdown", "summary"):
        as_markdown(text, format_)


def as_markdown(text: str, format_: str) -> None:
    document = render(poisoned(text), format_, budget=10_000_000)
    no_command(document)
    assert "<!--" not in document
    found = of_markdown(document)
    assert found.skeleton == harmless(benign(text), format_).skeleton, "the same elements as with a harmless name"
    assert not ALIVE.search(found.loose_text), "no mention and no reference"
    assert not any(element.startswith(("a ", "img", "script")) for element in found.elements)
    assert shown(text) in re.sub(r"\s+", " ", found.visible)


@pytest.mark.parametrize("text", CORPUS, ids=ident)
def test_html(text: str) -> None:
    document = render(poisoned(text), "html")
    no_command(document)
    found = of_html(document)
    assert found.skeleton == harmless(benign(text), "html").skeleton
    assert not found.comments
    assert shown(text) in re.sub(r"\s+", " ", found.visible)


@pytest.mark.parametrize("text", CORPUS, ids=ident)
def test_junit(text: str) -> None:
    document = render(poisoned(text), "junit")
    no_command(document)
    root = ElementTree.fromstring(document)
    assert [e.tag for e in root.iter()] == [
        e.tag for e in ElementTree.fromstring(render(poisoned(benign(text)), "junit")).iter()
    ]
    suite = root.find("testsuite")
    assert suite is not None
    assert shown(text) in suite.get("name", "")


@pytest.mark.parametrize("text", CORPUS, ids=ident)
def test_text(text: str) -> None:
    document = render(poisoned(text), "text")
    no_command(document)
    coloured = render(poisoned(text), "text", color=True)
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == document
    assert max(map(len, INVISIBLE.sub("", document).splitlines())) <= 100
    head = INVISIBLE.sub("", document.splitlines()[0])
    assert head.startswith("FAILED  ")
    assert shown(text)[:20] in head


@pytest.mark.parametrize("text", CORPUS, ids=ident)
def test_json(text: str) -> None:
    comparison = poisoned(text)
    document = render(comparison, "json")
    assert "##[" not in document
    assert json.loads(document) == {"smp_check_comparison": text, **plain_json(comparison)}


@pytest.mark.parametrize("text", CURATED, ids=ident)
def test_many(text: str) -> None:
    """Labels of matrix legs are somebody else's, too."""
    document = render_many([(text, poisoned(text)), ("b", poisoned("b"))], "markdown")
    no_command(document)
    assert len(document) <= 60_000
    found = of_markdown(document)
    assert not ALIVE.search(found.loose_text)
    assert not any(element.startswith(("a ", "img", "script")) for element in found.elements)
    no_command(render_many([(text, poisoned(text)), ("b", poisoned("b"))], "text"))


def shown(text: str) -> str:
    """What has to be seen of a text: as much as the tightest limit lets through, less invisible characters."""
    return INVISIBLE.sub("", plain(text, 70).removesuffix("…"))


PLAIN = {f"{end}{tag}" for tag in ("table", "thead", "tbody", "tr", "th", "td", "ul", "li", "p") for end in ("", "/")}
MARKS = (*" \n`*_~[](){}<>!|\\&;#@:/.-+=\"'$^%0aw", "http://", "www.", "</details>", "<!--", "&#")
TEXTS = st.text(st.characters(codec=None), max_size=60) | st.lists(st.sampled_from(MARKS), max_size=25).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_stays_in_its_cell(text: str) -> None:
    document = (
        f"| a | b |\n| --- | --- |\n| {markdown(text)} | {code(text)} |\n\n- {markdown(text)}\n\nx {code(text)} y\n"
    )
    assert of_markdown(document).skeleton == of_markdown(document.replace(markdown(text) or "\0", "x")).skeleton
    found = of_markdown(document)
    assert found.elements.count("td") == 2
    assert found.elements.count("li") == 1
    assert not ALIVE.search(found.loose_text)
    assert not any(
        element.split()[0] in {"a", "img", "em", "strong", "del", "h1", "h2", "hr"} for element in found.elements
    )
    if plain(text):
        assert INVISIBLE.sub("", plain(text)) in re.sub(r"\s+", " ", found.visible)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_is_quiet_on_a_terminal(text: str) -> None:
    no_command(terminal(text))
    assert INVISIBLE.sub("", terminal(text)) == INVISIBLE.sub("", plain(text))
