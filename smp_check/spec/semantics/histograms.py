"""Whether a histogram's text can be a histogram: its outer shell is opened, its counts are not unpacked.

HdrHistogram V2, compressed: a cookie, a length, and zlib data that begin with a cookie of their own
(https://github.com/HdrHistogram/HdrHistogram, "V2 encoding").
"""

from __future__ import annotations

import base64
import binascii
import zlib

_OUTER_COOKIES = (0x1C849304, 0x1C849314)
_INNER_COOKIES = (0x1C849303, 0x1C849313)
_LARGEST = 8 * 1024 * 1024


def histogram_fault(text: str | None) -> str | None:
    """What is wrong with the text form of a histogram; ``None`` for none."""
    if text is None:
        return None
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return "the histogram is not base64"
    if len(packed) < 8 or int.from_bytes(packed[:4], "big") not in _OUTER_COOKIES:
        return "the histogram is no compressed HdrHistogram V2"
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed[8:], _LARGEST)
    except zlib.error:
        return "the histogram cannot be unpacked"
    if unpacker.unconsumed_tail or not unpacker.eof:
        return "the histogram is cut off, or far too large"
    if int.from_bytes(data[:4], "big") not in _INNER_COOKIES:
        return "the histogram is no HdrHistogram V2"
    return None
