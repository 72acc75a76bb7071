"""Big XML files, one record at a time, with nothing in them taken on trust.

libxml2 reads; entities are never expanded and nothing is fetched from outside. None of the lists declares a document
type, so a file that does is refused before its content is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from bot.watchlists.base import WatchListError, clean

TEXT_MAX = 1 << 20  # characters of one value; the longest remark on the SDN list has some 8,000


def local(element: etree._Element) -> str:
    """The name of an element without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def root_of(path: Path, *expected: str) -> tuple[str, Mapping[str, str]]:
    """The root's name and attributes. Raises :class:`WatchListError` if it is none of ``expected``."""
    with _guard():
        for _, root in _parser(path, events=("start",)):
            if root.getroottree().docinfo.doctype:
                raise WatchListError("it declares a document type, which the real list never does")
            found = local(root)
            if found not in expected:
                wanted = " or ".join(f"<{e}>" for e in expected)
                raise WatchListError(f"it begins with <{found[:40]}> where {wanted} is expected")
            return found, {str(key): str(value) for key, value in root.attrib.items()}
    raise WatchListError("it is empty")


def records(path: Path, *tags: str) -> Iterator[etree._Element]:
    """The elements of these names, wherever they stand, in the order of the file. Each lives until the next is asked
    for. Raises :class:`WatchListError`."""
    with _guard():
        for _, element in _parser(path, events=("end",), tag=tuple(f"{{*}}{tag}" for tag in tags)):
            yield element
            element.clear(keep_tail=False)
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def child_text(element: etree._Element, *names: str) -> str:
    """The text of the child that the names lead to; empty where there is none."""
    for wanted in names:
        found = next((c for c in element if local(c) == wanted), None)
        if found is None:
            return ""
        element = found
    return text_of(element)


def text_of(element: etree._Element) -> str:
    """The text of an element without children."""
    return clean(element.text[:TEXT_MAX] if element.text else "")


def children(element: etree._Element, *names: str) -> list[etree._Element]:
    """The elements that the names lead to, over all branches: ``akaList``, ``aka``."""
    found = [element]
    for wanted in names:
        found = [c for e in found for c in e if local(c) == wanted]
    return found


def _parser(path: Path, **options: object) -> etree.iterparse[tuple[str, etree._Element]]:
    return etree.iterparse(
        str(path),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        **options,
    )


class _guard:
    """Turns what libxml2 raises into one sentence, once."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, etree.XMLSyntaxError):
            line = f" in line {error.lineno}" if error.lineno else ""
            what = clean((error.msg or "").split(", line ")[0])[:200] or "no XML"
            raise WatchListError(f"broken XML{line}: {what}") from error
