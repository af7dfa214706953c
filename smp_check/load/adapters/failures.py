"""The kind of a failed request, from the words in which a generator tells of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

_KINDS = (
    ("dns", r"no such host|lookup |name or service not known|dns|resolve|getaddrinfo|EAI_|ENOTFOUND"),
    ("tls", r"\btls\b|x509|certificate|handshake|\bssl\b"),
    ("connect", r"refused|unreachable|no route|unable to connect|dial |connect error|tcp connect|unavailable"),
    ("timeout", r"timeout|timed out|deadline|ETIMEDOUT"),
    ("reset", r"reset|broken pipe|\bEOF\b|closed|aborted|ECONNRESET|EPIPE|hang up"),
    ("protocol", r"malformed|protocol|parse|invalid|frame|unexpected"),
)
_LOGFMT = re.compile(r'\b(msg|error|err)="((?:[^"\\]|\\.)*)"')
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)


def error_kind(text: str, default: str = "socket") -> str:
    """``connect``, ``timeout``, ``reset``, ``dns``, ``tls``, ``protocol``, or the default.

    A timeout while connecting is a timeout, as it is for the embedded generator.
    """
    if re.search(r"i/o timeout|timed out|\btimeout\b", text, re.IGNORECASE):
        return "timeout"
    return next((kind for kind, pattern in _PATTERNS if pattern.search(text)), default)


def kind_of_any(texts: Iterable[str], default: str = "socket") -> str:
    """The kind told by the first text that tells one."""
    return next((kind for text in texts if (kind := error_kind(text, "")) != ""), default)


def examples(kinds: Iterable[str], texts: Iterable[str]) -> dict[str, str]:
    """For each kind the first text that tells of it."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(error_kind(text, ""), text)
    return {kind: found[kind] for kind in kinds if kind in found}


def said(line: str) -> str:
    """A line of a log as a person would read it: Go programs log JSON, or ``msg="..." error="..."``."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = {name: text.replace('\\"', '"') for name, text in _LOGFMT.findall(line)}
    if not isinstance(value, Mapping) or "msg" not in value:
        return line.strip()
    return ": ".join(str(value[name]) for name in ("msg", "err", "error") if value.get(name))


def good_status(code: str) -> bool:
    """Whether an HTTP status says that all went well, redirects included: 200 to 399."""
    return re.fullmatch("[23][0-9]{2}", code) is not None
