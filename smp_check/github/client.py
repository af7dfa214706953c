"""The one place that talks to GitHub: authentication, timeouts, pages, retries and limits.

The token goes to the API's own origin and nowhere else, and is in no message. Everything that GitHub answers
is handed on as plain JSON; every refusal is a ``RefusedError`` that says what to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from smp_check import __version__
from smp_check.errors import GitHubError
from smp_check.github.answers import AmbiguousError, Answer, UnreachableError, message_of, refusal
from smp_check.github.place import Clock, Place, origin
from smp_check.github.retry import Signal, decide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    import requests

API_VERSION = "2022-11-28"
TIMEOUT = (5.0, 30.0)
PER_PAGE = 100
MAX_ANSWER = 64 * 1024 * 1024


class GitHub:
    """A session with one GitHub's API. ``patience`` is how long it may wait in all, seconds."""

    def __init__(self, place: Place, *, clock: Clock | None = None, patience: float = 240.0) -> None:
        import requests

        self.place = place
        self.requests_made = 0
        self._clock = clock or Clock()
        self._patience = patience
        self._session = requests.Session()
        self._session.auth = self._authorise
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": API_VERSION,
                "User-Agent": f"smp-check/{__version__}",
            }
        )

    def __enter__(self) -> GitHub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, path: str, what: str, *, params: Mapping[str, Any] | None = None) -> Answer:
        """Read. ``what`` completes "GitHub refused to ...". Raises ``RefusedError`` or ``UnreachableError``."""
        return self._asked("GET", path, what, params=params)

    def find(self, path: str, what: str, *, params: Mapping[str, Any] | None = None) -> Answer | None:
        """Read what may be missing: ``None`` for 404."""
        answer = self._attempts("GET", path, what, params=params, body=None)
        if answer.status == 404:
            return None
        return _meant(answer, what)

    def pages(
        self, path: str, what: str, *, key: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Iterator[Any]:
        """All items of a list, over all its pages; ``key`` where the list is inside an object."""
        url: str | None = path
        asked: Mapping[str, Any] | None = {**(params or {}), "per_page": PER_PAGE}
        while url is not None:
            answer = self.get(url, what, params=asked)
            yield from answer.value[key] if key else answer.value
            url, asked = answer.next_page, None

    def send(self, method: str, path: str, what: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Write. Raises ``AmbiguousError`` when it may have happened: the caller knows how to look."""
        return self._asked(method, path, what, body=body)

    def graphql(self, query: str, what: str, variables: Mapping[str, Any]) -> Any:
        """The ``data`` of a GraphQL query. Raises ``RefusedError`` if GitHub reports errors and no data."""
        url = self.place.graphql_url
        body = {"query": query, "variables": dict(variables)}
        answer = _meant(self._attempts("POST", url, what, params=None, body=body, write=False), what)
        value = answer.value if isinstance(answer.value, dict) else {}
        if value.get("errors") and not value.get("data"):
            raise refusal(what, Answer(status=200, value={"message": message_of(value)}, headers=answer.headers))
        return value.get("data") or {}

    def download(self, path: str, what: str, *, limit: int) -> bytes:
        """A file behind a redirect, at most ``limit`` bytes; the token stays here."""
        answer = self._attempts("GET", path, what, params=None, body=None)
        location = answer.headers.get("location")
        if answer.status not in {301, 302, 303, 307} or not location:
            raise refusal(what, answer)
        return self._fetch(urljoin(self._url(path), location), what, limit)

    def _fetch(self, url: str, what: str, limit: int) -> bytes:
        import requests

        try:
            with self._session.get(url, timeout=TIMEOUT, stream=True) as response:
                if response.status_code != 200:
                    raise refusal(what, Answer(status=response.status_code, value=None))
                content = response.raw.read(limit + 1, decode_content=True)
        except requests.RequestException as fault:
            raise UnreachableError(f"cannot {what}: {type(fault).__name__}") from fault
        if len(content) > limit:
            raise GitHubError(f"cannot {what}: it is larger than {limit} bytes")
        return bytes(content)

    def _asked(
        self,
        method: str,
        path: str,
        what: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        return _meant(self._attempts(method, path, what, params=params, body=body), what)

    def _attempts(
        self,
        method: str,
        path: str,
        what: str,
        *,
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        write: bool | None = None,
    ) -> Answer:
        writes = method != "GET" if write is None else write
        for attempt in range(1, 100):
            answer, delivered = self._once(method, self._url(path), params, body)
            decision = decide(
                Signal(
                    status=answer.status if answer else None,
                    write=writes,
                    attempt=attempt,
                    headers=answer.headers if answer else {},
                    message=message_of(answer.value) if answer else "",
                    now=self._clock.now(),
                    chance=self._clock.chance(),
                    delivered=delivered,
                )
            )
            if answer is not None and decision.step == "take":
                return answer
            if decision.step == "ambiguous":
                raise AmbiguousError(f"GitHub gave no clear answer when asked to {what}")
            if decision.step == "give-up" or decision.seconds > self._patience:
                break
            self._patience -= decision.seconds
            self._clock.sleep(decision.seconds)
        raise _unreachable(what, answer, self.place)

    def _once(
        self, method: str, url: str, params: Mapping[str, Any] | None, body: Mapping[str, Any] | None
    ) -> tuple[Answer | None, bool]:
        """One request: its answer, and whether it may have reached GitHub."""
        import requests

        self.requests_made += 1
        try:
            response = self._session.request(
                method, url, params=params, json=body, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.exceptions.ConnectTimeout:
            return None, False
        except requests.RequestException:
            return None, True
        if len(response.content) > MAX_ANSWER:
            raise GitHubError(f"GitHub's answer is larger than {MAX_ANSWER} bytes")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, value=_json(response), headers=headers), True

    def _url(self, path: str) -> str:
        """An absolute URL on our own origin, whoever named it."""
        url = path if "://" in path else f"{self.place.api_url}/{path.lstrip('/')}"
        if origin(url) not in {origin(self.place.api_url), origin(self.place.graphql_url)}:
            raise GitHubError(f"GitHub's API named an address on another host: {urlsplit(url).netloc}")
        return url

    def _authorise(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        own = {origin(self.place.api_url), origin(self.place.graphql_url)}
        if self.place.token and origin(request.url or "") in own:
            request.headers["Authorization"] = f"Bearer {self.place.token}"
        return request


def _json(response: requests.Response) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None


def _meant(answer: Answer, what: str) -> Answer:
    if answer.status >= 300:
        raise refusal(what, answer)
    return answer


def _unreachable(what: str, answer: Answer | None, place: Place) -> GitHubError:
    if answer is None:
        host = urlsplit(place.api_url).netloc
        return UnreachableError(f"cannot {what}: {host} does not answer", hint="see https://www.githubstatus.com")
    if answer.status in {403, 429}:
        return UnreachableError(f"cannot {what}: GitHub's rate limit is used up", hint="run the job again later")
    return UnreachableError(f"cannot {what}: GitHub keeps answering {answer.status}", hint="run the job again later")
