"""JUnit XML: one test suite per comparison, one test case per metric, for CI systems that show test results.

The shape is the one that Ant introduced and Jenkins, GitLab and Azure read
(https://github.com/jenkinsci/xunit-plugin, junit-10.xsd).
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

from smp_check.report.build import build_view
from smp_check.report.escape import plain, quiet_markup
from smp_check.report.rows import metric_fails, ordered, row
from smp_check.spec.codec import format_time
from smp_check.verdict.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smp_check.report.view import View
    from smp_check.verdict.model import Comparison, MetricComparison

UNDECIDED = {Verdict.INCONCLUSIVE, Verdict.NO_BASELINE, Verdict.NOT_COMPARABLE}
GATE = "gate"


def junit(legs: Sequence[tuple[str, Comparison]]) -> str:
    """The document; ``legs`` are (label, comparison), an empty label becomes the test's name."""
    suites = ElementTree.Element("testsuites")
    for label, comparison in legs:
        suites.append(_suite(label, comparison))
    for count in ("tests", "failures", "errors"):
        suites.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    suites.set("name", "smp-check")
    ElementTree.indent(suites)
    body = ElementTree.tostring(suites, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{quiet_markup(body)}\n'


def _suite(label: str, comparison: Comparison) -> ElementTree.Element:
    view = build_view(comparison)
    name = plain(label or view.title)
    cases = [_case(name, metric, comparison) for metric in ordered(comparison)]
    cases.append(_gate(name, view, comparison))
    suite = ElementTree.Element("testsuite", name=name)
    suite.set("tests", str(len(cases)))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", "0")
    suite.set("timestamp", format_time(comparison.created)[:19])
    suite.append(_properties(view))
    suite.extend(cases)
    return suite


def _properties(view: View) -> ElementTree.Element:
    properties = ElementTree.Element("properties")
    for name, value in (("verdict", view.verdict), *view.compared, ("smp-check", view.version)):
        ElementTree.SubElement(properties, "property", name=plain(name), value=plain(value))
    return properties


def _case(suite: str, metric: MetricComparison, comparison: Comparison) -> ElementTree.Element:
    shown = row(metric, comparison.policy)
    case = _element(f"{suite}.{plain(metric.client)}", plain(metric.metric))
    numbers = f"baseline {shown.base}, head {shown.head}, change {shown.change} ({shown.interval})"
    message = plain(f"{shown.verdict}: {shown.reason}")
    if metric_fails(metric, comparison.policy):
        failure = ElementTree.SubElement(case, "failure", message=message, type=shown.verdict)
        failure.text = plain(numbers)
    elif metric.verdict in UNDECIDED:
        ElementTree.SubElement(case, "skipped", message=message)
    output = ElementTree.SubElement(case, "system-out")
    output.text = plain(f"{shown.verdict}: {numbers}")
    return case


def _element(classname: str, name: str) -> ElementTree.Element:
    return ElementTree.Element("testcase", classname=classname, name=name, time="0")


def _gate(suite: str, view: View, comparison: Comparison) -> ElementTree.Element:
    """The gate itself: it fails for reasons that belong to no metric, too."""
    case = _element(suite, GATE)
    broken = [note for note in view.notes if note.severity == "error"]
    told = "; ".join(dict.fromkeys(view.failures or [note.message for note in broken])) or view.headline
    if comparison.failed:
        tag = "error" if broken and comparison.verdict is not Verdict.REGRESSED else "failure"
        ElementTree.SubElement(case, tag, message=plain(view.headline), type=view.verdict).text = plain(told)
    ElementTree.SubElement(case, "system-out").text = plain(view.headline)
    return case
