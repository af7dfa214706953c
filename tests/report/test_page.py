"""The HTML page: complete in itself, sound, and readable without seeing its charts."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from smp_check.report.render import render
from tests.report.situations import SITUATIONS
from tests.report.structure import of_html

LOADING = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio", "use", "image"}
VOID = {"meta", "br", "hr", "line", "circle", "polyline", "img"}


@pytest.fixture(params=sorted(SITUATIONS))
def page(request: pytest.FixtureRequest) -> str:
    return render(SITUATIONS[request.param](), "html")


def test_no_request_leaves_it(page: str) -> None:
    found = of_html(page)
    assert not {e.split()[0] for e in found.elements} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
    }
    assert not [name for _, name, _ in found.attributes if name in {"src", "href", "srcset", "action", "style"}]
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_every_element_is_closed(page: str) -> None:
    open_ones: list[str] = []
    for element in of_html(page).elements:
        name = element.split()[0]
        if name.startswith("/"):
            assert open_ones.pop() == name[1:]
        elif name not in VOID:
            open_ones.append(name)
    assert open_ones == []


def test_charts_are_drawings_with_words(page: str) -> None:
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        root = ElementTree.fromstring(drawing)
        assert root.get("role") == "img"
        assert len(root.get("aria-label", "")) > 20
        width, height = (float(number) for number in root.get("viewBox", "").split()[2:])
        for element in root.iter():
            for name in ("x", "x1", "x2", "cx"):
                assert 0 <= float(element.get(name, 0)) <= width
            for name in ("y", "y1", "y2", "cy"):
                assert 0 <= float(element.get(name, 0)) <= height


def test_one_heading_and_a_language(page: str) -> None:
    elements = of_html(page).elements
    assert sum(element.split()[0] == "h1" for element in elements) == 1
    assert "html lang" in elements
    assert "main" in elements


def test_both_themes(page: str) -> None:
    assert "prefers-color-scheme: dark" in page


def test_a_lot_of_metrics_still_makes_a_page() -> None:
    from tests.report.test_budget import swollen

    page = render(swollen(SITUATIONS["many-clients"](), 2000), "html")
    assert page.count("<tr") > 2000
    assert len(page) < 5_000_000
