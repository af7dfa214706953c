"""Baselines behind a URL: S3, GCS, Azure, WebDAV-like HTTP..., each through fsspec."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smp_check.errors import StoreError
from smp_check.store.gitremote import public
from smp_check.store.records import RecordStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smp_check.store.port import BaselineStore, OnWarning

HTTP_MISSING = (404, 410)
HTTP_SECONDS = 60


def url_store(url: str, on_warning: OnWarning) -> BaselineStore:
    """Open the store behind a URL. Raises ``StoreError`` when the library for its scheme is missing."""
    return RecordStore(UrlFiles(url), on_warning)


class UrlFiles:
    """Named files behind a URL that fsspec understands (https://filesystem-spec.readthedocs.io).

    Plain HTTP needs a server that lists its directories (nginx ``autoindex``, ``python -m http.server``) and, to
    write, one that takes ``PUT``.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = self._url.startswith(("http://", "https://"))
        if self._http and "?" in self._url:
            raise StoreError(
                f"{self.location}?... cannot be a baseline store: no file name can follow a query",
                hint="give the address of a directory; credentials go before the host, https://user:password@host/path",
            )
        self._files, self._root = _filesystem(self._url)

    @property
    def location(self) -> str:
        """The URL, without what may be secret in it."""
        return public(self._url)

    def locate(self, name: str) -> str:
        """The URL of one file."""
        return f"{self.location}/{name}"

    def names(self, folder: str) -> list[str]:
        """All files below a folder."""
        self._files.invalidate_cache()
        try:
            strict = {"on_error": "raise"} if self._http else {}  # or a dead server would look like an empty store
            found = self._files.find(f"{self._root}/{folder}", **strict)
        except FileNotFoundError:
            return []
        except Exception as fault:
            if self._http and _status(fault) in HTTP_MISSING:
                return []
            raise self._refused("read", fault) from fault
        paths = [path.removeprefix(self._root).lstrip("/") for path in found]
        return [path for path in paths if path.startswith(folder) and not path.rpartition("/")[2].startswith(".")]

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        """The contents of these files, fetched together where the library can."""
        paths = {f"{self._root}/{name}": name for name in names}
        try:
            contents = self._files.cat(list(paths), on_error="return") if paths else {}
        except Exception as fault:
            raise self._refused("read", fault) from fault
        found = {}
        for path, content in _by_path(contents, list(paths)).items():
            if isinstance(content, bytes):
                found[paths[path]] = content
            elif not isinstance(content, FileNotFoundError):
                raise self._refused("read", content) from content
        return found

    def add(self, files: Mapping[str, bytes], note: str) -> None:  # noqa: ARG002 - there is no log
        """Write each file; what describes a series comes before its records."""
        for name in sorted(files, key=lambda name: name.count("/")):
            self._put(name, files[name])

    def remove(self, names: Sequence[str], note: str) -> None:  # noqa: ARG002
        """Delete these files."""
        for name in names:
            try:
                self._files.rm_file(f"{self._root}/{name}")
            except FileNotFoundError:
                continue
            except Exception as fault:
                raise self._refused("write", fault) from fault

    def _put(self, name: str, content: bytes) -> None:
        path = f"{self._root}/{name}"
        try:
            if not self._http:  # which has no directories to make
                self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, content)
        except Exception as fault:
            raise self._refused("write", fault) from fault

    def _refused(self, verb: str, fault: object) -> StoreError:
        said = re.sub(r"\s+", " ", str(fault)).strip() or type(fault).__name__
        return StoreError(
            f"cannot {verb} the baselines at {self.location}: {public(said)[:300]}",
            hint="see that the address is right and that this machine may use it; over plain HTTP the server must "
            "list its directories and take PUT",
        )


def _status(fault: BaseException) -> int | None:
    return getattr(fault, "status", None)


def _by_path(contents: Any, paths: list[str]) -> dict[str, Any]:
    """fsspec gives bytes instead of a mapping for one path in a list, on some filesystems."""
    return dict(zip(paths, [contents], strict=True)) if isinstance(contents, bytes) else dict(contents)


def _options(url: str) -> dict[str, Any]:
    """Plain HTTP: a limit on waiting, and the proxy of the environment."""
    if not url.startswith(("http://", "https://")):
        return {}
    from aiohttp import ClientTimeout

    return {"client_kwargs": {"trust_env": True, "timeout": ClientTimeout(total=HTTP_SECONDS)}}


def _filesystem(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as fault:
        raise StoreError(
            f"a baseline store at {public(url)} needs the package fsspec",
            hint="pip install 'smp-check[remote]'; s3:// also needs s3fs, gs:// gcsfs, abfs:// adlfs",
        ) from fault
    try:
        files, root = fsspec.core.url_to_fs(url, **_options(url))
    except (ImportError, ValueError) as fault:
        raise StoreError(
            f"cannot open a baseline store at {public(url)}: {fault}",
            hint="install what the message names, or use another scheme",
        ) from fault
    return files, str(root).rstrip("/")
