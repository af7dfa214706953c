"""A repository's life with the Action: baseline, slowed pull request, second push, fork in two stages, matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smp_check.load.embedded.target import BuiltinTarget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.action.conftest import Runner

pytestmark = pytest.mark.timeout(1300)

CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8"
UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02"
DOWNLOAD = "actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0"
WORKFLOW = f"""
name: Performance
on: [push, pull_request]
permissions: {{}}
jobs:
  bench:
    runs-on: ubuntu-latest
    env:
      GITHUB_TOKEN: of-the-job
      DEPLOY_SECRET: do-not-show
    steps:
      - uses: {CHECKOUT}
      - uses: smp-check/smp-check@v1
        id: smp
        with:
          config: smp-check.yaml
      - name: show
        if: ${{{{ always() }}}}
        run: echo "verdict=[$VERDICT] p50=[$P50] url=[$URL] stage=[$STAGE]"
        env:
          VERDICT: ${{{{ steps.smp.outputs.verdict }}}}
          P50: ${{{{ steps.smp.outputs.p50_ms }}}}
          URL: ${{{{ steps.smp.outputs.comment_url }}}}
          STAGE: ${{{{ steps.smp.outputs.second_stage }}}}
      - if: ${{{{ always() && steps.smp.outputs.second_stage == 'true' }}}}
        uses: {UPLOAD}
        with:
          name: smp-check
          path: ${{{{ steps.smp.outputs.run }}}}
"""
SECOND_STAGE = """
name: Performance comment
on:
  workflow_run:
    workflows: [Performance]
    types: [completed]
permissions: {}
jobs:
  comment:
    runs-on: ubuntu-latest
    steps:
      - uses: smp-check/smp-check@v1
        id: smp
        with:
          config: smp-check.yaml
      - name: show
        run: echo "verdict=[$VERDICT] url=[$URL]"
        env:
          VERDICT: ${{ steps.smp.outputs.verdict }}
          URL: ${{ steps.smp.outputs.comment_url }}
"""
MATRIX = f"""
name: Matrix
on: [pull_request]
permissions: {{}}
jobs:
  bench:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        leg: [north, east, south, west]
    steps:
      - uses: {CHECKOUT}
      - uses: smp-check/smp-check@v1
        id: smp
        with:
          config: smp-check.yaml
          test_name: ${{{{ matrix.leg }}}}
          duration: 1s
          reference: none
          comment: never
          fail_on: no-baseline
      - if: ${{{{ always() }}}}
        uses: {UPLOAD}
        with:
          name: ${{{{ matrix.leg }}}}
          path: ${{{{ steps.smp.outputs.comparison }}}}
  collect:
    needs: bench
    if: ${{{{ always() }}}}
    runs-on: ubuntu-latest
    steps:
      - uses: {DOWNLOAD}
        with:
          pattern: "*"
          path: legs
      - uses: smp-check/smp-check@v1
        id: smp
        with:
          comparisons: legs/*/comparison.json
      - name: show
        if: ${{{{ always() }}}}
        run: echo "verdict=[$VERDICT]"
        env:
          VERDICT: ${{{{ steps.smp.outputs.verdict }}}}
"""
CONFIGURATION = """
test:
  smp_version: v0.0.1
  name: shop
  duration: 3s
  clients:
    - {protocol: PROTOCOL_HTTP, connections: 8, rps: 60, endpoint_urls: ["URL"]}
mesh: {}
check:
  round: 500ms
  warmup: 300ms
  confirm: 0s
  setup: env > SEEN
  gates: {p50: {tolerance: 100%, absolute: 20ms}, p90: null, p99: null, qps: null, cpu_per_request: null}
"""
"""Only the median gates, and only by more than a busy machine can add: these jobs are about what follows a verdict."""


@pytest.fixture(scope="module")
def services() -> Iterator[tuple[str, str]]:
    """A quick service and a slow one."""
    with BuiltinTarget() as quick, BuiltinTarget(delay="constant:80ms") as slow:
        yield quick.url, slow.url


def configuration(runner: Runner, url: str) -> str:
    return CONFIGURATION.replace("URL", url).replace("SEEN", str(runner.home / "seen.txt"))


def pull_request(runner: Runner, number: int, base: str, head: str, repository: str = "mesh/shop") -> dict[str, Any]:
    source = runner.github.repositories.get(repository) or runner.github.repository(repository)
    runner.shop.add_pull(number, base=base, head=head, head_repository=source)
    return {"number": number, "pull_request": runner.shop.pulls[number]}


def merged(runner: Runner, base: str, head: str) -> None:
    """Check out what GitHub checks out for a pull request."""
    runner.git("checkout", "-q", "--detach", base)
    runner.git("merge", "-q", "--no-ff", "-m", "merge", head)
    runner.known()


def test_the_life_of_a_repository(runner: Runner, services: tuple[str, str]) -> None:
    """Push, slowed pull request, second push, fork, matrix: comments, colours, and nothing secret seen."""
    quick, slow = services
    runner.github.token("writing-token-0001", contents="write", pull_requests="write", actions="read")
    runner.github.token("reading-token-0002", contents="read")

    # a push to main makes the baseline
    runner.write("smp-check.yaml", configuration(runner, quick))
    runner.write(".github/workflows/performance.yml", WORKFLOW)
    runner.write(".github/workflows/comment.yml", SECOND_STAGE)
    main = runner.commit("first")
    pushed = runner("push", {"ref": "refs/heads/main", "before": "0" * 40}, token="writing-token-0001")
    assert pushed.code == 0, pushed.log[-6000:]
    assert pushed.output("verdict") == "no-baseline"
    assert float(pushed.output("p50")) > 0
    records = [path for path in runner.shop.files("smp-baselines") if "series" not in path and "README" not in path]
    assert len(records) == 1
    assert main[:12] in records[0]

    # a slowed pull request gets a comment and a red job
    runner.git("checkout", "-q", "-b", "topic")
    runner.write("smp-check.yaml", configuration(runner, slow))
    head = runner.commit("slower")
    merged(runner, main, head)
    slower = runner("pull_request", pull_request(runner, 7, main, head), token="writing-token-0001")
    assert slower.code != 0, slower.log[-6000:]
    assert slower.output("verdict") == "regressed"
    assert slower.output("url").startswith(runner.github.url)
    [first] = runner.comments(7)
    assert "p50" in first
    assert head[:12] in first.partition("\n")[0]
    assert main[:7] in first, "the report names the commit that it compares with"
    assert len([path for path in runner.shop.files("smp-baselines") if "_" in path]) == 1, "no record of the change"

    # a second push updates the same comment
    runner.git("checkout", "-q", "topic")
    runner.write("smp-check.yaml", configuration(runner, quick) + "# quick again\n")
    head = runner.commit("quick again")
    merged(runner, main, head)
    again = runner("pull_request", pull_request(runner, 7, main, head) | {}, token="writing-token-0001")
    assert again.code == 0, again.log[-6000:]
    [second] = runner.comments(7)
    assert second != first
    assert head[:12] in second.partition("\n")[0]


def test_nothing_secret_was_seen_by_what_is_measured(runner: Runner) -> None:
    """The set-up command of the system under test ran without any token or runner's file."""
    seen = {line.partition("=")[0] for line in (runner.home / "seen.txt").read_text().splitlines()}
    assert "PATH" in seen
    assert "GITHUB_SHA" in seen
    forbidden = {"GITHUB_TOKEN", "SMP_TOKEN", "DEPLOY_SECRET", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"}
    assert not seen & forbidden
    assert not [name for name in seen if name.startswith(("ACTIONS_", "SMP_INPUT", "INPUT_"))]


def test_a_fork_goes_through_both_stages(runner: Runner, services: tuple[str, str]) -> None:
    """The first stage has a token that can only read, and leaves data; the second judges it and comments."""
    main = runner.git("rev-parse", "main")
    runner.git("checkout", "-q", "-B", "theirs", "main")
    runner.write("smp-check.yaml", configuration(runner, services[1]))
    head = runner.commit("from the fork")
    merged(runner, main, head)
    payload = pull_request(runner, 8, main, head, "eve/shop")
    first = runner("pull_request", payload, token="reading-token-0002")
    assert first.code != 0, first.log[-6000:]
    assert (first.output("verdict"), first.output("stage"), first.output("url")) == ("regressed", "true", "")
    assert runner.comments(8) == []
    document = runner.artifacts / "smp-check/run.json"
    assert document.is_file()

    fork = runner.github.repositories["eve/shop"]
    runner.shop.add_run(31, head=head, head_repository=fork, branch="topic")
    runner.shop.add_artifact(31, "smp-check", {"run.json": document.read_bytes()})
    runner.git("checkout", "-q", "main")
    tip = runner.known()
    text = Path(runner.folder / "smp-check.yaml").read_text()
    runner.shop.move("refs/heads/main", runner.shop.add_commit({"smp-check.yaml": text}))
    runner.shop.objects.commits[tip] = runner.shop.objects.commits[runner.shop.refs["refs/heads/main"]]
    second = runner("workflow_run", {"workflow_run": {"id": 31}}, token="writing-token-0001", workflow="comment.yml")
    assert second.code == 0, second.log[-6000:]
    assert second.output("verdict") == "regressed"
    [comment] = runner.comments(8)
    assert "run=31.1" in comment.partition("\n")[0]
    assert head[:7] in comment


def test_a_matrix_of_four_gives_four_sections(runner: Runner, services: tuple[str, str]) -> None:
    """Each leg leaves its comparison; one job puts all of them into one comment."""
    main = runner.git("rev-parse", "main")
    runner.git("checkout", "-q", "-B", "wide", "main")
    runner.write(".github/workflows/matrix.yml", MATRIX)
    head = runner.commit("a matrix")
    merged(runner, main, head)
    for old in list(runner.artifacts.iterdir()):
        old.rename(runner.home / f"old-{old.name}")
    payload = pull_request(runner, 9, main, head)
    job = runner("pull_request", payload, token="writing-token-0001", workflow="matrix.yml")
    assert job.code != 0, "the legs fail on no-baseline"
    [comment] = runner.comments(9)
    for leg in ("north", "east", "south", "west"):
        assert leg in comment, job.log[-6000:]
    assert job.output("verdict") == "no-baseline"
