"""Findings for people and programs: golden files, SARIF against its standard's schema, nothing that escapes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smp_check.spec.conformance import check_document
from smp_check.spec.findings import Finding, Position, Severity
from smp_check.spec.kinds import kind_of
from smp_check.spec.presentation import FORMATS, Checked
from smp_check.spec.presentation.text import as_text
from smp_check.spec.reading import read_documents
from smp_check.spec.rules import RULES
from smp_check.spec.rules.text import rules_page
from tests.conftest import ROOT
from tests.spec.regenerate import RULES_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
BROKEN = """\
# a test with a few faults
test:
  smp_version: v0.0.2
  duration: 10
  clients:
    - load_generator: fortio
      protocol: HTTP
      endpoint_url: http://shop:8080/
      headers: {x-ü: "ä", Authorization: secret}
      endpoint_urls: [shop:8080]
mesh: {type: 0}
"""


def checked(text: str, name: str) -> Checked:
    documents = read_documents(text.encode(), name)
    findings = tuple(finding for document in documents for finding in check_document(document))
    kinds = tuple(kind_of(document.value) for document in documents)
    return Checked(file=name, kinds=kinds, findings=findings, source=text if findings else "")


FILES = [checked(BROKEN, "bench/broken test.yaml"), checked("type: ISTIO\n---\ntype: LINKERD\n", "fine.yaml")]
WRITERS: dict[str, Callable[..., str]] = {"text": as_text, **FORMATS}


@pytest.mark.parametrize("name", WRITERS)
def test_golden(name: str) -> None:
    """`SMP_CHECK_GOLDEN=write pytest tests/spec/test_presentation.py` writes them anew."""
    path = GOLDEN / f"findings.{name}"
    written = WRITERS[name](FILES)
    if os.environ.get("SMP_CHECK_GOLDEN") == "write":
        path.write_text(written, encoding="utf-8")
    assert written == path.read_text(encoding="utf-8")


def test_sarif_conforms_to_its_standard() -> None:
    """The schema is the one of SARIF 2.1.0 (RTM 5), as the npm package @microsoft/jest-sarif carries it."""
    path = ROOT / ".tools/schemas/sarif-2.1.0.json"
    if not path.exists():
        message = "the schema of SARIF is missing; `make tools` installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from jsonschema import Draft4Validator

    validator = Draft4Validator(json.loads(path.read_text(encoding="utf-8")))
    for files in ([], FILES, [hostile()]):
        document = json.loads(FORMATS["sarif"](files))
        document["$schema"] = validator.schema["id"] if isinstance(validator.schema, dict) else ""
        assert list(validator.iter_errors(document)) == []
        assert len(document["runs"][0]["results"]) == sum(len(each.findings) for each in files)
        assert {rule["id"] for rule in document["runs"][0]["tool"]["driver"]["rules"]} == set(RULES)


def hostile() -> Checked:
    text = 'a: "\x1b[31m"\n::error::x\n'
    found = Finding(
        id="SMP101",
        severity=Severity.ERROR,
        pointer="/a",
        message="one\r\n::set-output name=x::y % \x1b[31m",
        fix="two\n::error::z",
        position=Position(file="we,ird:file.yaml", line=1, column=5),
    )
    return Checked(file="we,ird:file.yaml", kinds=(), findings=(found,), source=text)


def test_no_text_of_a_document_becomes_a_workflow_command() -> None:
    written = FORMATS["github"]([hostile()])
    assert written.count("\n") == 1
    assert written.startswith("::error file=we%2Cird%3Afile.yaml,line=1,col=5,title=SMP101 unknown-field::one%0D%0A")
    assert "%25 " in written


def test_no_text_of_a_document_steers_the_terminal() -> None:
    assert "\x1b" not in as_text([hostile()])


def test_a_long_line_is_cut_around_the_fault() -> None:
    text = json.dumps({"labels": {"x": "y" * 500}, "latencies_ms": {"p50": -1}, "test_id": "z" * 500})
    (line,) = [line for line in as_text([checked(text, "r.json")]).split("\n") if line.startswith("  1 | ")]
    caret = next(line for line in as_text([checked(text, "r.json")]).split("\n") if line.endswith("^"))
    assert len(line) < 120
    assert line[caret.index("^")] == "-"


def test_json_says_everything() -> None:
    document = json.loads(FORMATS["json"](FILES))
    assert document["conformant"] is False
    assert document["files"] == 2
    assert document["errors"] == sum(each.count(Severity.ERROR) for each in FILES)
    assert {"id", "name", "severity", "pointer", "line", "column", "message", "fix"} == set(
        document["results"][0]["findings"][0]
    )


def test_the_page_of_rules_is_current() -> None:
    """`python -m tests.spec.regenerate` writes it."""
    assert RULES_PAGE.read_text(encoding="utf-8") == rules_page(RULES.values())
