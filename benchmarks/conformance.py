"""Documents validated per second, beside check-jsonschema on the same schemas and files, in one process each."""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from check_jsonschema import main as check_jsonschema

from smp_check.cli.checking import check_file
from smp_check.spec import schemas
from smp_check.spec.codec import format_time, parse_time
from smp_check.spec.conformance import conformant
from smp_check.spec.kinds import Kind
from smp_check.spec.yaml_writing import to_yaml
from tests.spec import documents

REPEATS = 5


@dataclass(frozen=True)
class Pile:
    """Files of one kind and syntax."""

    what: str
    kind: Kind
    schema: Path
    files: list[Path]

    @property
    def size(self) -> float:
        """Mean size of a file, kB."""
        return statistics.mean(path.stat().st_size for path in self.files) / 1000


def piles(folder: Path) -> list[Pile]:
    """Results and configurations, small; run documents, large; each as JSON and as YAML."""
    made = []
    for kind, document, count in (
        (Kind.RESULT, documents.run()["result"], 1000),
        (Kind.CONFIGURATION, documents.configuration(), 500),
        (Kind.RUN, documents.run(20), 60),
    ):
        schema = folder / f"{kind.value}.schema.json"
        schema.write_text(schemas.text(kind.value), encoding="utf-8")
        for suffix in ("json", "yaml"):
            place = folder / f"{kind.value}-{suffix}"
            place.mkdir()
            files = [write(document, place / f"{number}.{suffix}", number) for number in range(count)]
            made.append(Pile(f"{kind.value}, {suffix.upper()}", kind, schema, files))
    return made


def write(document: dict[str, Any], path: Path, number: int) -> Path:
    changed = json.loads(json.dumps(document))
    changed.get("test", changed)["id"] = f"id-{number}"
    changed.get("result", {}).pop("test_id", None)
    if "start_time" in changed:  # no two results are of the same time
        start = parse_time(changed["start_time"]) + timedelta(seconds=37 * number)
        changed |= {"start_time": format_time(start), "end_time": format_time(start + timedelta(seconds=8))}
    path.write_text(json.dumps(changed, indent=2) if path.suffix == ".json" else to_yaml([changed]), encoding="utf-8")
    return path


def ours(pile: Pile) -> None:
    """Schema and every rule that no schema can say."""
    for path in pile.files:
        assert conformant(check_file(path, pile.kind).findings)


def theirs(pile: Pile) -> None:
    """Schema alone: there is nothing else that it knows of."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = check_jsonschema(["--schemafile", str(pile.schema), *map(str, pile.files)], standalone_mode=False)
    assert not code


def rate(validate: Callable[[Pile], None], pile: Pile) -> float:
    start = time.process_time()
    validate(pile)
    return len(pile.files) / (time.process_time() - start)


def side_by_side(pile: Pile) -> tuple[float, float]:
    """Documents per second of both, taking turns; medians."""
    pairs = [(rate(ours, pile), rate(theirs, pile)) for _ in range(REPEATS)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def command(arguments: list[str]) -> float:
    """Seconds that a whole process takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def one_file(pile: Pile) -> tuple[float, float]:
    """Seconds for a process that validates one file; medians."""
    file = str(pile.files[0])
    pairs = [
        (
            command(["smp_check", "validate", "-q", file]),
            command(["check_jsonschema", "--schemafile", str(pile.schema), file]),
        )
        for _ in range(REPEATS)
    ]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def main() -> None:
    print("## Conformance: documents per second\n")
    print("`smp-check validate` (schema and meaning) beside check-jsonschema (schema alone), same schemas, same files,")
    print(f"each in one process, taking turns; files per second of CPU time, reading included; medians of {REPEATS}.\n")
    print("| documents | files | mean size | smp-check | check-jsonschema | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        made = piles(Path(folder))
        for pile in made:
            mine, other = side_by_side(pile)
            sizes = f"{len(pile.files):,} | {pile.size:.1f} kB"
            print(f"| {pile.what} | {sizes} | {mine:,.0f}/s | {other:,.0f}/s | {mine / other:.1f} |")
        mine, other = one_file(made[0])
    print(f"\nA whole process for one small file: {mine:.2f} s, check-jsonschema {other:.2f} s.")


if __name__ == "__main__":
    main()
