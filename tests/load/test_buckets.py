"""Our buckets are HdrHistogram's: counting in a list and converting loses nothing."""

from __future__ import annotations

from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from smp_check.load.embedded.buckets import (
    SIZE,
    add_value,
    bucket,
    lowest_value,
    new_counts,
    sparse,
    to_histogram,
)
from smp_check.spec.histogram import HIGHEST_US, Histogram

values = st.integers(0, HIGHEST_US)


@given(values)
def test_a_value_lies_in_its_bucket(value: int) -> None:
    place = bucket(value)
    assert 0 <= place < SIZE
    assert lowest_value(place) <= value
    assert place == SIZE - 1 or value < lowest_value(place + 1)


@given(values)
def test_the_layout_is_hdrhistograms(value: int) -> None:
    hdr = HdrHistogram(1, HIGHEST_US, 3)
    assert bucket(value) == hdr._counts_index_for(value)
    assert lowest_value(bucket(value)) == hdr.get_lowest_equivalent_value(value)


@given(st.integers(0, SIZE - 1))
def test_places_and_values_are_inverse(place: int) -> None:
    assert bucket(lowest_value(place)) == place


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1e-6, 3600), min_size=1, max_size=200))
def test_counts_become_the_histogram_of_the_values(seconds: list[float]) -> None:
    counts, expected = new_counts(), Histogram()
    for value in seconds:
        add_value(counts, value)
        expected.record(value)
    made = to_histogram(sparse(counts))
    assert len(made) == len(seconds) == sum(counts)
    for percent in (0, 50, 90, 99, 100):
        assert made.percentile(percent) == expected.percentile(percent)


def test_what_is_out_of_range_goes_to_its_end() -> None:
    counts = new_counts()
    for value in (-1.0, 0.0, 1e9):
        add_value(counts, value)
    assert sum(counts) == 3
    assert counts[1] == 2
    assert counts[SIZE - 1] == 1


@settings(max_examples=10, deadline=None)  # the library takes 0.1 s for its moments
@given(st.lists(st.floats(1e-6, 100), min_size=1, max_size=100))
def test_the_summary_agrees_with_the_library(seconds: list[float]) -> None:
    hdr, ours = HdrHistogram(1, HIGHEST_US, 3), Histogram()
    for value in seconds:
        hdr.record_value(max(1, round(value * 1e6)))
        ours.record(value)
    summary = ours.summary()
    assert summary.mean is not None
    assert summary.stddev is not None
    assert abs(summary.mean * 1e6 - hdr.get_mean_value()) <= 1
    assert abs(summary.stddev * 1e6 - hdr.get_stddev()) <= 1
