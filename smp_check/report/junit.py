"""JUnit XML: one test suite per comparison, one test case per metric, for CI systems that show test results.

What is written is valid by both schemas that readers go by: Ant's (https://github.com/windyroad/JUnit-Schema), which
asks for most, and Jenkins' (https://github.com/jenkinsci/xunit-plugin, junit-10.xsd), which allows least.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

from smp_check.report.build import build_view
from smp_check.report.escape import plain, quiet_markup
from smp_check.report.rows import ordered, row
from smp_check.spec.codec import format_time
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.report.view import Row, View
    from smp_check.verdict.model import Comparison, MetricComparison

UNDECIDED = {Verdict.INCONCLUSIVE, Verdict.NO_BASELINE, Verdict.NOT_COMPARABLE}
GATE = "gate"


def junit(legs: Sequence[tuple[str, Comparison]]) -> str:
    """The document; ``legs`` are (label, comparison), an empty label becomes the test's name."""
    suites = ElementTree.Element("testsuites")
    for number, (label, comparison) in enumerate(legs):
        suites.append(_suite(number, label, comparison))
    ElementTree.indent(suites)
    body = ElementTree.tostring(suites, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{quiet_markup(body)}\n'


def _suite(number: int, label: str, comparison: Comparison) -> ElementTree.Element:
    view = build_view(comparison)
    name = plain(label or view.title) or "smp-check"
    cases = [*(_case(name, metric, comparison) for metric in ordered(comparison)), _gate(name, view, comparison)]
    suite = ElementTree.Element("testsuite", name=name, package="smp-check", id=str(number), hostname="localhost")
    suite.set("timestamp", format_time(comparison.created)[:19])
    suite.set("tests", str(len(cases)))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", "0")
    suite.append(_properties(view))
    suite.extend(cases)
    ElementTree.SubElement(suite, "system-out").text = "\n".join([f"- {plain(view.headline)}", *map(_line, view.rows)])
    ElementTree.SubElement(suite, "system-err")
    return suite


def _line(row: Row) -> str:
    return f"- {plain(f'{row.client} {row.metric}: {row.verdict}; {_numbers(row)}')}"


def _numbers(row: Row) -> str:
    sure = f" ({row.interval})" if row.interval else ""
    return f"baseline {row.base}, head {row.head}, change {row.change}{sure}"


def _properties(view: View) -> ElementTree.Element:
    properties = ElementTree.Element("properties")
    for name, value in (("verdict", view.verdict), *view.compared, ("smp-check", view.version)):
        ElementTree.SubElement(properties, "property", name=plain(name), value=plain(value.replace("`", "")))
    return properties


def _case(suite: str, metric: MetricComparison, comparison: Comparison) -> ElementTree.Element:
    shown = row(metric, comparison.policy)
    case = _element(f"{suite}.{plain(metric.client)}", plain(metric.metric))
    message = plain(f"{shown.verdict}: {shown.reason}")
    if shown.fails:
        ElementTree.SubElement(case, "failure", message=message, type=shown.verdict).text = plain(_numbers(shown))
    elif metric.verdict in UNDECIDED:
        ElementTree.SubElement(case, "skipped", message=message)
    return case


def _element(classname: str, name: str) -> ElementTree.Element:
    return ElementTree.Element("testcase", classname=classname, name=name or "unnamed", time="0")


def _gate(suite: str, view: View, comparison: Comparison) -> ElementTree.Element:
    """The gate itself: it fails for reasons that belong to no metric, too."""
    case = _element(suite, GATE)
    broken = any(note.severity == "error" for note in view.notes)
    if comparison.failed:
        tag = "error" if broken and comparison.verdict is not Verdict.REGRESSED else "failure"
        told = plain("; ".join(view.failures) or view.headline)
        ElementTree.SubElement(case, tag, message=plain(view.headline), type=view.verdict).text = told
    return case
