"""Where the story is: the element that holds its text."""

from __future__ import annotations

from lxml.html import HtmlElement

from archive.extract.blocks import is_root_name
from archive.extract.survey import Survey

# A child that holds this share of its parent's prose holds the story; what it leaves out are
# captions, boxes and bylines.
_DESCEND = 0.72
# An element named like a story's body is believed from this share of the page's prose on.
_NAMED = 0.45
# Less prose than two sentences is a deck or a caption, not a story.
_BRIEF = 160
_PARAGRAPHS = frozenset(["p", "li", "blockquote", "ul", "ol", "dl"])


def find_root(found: Survey, headline: HtmlElement | None = None) -> HtmlElement:
    """Return the smallest element that holds nearly all prose of the story.

    ``found`` must be weighed without blocks. ``headline`` is the story's own heading, which tells
    the story from other stories that stand on the page in full.
    """
    start = _beside(headline, found) if headline is not None else found.root
    named = _named_root(start, found)
    root = _descend(named if named is not None else start, found)
    return _widen(root, found, start)


def _descend(root: HtmlElement, found: Survey) -> HtmlElement:
    while (child := _heaviest(root, found)) is not None:
        if found.mass[child] < _DESCEND * found.mass.get(root, 0) or child.tag in _PARAGRAPHS:
            break
        root = child
    return root


def _beside(headline: HtmlElement, found: Survey) -> HtmlElement:
    """Return where to look: the whole body, or the part of it to which the headline belongs.

    A page that holds several stories, or more prose in its foot than in its story, has no element
    below the body with most of the prose.
    """
    whole = found.mass.get(found.root, 0)
    path = [step for step in headline.iterancestors() if step in found.mass]
    for step in path:
        if step.tag == "article" and found.mass[step] * 7 >= whole and found.mass[step] >= _BRIEF:
            return step
    widest = _descend(found.root, found)
    if widest is not found.root and headline not in widest.iterdescendants():
        return found.root
    for step in path:
        if step is widest:
            break
        if found.mass[step] * 5 >= whole and found.mass[step] >= _BRIEF:
            return step
    return found.root


def _widen(root: HtmlElement, found: Survey, limit: HtmlElement) -> HtmlElement:
    """Climb where prose of the same story stands beside ``root``: a first paragraph in a box."""
    base = found.mass.get(root, 0)
    best = via = root
    for parent in root.iterancestors():
        weight = found.mass.get(parent, 0)
        if parent is found.root or root is found.root or weight > 3 * base:
            break
        if weight > found.mass.get(best, 0) and (
            _has_alike(parent, via, found) or _has_kin(parent, best, found)
        ):
            best = parent
        if parent is limit:
            break
        via = parent
    return best


def _has_alike(parent: HtmlElement, via: HtmlElement, found: Survey) -> bool:
    """Tell whether ``parent`` has prose of its own or in a child made like ``via``."""
    names = set(via.get("class", "").split())
    for child in parent:
        if child not in found.mass or child is via:
            continue
        others = set(child.get("class", "").split())
        if child.tag == "p" or (child.tag == via.tag and (names & others or not (names or others))):
            return True
    return False


def _has_kin(parent: HtmlElement, root: HtmlElement, found: Survey) -> bool:
    """Tell whether ``parent`` has paragraphs of the very class that those of ``root`` have."""
    inside, beside = set(), set()
    for line in found.lines:
        if not line.prose or line.owner not in found.mass or not line.owner.get("class"):
            continue
        kind = line.owner.tag, line.owner.get("class", "").split()[0]
        for step in line.owner.iterancestors():
            if step is root:
                inside.add(kind)
                break
            if step is parent:
                beside.add(kind)
                break
    return bool(inside & beside)


def _heaviest(element: HtmlElement, found: Survey) -> HtmlElement | None:
    children = [child for child in element if child in found.mass]
    return max(children, key=found.mass.__getitem__, default=None)


def _named_root(start: HtmlElement, found: Survey) -> HtmlElement | None:
    whole = found.mass.get(start, 0)
    best, most = None, _NAMED * whole
    for element, mass in found.mass.items():
        if mass >= most and element.tag in ("div", "section", "article", "main", "td"):
            names = (
                f"{element.get('class', '')} {element.get('id', '')} {element.get('itemprop', '')}"
            )
            if is_root_name(names) and (start is found.root or start in element.iterancestors()):
                best, most = element, mass
    return best
