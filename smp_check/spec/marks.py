"""Where each value of a text stands: a tree of the same shape as the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Mark:
    """Line and column (from 1) of one value, of its key if it has one, and the marks of what it contains."""

    __slots__ = ("children", "column", "key", "line")

    def __init__(self, line: int, column: int, children: Mapping[str, Mark] | Sequence[Mark] | None = None) -> None:
        self.line = line
        self.column = column
        self.key: tuple[int, int] | None = None
        self.children = children

    def child(self, token: str) -> Mark | None:
        """The mark of a member (by key) or an item (by index), if there is one."""
        children = self.children
        if isinstance(children, Mapping):
            return children.get(token)
        if children is not None and token.isdecimal() and int(token) < len(children):
            return children[int(token)]
        return None

    @property
    def begins_below(self) -> bool:
        """Whether this is a mapping or list that begins on a later line than its key."""
        return self.children is not None and self.key is not None and self.key[0] < self.line

    def keyed(self, line: int, column: int) -> Mark:
        """The same value, under a key that stands there."""
        mark = Mark(self.line, self.column, self.children)
        mark.key = (line, column)
        return mark
