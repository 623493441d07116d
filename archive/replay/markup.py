"""Pages: scripts taken out, lazy images made plain, every link led into the replay.

Only tags that change are written anew; every other character stays as it came, so that the
browser builds the tree that it built then. What is overlooked here cannot leave: the replay's
Content-Security-Policy lets a page fetch from the replay alone.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final

from archive.links.requisites import LAZY, LAZY_BACKGROUNDS, LAZY_SETS
from archive.replay.links import Links, Modifier
from archive.replay.styles import rewrite_style

Attributes = dict[str, str | None]

# Possessive throughout, so that no page can make it go back: time is linear in the page's length.
_ATTRIBUTE: Final = r"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+"""
_TOKEN: Final = re.compile(
    rf"<!--(?:-?>|.*?(?:--!?>|\Z))"
    rf"|<(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>(?:[\s/]++|{_ATTRIBUTE})*+)(?:>|\Z)"
    r"|<[!?/][^>]*+(?:>|\Z)",
    re.S,
)
_EACH: Final = re.compile(
    r"""([^\s/>][^\s/>=]*+)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+""", re.S
)
_MATTERS: Final = re.compile(
    r"src|href|style|poster|background|data|action|\bon|target|integrity|crossorigin|nonce|rel\b|"
    r"http-equiv|ping|manifest|lazy|load",
    re.I,
)
_RAW: Final = frozenset(
    {"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"}
)
_DROPPED_META: Final = frozenset(
    {"refresh", "content-security-policy", "x-dns-prefetch-control", "set-cookie", "origin-trial"}
)
_DROPPED_TAGS: Final = frozenset({"embed", "applet", "portal", "fencedframe"})
_DROPPED: Final = frozenset(
    {"integrity", "crossorigin", "nonce", "ping", "manifest", "action", "formaction", "codebase"}
)
# What covers a page until a script takes it away; the AF themes have one by default. A state of
# the page itself ("has-preloader") is none.
_COVER: Final = re.compile(
    r"(?:(?!has-|no-|with-|show-|is-|use-)[a-z0-9]+[-_])*"
    r"(?:pre[-_]?loader|(?:page|site)[-_]?loader|loader[-_]?wrapper|loading[-_]?(?:screen|overlay))"
    r"(?:[-_]?(?:wrap|wrapper|container|outer|overlay))?",
    re.I,
)
_PLACED: Final[dict[str, Modifier]] = {"iframe": "mp_", "frame": "mp_"}
_CANDIDATE: Final = re.compile(r"[\s,]*+([^\s,]\S*[^\s,]|[^\s,])\s*+((?:[^,(]|\([^)]*+\))*+)")
_NOSCRIPT: Final = 4_000  # characters in which a lazy image's twin ends
_IMAGE_SOURCE: Final = re.compile(r"""<img\b[^>]*?\bsrc\s*=\s*["']?([^"'\s>]+)""", re.I)


def rewrite_page(html: str, links: Links) -> str:
    """Return the page as it is replayed without scripts."""
    return _Page(links).rewrite(html)


class _Page:
    def __init__(self, links: Links) -> None:
        self.links = links
        self.lazy: set[str] = set()  # images that a script would have put in place

    def rewrite(self, html: str) -> str:
        out: list[str] = []
        at = 0
        while token := _TOKEN.search(html, at):
            out.append(html[at : token.start()])
            at = token.end()
            name = (token["name"] or "").lower()
            if name == "noscript" and (end := self._repeats_a_lazy_image(html, at)):
                at = end
                continue
            tag = self._tag(name, token[0], token["attributes"]) if name else token[0]
            if name not in _RAW:
                out.append(tag)
                continue
            inner, at = _raw(html, at, name)
            if name == "style":
                inner = rewrite_style(inner, self.links)
            out.append("" if name == "script" else tag + inner)
            if name == "script":
                at = _after_tag(html, at)
        out.append(html[at:])
        return "".join(out)

    def _repeats_a_lazy_image(self, html: str, at: int) -> int:
        """Return the end of a noscript element that shows an image which is shown already, else 0."""
        near = html[at : at + _NOSCRIPT]
        inner, end = _raw(near, 0, "noscript")
        shown = _IMAGE_SOURCE.search(inner)
        if end == len(near) or not shown or unescape(shown[1]) not in self.lazy:
            return 0
        return _after_tag(html, at + end)

    def _tag(self, name: str, tag: str, written: str) -> str:
        """Return a start tag as it is replayed, "" if it is taken out."""
        if name in _DROPPED_TAGS:
            return ""
        if not _MATTERS.search(written) and name not in ("base", "a", "area"):
            return tag
        attributes: Attributes = {}
        for each in _EACH.finditer(written):
            attributes.setdefault(each[1].lower(), _value(each[2]))
        changed = self._changed(name, dict(attributes))
        if changed == attributes:
            return tag
        if changed is None:
            return ""
        return (
            f"<{name}{''.join(map(_written, changed.items()))}{' /' if tag.endswith('/>') else ''}>"
        )

    def _changed(self, name: str, attributes: Attributes) -> Attributes | None:
        """Return the attributes of a tag as it is replayed, None if it is taken out."""
        if name == "base":
            self.links = self.links.within(attributes.get("href") or "")
            return None
        if name == "meta":
            return None if _word(attributes, "http-equiv") in _DROPPED_META else attributes
        if name == "link":
            return self._link(attributes)
        for gone in [key for key in attributes if key in _DROPPED or key.startswith("on")]:
            del attributes[gone]
        self._unlazy(name, attributes)
        if name not in ("html", "body") and _covers(attributes):
            attributes["style"] = f"{attributes.get('style') or ''};display:none!important".lstrip(
                ";"
            )
        if name in ("a", "area"):
            self._anchor(attributes)
        else:
            self._sources(name, attributes)
        if style := attributes.get("style"):
            attributes["style"] = rewrite_style(style, self.links)
        return attributes

    def _link(self, attributes: Attributes) -> Attributes | None:
        """Keep style sheets and icons; no hint to a browser to look something up or fetch it early."""
        kinds = _word(attributes, "rel").split()
        loads = (attributes.get("onload") or "").lower()
        if "preload" in kinds and _word(attributes, "as") == "style" and "stylesheet" in loads:
            kinds = ["stylesheet"]  # loadCSS's way of a style sheet that does not hold up the page
            attributes["rel"] = "stylesheet"
        elif "stylesheet" in kinds and "media" in loads:
            attributes["media"] = "all"
        if "stylesheet" not in kinds and "icon" not in kinds:
            return None
        for gone in ("integrity", "crossorigin", "nonce", "onload", "onerror", "as"):
            attributes.pop(gone, None)
        self._lead(attributes, "href", "cs_" if "stylesheet" in kinds else "im_")
        return attributes

    def _anchor(self, attributes: Attributes) -> None:
        """Lead a link to the framed page; one within the page stays within the frame."""
        for key in ("href", "xlink:href"):  # the latter is SVG's
            self._lead(attributes, key, "")
        attributes.pop("target", None)
        led = next(
            (attributes[key] or "" for key in ("href", "xlink:href") if key in attributes), "#"
        )
        if not led.startswith("#"):
            attributes["target"] = "_top"

    def _sources(self, name: str, attributes: Attributes) -> None:
        if name == "object":
            attributes.pop("data", None)
        for key in ("src", "poster", "background", "lowsrc", "href", "xlink:href"):
            self._lead(attributes, key, _PLACED.get(name, "im_") if key == "src" else "im_")
        for key in ("srcset", "imagesrcset"):
            if value := attributes.get(key):
                attributes[key] = self._set(value)
        if document := attributes.get("srcdoc"):
            attributes["srcdoc"] = _Page(self.links).rewrite(document)

    def _lead(self, attributes: Attributes, key: str, modifier: Modifier) -> None:
        if value := attributes.get(key):
            led = self.links.to(value, modifier)
            if led is None:
                del attributes[key]
            elif led != value.strip():
                attributes[key] = led

    def _set(self, value: str) -> str:
        """Lead each candidate of a srcset; source: WHATWG HTML, "parse a srcset attribute"."""
        found = ((url, size.strip()) for url, size in _CANDIDATE.findall(value))
        led = ((self.links.to(url, "im_"), size) for url, size in found)
        return ", ".join(f"{url} {size}".strip() for url, size in led if url)

    def _unlazy(self, name: str, attributes: Attributes) -> None:
        """Put in place what a script would have put there."""
        if name in ("img", "iframe", "source", "video", "audio"):
            for key, lazy in (("src", LAZY), ("srcset", LAZY_SETS)):
                if value := next((v for k in lazy if (v := attributes.get(k))), None):
                    attributes[key] = value
                    self.lazy.add(value)
        value = next((v for k in LAZY_BACKGROUNDS if (v := attributes.get(k))), None)
        if value and re.match(r"(?:https?:)?//|/|\S+\.(?:jpe?g|png|webp|gif|avif|svg)\b", value):
            style = attributes.get("style") or ""
            attributes["style"] = f"{style};background-image:url('{value}')".lstrip(";")
        if "lazyload" in (attributes.get("class") or "").split():  # lazysizes hides it until then
            attributes["class"] = (attributes["class"] or "").replace("lazyload", "lazyloaded")


def _covers(attributes: Attributes) -> bool:
    names = f"{attributes.get('id') or ''} {attributes.get('class') or ''}".split()
    return any(_COVER.fullmatch(name) for name in names)


def _raw(html: str, at: int, name: str) -> tuple[str, int]:
    """Return the text of an element that holds no tags, and where its end tag begins."""
    end = re.compile(rf"</{name}(?=[\s/>])", re.I).search(html, at)
    stop = end.start() if end else len(html)
    return html[at:stop], stop


def _after_tag(html: str, at: int) -> int:
    return html.find(">", at) + 1 or len(html)


def _value(written: str | None) -> str | None:
    if written is None:
        return None
    return unescape(written[1:-1] if written[0] in "\"'" else written)


def _word(attributes: Attributes, key: str) -> str:
    return (attributes.get(key) or "").strip().lower()


def _written(attribute: tuple[str, str | None]) -> str:
    name, value = attribute
    return f" {name}" if value is None else f' {name}="{escape(value)}"'
