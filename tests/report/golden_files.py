"""The golden files: every situation in every format, and where they are kept.

``make golden`` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from smp_check.report.legs import render_many
from smp_check.report.render import render
from tests.report.situations import SITUATIONS

FOLDER = Path(__file__).parent / "golden"
SUFFIXES = {"markdown": "md", "summary": "summary.md", "html": "html", "json": "json", "junit": "xml", "text": "txt"}
LEGS = "legs"


def golden() -> Iterator[tuple[Path, str]]:
    """Path and content of each."""
    for name, situation in SITUATIONS.items():
        for format_, suffix in SUFFIXES.items():
            yield FOLDER / f"{name}.{suffix}", _without_histograms(render(situation(), format_))
    legs = [(f"mesh {name}", situation()) for name, situation in SITUATIONS.items()]
    for format_ in ("markdown", "text", "junit"):
        yield FOLDER / f"{LEGS}.{SUFFIXES[format_]}", render_many(legs, format_)


def _without_histograms(text: str) -> str:
    """Compressed bytes differ from one build of zlib to the next."""
    return re.sub(r'"histogram": "[^"]+"', '"histogram": "(compressed)"', text)


def main() -> None:
    """Write all of them, and remove those that nothing makes any more."""
    FOLDER.mkdir(exist_ok=True)
    made = dict(golden())
    for path in FOLDER.iterdir():
        if path not in made:
            path.unlink()
    for path, content in made.items():
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
