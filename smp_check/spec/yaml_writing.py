"""Documents as YAML that reads back the same, with the rules of YAML 1.2 and of 1.1 alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

_NUMBER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@lru_cache(maxsize=1)
def _dumper() -> type[yaml.SafeDumper]:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes also what is text by the rules of YAML 1.1 and a number by those of 1.2."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
            """The same value twice is written twice: anchors would only puzzle."""
            return True

    Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER_ALONE, list("-+0123456789."))
    Dumper.add_representer(float, _float)
    Dumper.add_representer(str, _text)
    return Dumper


_NUMBER_ALONE = re.compile(rf"(?:{_NUMBER.pattern})$")


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    """The shortest text that reads back the same number, always with a point or an exponent."""
    text = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(repr(value), repr(value))
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Text; quoted with escapes where it has line breaks that only Unicode knows."""
    escaped = any(character in value for character in "\x85\u2028\u2029")
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if escaped else None)


def to_yaml(documents: Sequence[Any]) -> str:
    """One or several documents as one YAML stream."""
    import yaml

    written: str = yaml.dump_all(
        documents, Dumper=_dumper(), sort_keys=False, allow_unicode=True, default_flow_style=False, width=100
    )
    return written
