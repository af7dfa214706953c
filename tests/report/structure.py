"""What a document is made of, by real parsers: elements and texts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

INVISIBLE = re.compile("[\u200b\u2068\u2069]")


class Structure(HTMLParser):
    """The elements with their attribute names, in order, and the text inside and outside code."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.loose_text = ""
        self.text = ""
        self.comments: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in {"code", "pre", "style"}
        self.elements.append(" ".join([tag, *sorted(name for name, _ in attrs)]))
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(" ".join([tag, *sorted(name for name, _ in attrs)]))
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in {"code", "pre", "style"}
        self.elements.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data
        if not self._code:
            self.loose_text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def skeleton(self) -> list[str]:
        """The elements without code spans: what is safe in one is put into one."""
        return [element for element in self.elements if element not in {"code", "/code"}]

    @property
    def visible(self) -> str:
        """The text as it is read."""
        return INVISIBLE.sub("", self.text)


def of_html(document: str) -> Structure:
    parsed = Structure()
    parsed.feed(document)
    parsed.close()
    return parsed


def of_markdown(document: str) -> Structure:
    """By GitHub's own parser, raw HTML let through so that it would be seen."""
    return of_html(cmarkgfm.github_flavored_markdown_to_html(document, Options.CMARK_OPT_UNSAFE))
