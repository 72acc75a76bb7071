"""Which characters a feed's bytes mean: bytes in any encoding → UTF-8 bytes.

Pure. The order of belief, from what thousands of feeds get wrong: a byte order mark; UTF-8, if the bytes are valid
UTF-8 (no other text is so by chance); the XML declaration; the HTTP charset (often a server's default); Windows-1252.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARATION = re.compile(
    rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{2,40})\s*[\"']", re.IGNORECASE
)
_XML_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*\?>", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{2,40})", re.IGNORECASE)

# Labels that the Encoding Standard (WHATWG) maps to a superset, because that is what publishers mean.
_SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949",
}  # fmt: skip
_NOT_CHARSETS = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7", "mbcs", "oem"}
)
_ESCAPED = ("iso2022", "hz")  # seven-bit encodings that look like ASCII


def to_utf8(content: bytes, content_type: str) -> bytes:
    """The content in UTF-8, without byte order mark, and without an XML declaration that says otherwise.

    Never raises: what no encoding explains is replaced character by character.
    """
    for mark, marked in _BOMS:
        if content.startswith(mark):
            if marked == "utf-8":
                content = content[len(mark) :]
                break
            return _recoded(content.decode(marked, "replace").lstrip("\ufeff"))
    if content[:2] in (b"<\0", b"\0<"):
        return _recoded(content.decode("utf-16-le" if content[:1] == b"<" else "utf-16-be", "replace"))
    found = _DECLARATION.match(content[:400])
    declared = _codec(found[1].decode("ascii")) if found else None
    if (declared is None or not declared.startswith(_ESCAPED)) and _is_utf8(content):
        return _undeclared(content) if declared not in (None, "utf-8") else content
    charset = _CHARSET.search(content_type)
    for codec in (declared, _codec(charset[1]) if charset else None):
        if codec is not None and codec != "utf-8":
            try:
                return _recoded(content.decode(codec))
            except (UnicodeDecodeError, LookupError):
                continue
    return _recoded(_best_guess(content, declared))


def _is_utf8(content: bytes) -> bool:
    if content.isascii():
        return True
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _best_guess(content: bytes, declared: str | None) -> str:
    """Damaged text: UTF-8 with a few bad bytes, else a single-byte encoding, the declared one first."""
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if damaged * 10 <= len(content) - len(text) - damaged:  # non-ASCII characters take more bytes than they count
        return text
    return content.decode("cp1252" if declared is None or declared == "utf-8" else declared, "replace")


def _codec(label: str) -> str | None:
    """Python's name for a charset label, or ``None`` for what is none."""
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in _NOT_CHARSETS:
        return None
    return _SUPERSETS.get(info.name, info.name)


def _recoded(text: str) -> bytes:
    return _undeclared(text.encode("utf-8", "replace"))


def _undeclared(content: bytes) -> bytes:
    found = _XML_DECLARATION.match(content[:400])
    return content[found.end() :] if found else content
