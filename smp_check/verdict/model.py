"""The comparison document: head against baseline, metric by metric, with every input of the decision."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from smp_check.spec.run import GeneratorInfo, Latency, Provenance, Remark

COMPARISON_VERSION = "1"


class Verdict(str, enum.Enum):
    """What can be said of a metric, or of a whole comparison; worst first."""

    REGRESSED = "regressed"
    NOT_COMPARABLE = "not-comparable"
    INCONCLUSIVE = "inconclusive"
    NO_BASELINE = "no-baseline"
    UNCHANGED = "unchanged"
    IMPROVED = "improved"


class Direction(str, enum.Enum):
    """Which way is worse belongs to the metric."""

    LOWER_IS_BETTER = "lower"
    HIGHER_IS_BETTER = "higher"


Unit = Literal["s", "1/s", "fraction", "cpu-s", "mcores", "MB", "bytes", "1"]
"""``1`` is a number whose unit only its source knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReference:
    """A run that took part in a comparison."""

    id: str
    commit: str | None
    start: datetime
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison."""

    runs: tuple[RunReference, ...]
    """Newest last."""
    provenance: Provenance = Provenance()
    """Of the newest run."""
    generators: Mapping[str, GeneratorInfo] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    latency: Mapping[str, Latency] = field(default_factory=dict)
    """By client, the newest run's merged latency of the loaded role, for tables and charts."""
    targets: tuple[str, ...] = ()
    """The URLs that were driven, of the newest run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A field that must agree and does not."""

    field: str
    base: str
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The numbers that a metric's verdict was computed from; x is ln(value), larger is worse.

    ``base`` has one entry per baseline run, ``head`` exactly one per head run; ``*_error`` are the standard
    errors of those entries from the spread of their own rounds.
    """

    method: str
    """``history`` (section by that name in docs/verdicts.md), ``paired``..."""
    base: tuple[float, ...] = ()
    head: tuple[float, ...] = ()
    base_error: tuple[float, ...] = ()
    head_error: tuple[float, ...] = ()
    referenced: bool = False
    """Whether entries are log ratios to the reference of the same job."""
    raw_base: tuple[float, ...] = ()
    raw_head: tuple[float, ...] = ()
    """The same without the reference; equal to base and head where there is none."""
    raw_base_error: tuple[float, ...] = ()
    raw_head_error: tuple[float, ...] = ()
    differences: tuple[tuple[float, ...], ...] = ()
    """``paired`` only: per launch, ln(head / base) of each pair of adjacent rounds, larger is worse."""
    weights: tuple[tuple[float, ...], ...] = ()
    """``paired`` only: how much each of these counts; empty where all count alike."""
    base_counts: tuple[tuple[int, int], ...] = ()
    """``counts`` only: (failed, sent) of each baseline run."""
    head_counts: tuple[int, int] | None = None
    step: float = 0.0
    """Smallest difference that the load generator's numbers can show, in the metric's unit."""
    refused: str | None = None
    """Why the measurement cannot carry a verdict on this metric."""
    only_worse: bool = False
    """The head was not measured as asked (saturated, cut short): it may be called worse, never better or the same."""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """The constants of the method, as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison:
    """One metric of one client."""

    client: str
    metric: str
    unit: Unit
    direction: Direction
    verdict: Verdict
    reason: str
    """One sentence for the reader."""
    gating: bool
    """False when the metric is only reported."""
    base: float | None = None
    """Typical baseline value (median over runs), in ``unit``."""
    head: float | None = None
    change: float | None = None
    """head / base - 1 as judged (after dividing by the reference, where there is one)."""
    interval: tuple[float, float] | None = None
    """Interval of ``change`` at ``confidence``."""
    confidence: float | None = None
    detectable: float | None = None
    """Smallest worsening that this comparison could have called, as a fraction."""
    tolerance: float | None = None
    objective: str | None = None
    """The absolute objective that was broken, in words."""
    rounds_needed: int | None = None
    """Rounds per side that would decide an inconclusive metric, where rounds can."""
    runs_needed: int | None = None
    """Baseline runs that would decide it, where only more history can."""
    inputs: Inputs | None = None
    accepted: str | None = None
    """Who or what accepted this change, and why, in words: it is shown and does not fail the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceSummary:
    """The result of validating the head's run document."""

    conformant: bool
    errors: int = 0
    warnings: int = 0
    findings: tuple[Mapping[str, Any], ...] = ()
    """id, severity, pointer, message, fix of each finding; the first 50."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which states fail the gate, and the gates as they were."""

    fail_on: tuple[str, ...]
    gates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    expect: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The commit that the head is to be compared with, and how near the baseline comes to it."""

    wanted: str | None = None
    """First parent of the merge commit, merge base, or the commit before the pushed one."""
    used: str | None = None
    """The newest commit with a comparable run, at or before ``wanted``."""
    distance: int | None = None
    """Commits between the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The comparison document."""

    name: str
    """The test's name."""
    mesh: str
    """SMP mesh type, or ``none``."""
    verdict: Verdict
    headline: str
    """The outcome in one plain sentence."""
    failed: bool
    """Whether the gate fails under ``policy``."""
    failures: tuple[str, ...] = ()
    """Why it fails, a sentence each."""
    metrics: tuple[MetricComparison, ...] = ()
    head: Side
    base: Side | None = None
    anchor: Anchor | None = None
    mismatches: tuple[Mismatch, ...] = ()
    remarks: tuple[Remark, ...] = ()
    """Validity of the measurement: errors, saturation, noise, missing metrics or scenarios."""
    policy: Policy
    conformance: ConformanceSummary | None = None
    tool_version: str
    created: datetime
    smp_check_comparison: str = COMPARISON_VERSION
