"""Whether a histogram's text is one, and how many values it holds; no percentile is computed here.

HdrHistogram V2, compressed: a cookie, a length, and zlib data: 40 bytes of header that begin with a cookie of
their own, then counts as ZigZag LEB128, a negative number standing for so many empty buckets
(https://github.com/HdrHistogram/HdrHistogram, "V2 encoding").
"""

from __future__ import annotations

import base64
import binascii
import zlib

_OUTER_COOKIES = (0x1C849304, 0x1C849314)
_INNER_COOKIES = (0x1C849303, 0x1C849313)
_HEADER = 40
_LARGEST = 8 * 1024 * 1024
_LONGEST_NUMBER = 63


def counted(text: str) -> int:
    """How many values a histogram holds. Raises ``ValueError``, in words for the user, for text that is none."""
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the histogram is not base64") from None
    if len(packed) < 8 or int.from_bytes(packed[:4], "big") not in _OUTER_COOKIES:
        raise ValueError("the histogram is no compressed HdrHistogram V2")
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed[8:], _LARGEST)
    except zlib.error:
        raise ValueError("the histogram cannot be unpacked") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("the histogram is cut off, or far too large")
    if len(data) < _HEADER or int.from_bytes(data[:4], "big") not in _INNER_COOKIES:
        raise ValueError("the histogram is no HdrHistogram V2")
    return _sum(data[_HEADER:])


def _sum(payload: bytes) -> int:
    total = number = shift = 0
    for byte in payload:
        number |= (byte if shift == _LONGEST_NUMBER - 7 else byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift == _LONGEST_NUMBER:
            if not number & 1:  # ZigZag: even numbers are positive
                total += number >> 1
            number = shift = 0
    if shift:
        raise ValueError("the histogram is cut off within a number")
    return total
