"""Selectors of the kind ``page``: CSS or XPath, run on pages of strangers.

CSS is matched part by part over the whole page, in time that grows with its elements: libxml2 finds the elements of
each compound (``li.card``), and the combinators between them are followed in one pass each. The usual translation
into one XPath takes 13 s for ``li ~ li`` on 10,000 elements and 12 s for ``div div div div``, as libxml2 merges its
intermediate results in quadratic time; this way takes 0.05 s. As in browsers, what stands to the left in a selector
may lie outside of the element that is searched.

XPath is run as it is written: whoever writes ``//*[count(//*) > 9]`` waits.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml import etree

SELECTOR_MAX = 500  # characters
_XPATH = re.compile(r"\s*(?:/|\.\.?/|\.\s*\Z|\()")
_ATTRIBUTE = re.compile(r"(?P<css>[^@\"']*(?:\"[^\"]*\"[^@\"']*|'[^']*'[^@\"']*)*)@(?P<name>[A-Za-z_][\w:.-]*)\s*\Z")


@dataclass(frozen=True, slots=True)
class _Plan:
    """A compound selector, and what must stand before it: ``left`` at the other end of ``combinator``."""

    compound: etree.XPath
    combinator: str = ""
    left: _Plan | None = None


@dataclass(frozen=True, slots=True)
class Css:
    """A list of selectors, and the attribute that is wanted of what they find; of the node itself if there are none."""

    plans: tuple[_Plan, ...]
    attribute: str


@lru_cache(maxsize=1024)
def compiled(selector: str) -> etree.XPath | Css:
    """A selector: XPath where it begins with ``/``, ``./``, ``../`` or ``(``, else CSS, with ``@name`` at the end for
    an attribute. Raises ``ValueError`` with one sentence."""
    from lxml import etree

    if len(selector) > SELECTOR_MAX:
        raise ValueError(f"is longer than {SELECTOR_MAX} characters")
    if not _XPATH.match(selector):
        return _css(selector)
    try:
        return etree.XPath(selector.strip())
    except etree.XPathError as error:
        raise ValueError(f"{selector!r} is not an XPath expression ({error}); correct it") from error


def _css(selector: str) -> Css:
    from cssselect import SelectorError, parse
    from lxml import etree

    found = _ATTRIBUTE.match(selector)
    css, attribute = (found["css"].strip(), found["name"]) if found else (selector, "")
    if found and not css:
        return Css((), attribute)
    if ":scope" in css or "::" in css:
        raise ValueError(f"{selector!r} is not known here; write XPath, such as ./h2, or @name for an attribute")
    try:
        return Css(tuple(_plan(one.parsed_tree) for one in parse(css)), attribute)
    except (SelectorError, etree.XPathError, RecursionError) as error:
        raise ValueError(f"{selector!r} is not a CSS selector ({error}); correct it") from error


def _plan(tree: Any) -> _Plan:
    from cssselect.parser import CombinedSelector
    from lxml import etree

    if isinstance(tree, CombinedSelector):
        return _Plan(_plan(tree.subselector).compound, tree.combinator, _plan(tree.selector))
    return _Plan(etree.XPath(f"descendant-or-self::{_translator().xpath(tree)}"))


@cache
def _translator() -> Any:
    from lxml.cssselect import LxmlHTMLTranslator

    return LxmlHTMLTranslator()


class Page:
    """A document that selectors run on. What CSS finds is worked out once for the whole page, and then looked up."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.elements: list[etree._Element] = [e for e in root.iter() if isinstance(e.tag, str)]
        self._number = {element: i for i, element in enumerate(self.elements)}
        self._parent = [self._number.get(e.getparent(), -1) for e in self.elements]
        self._before = [-1] * len(self.elements)  # the sibling to the left
        self._last = list(range(len(self.elements)))  # of everything inside, itself included
        youngest: dict[int, int] = {}
        for i, parent in enumerate(self._parent):
            self._before[i] = youngest.get(parent, -1)
            youngest[parent] = i
        for i in range(len(self.elements) - 1, 0, -1):
            parent = self._parent[i]
            self._last[parent] = max(self._last[parent], self._last[i])
        self._found: dict[Css, list[int]] = {}

    def find(self, node: etree._Element, selector: str) -> list[Any]:
        """What a selector finds in an element (itself included) in the order of the page: elements, or texts where it
        asks for an attribute. Raises ``etree.XPathError`` where an XPath fails on what it meets."""
        chosen = compiled(selector)
        if not isinstance(chosen, Css):
            found = chosen(node)
            return list(found) if isinstance(found, list) else [found]
        if not chosen.plans:
            return _attributes([node], chosen.attribute)
        first = self._number[node]
        hits = self._matching(chosen)
        inside = hits[bisect_left(hits, first) : bisect_left(hits, self._last[first] + 1)]
        elements = [self.elements[i] for i in inside]
        return _attributes(elements, chosen.attribute) if chosen.attribute else elements

    def _matching(self, css: Css) -> list[int]:
        if css not in self._found:
            hits: set[int] = set()
            self._found[css] = sorted(hits.union(*(self._run(plan) for plan in css.plans)))
        return self._found[css]

    def _run(self, plan: _Plan) -> set[int]:
        hits = {self._number[element] for element in plan.compound(self.root) if element in self._number}
        if plan.left is None:
            return hits
        left = self._run(plan.left)
        near = self._parent if plan.combinator in (" ", ">") else self._before
        if plan.combinator in (">", "+"):
            return {i for i in hits if near[i] in left}
        reached = [False] * len(self.elements)  # by way of parents, or of siblings, which all have lower numbers
        for i, one in enumerate(near):
            reached[i] = one >= 0 and (one in left or reached[one])
        return {i for i in hits if reached[i]}


def _attributes(elements: list[etree._Element], name: str) -> list[str]:
    return [value for element in elements if (value := element.get(name)) is not None]
