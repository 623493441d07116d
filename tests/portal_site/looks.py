"""What a theme brings beside its pages: stylesheets, a pattern, an icon font and a script."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from math import cos, pi, sin

from tests.portal_site import pictures

STYLE = """
@charset "UTF-8";
@import url("colours.css?ver=4.2");
@font-face{font-family:"Him Icons";src:url("fonts/him-icons.woff2") format("woff2");font-display:block}
body{margin:0;font:16px/1.6 "Noto Sans Devanagari","Lohit Devanagari",sans-serif}
.far{font-family:"Him Icons";font-style:normal;margin-right:4px}
.fa-clock::before{content:"\\f017"}.fa-user-circle::before{content:"\\f2bd"}
.site-header{border-style:none none solid;border-width:4px;padding:12px 5%;background:#fff url('images/paper.png')}
.site-title{font-size:2em;font-weight:700;margin:0}.site-title a{text-decoration:none}
.site-description{margin:0}.menu{list-style:none;padding:0;margin:8px 0 0;display:flex;flex-wrap:wrap;gap:14px}
.container{display:flex;flex-wrap:wrap;gap:24px;padding:20px 5%}.content-area,.section-block-upper{flex:3 1 560px}
.section-block-upper,.row,.af-container-row{min-width:0}
.em-breadcrumbs{flex-basis:100%}.trail-items,.cat-links{list-style:none;display:flex;gap:8px;padding:0;margin:0}
.sidebar-area{flex:1 1 240px}.widget,.af-single-article,.error-404{padding:16px;margin-bottom:18px}
.row,.af-container-row{display:flex;flex-wrap:wrap;gap:14px}.latest-posts-grid{flex:1 1 190px;max-width:260px;padding:8px}
figure{margin:0}img{max-width:100%;height:auto}.entry-title{line-height:1.3}
.lazyload{opacity:0}.lazyloaded{opacity:1}
.page-numbers,.post-page-numbers{margin-right:8px}.posts-date,.posts-author{margin-right:10px;font-size:.85em}
.site-footer{padding:16px 5%}.screen-reader-text{position:absolute;left:-9999px}
#af-preloader{position:fixed;inset:0;z-index:99999;background:#fff}
#af-preloader::after{content:"";position:absolute;inset:45% 45% auto;height:48px;background:url(images/paper.png)}
#scroll-up{position:fixed;right:20px;bottom:20px;width:36px;line-height:36px;text-align:center;text-decoration:none}
"""
COLOURS = """
body{color:#222;background:#f4f4f4}a{color:#14508c}.site-header{border-color:#b3261e}.site-title a{color:#b3261e}
.site-description,.posts-date,.posts-author{color:#777}.site-footer{background:#222;color:#ccc}
.widget,.af-single-article,.error-404,.latest-posts-grid{background:#fff}#scroll-up{background:#b3261e;color:#fff}
"""
# Uncovers the page once it is loaded, brings pictures that come near, and offers a way up: as
# the scripts of the AF themes and of lazysizes do.
SCRIPT = """
(function () {
  function bring(picture) {
    picture.src = picture.dataset.src;
    picture.className = picture.className.replace('lazyload', 'lazyloaded');
  }
  var near = new IntersectionObserver(function (seen) {
    seen.forEach(function (one) {
      if (one.isIntersecting) { near.unobserve(one.target); bring(one.target); }
    });
  }, { rootMargin: '300px' });
  document.querySelectorAll('img[data-src]').forEach(function (picture) { near.observe(picture); });
  window.addEventListener('load', function () {
    var cover = document.getElementById('af-preloader');
    if (cover) cover.remove();
    var up = document.createElement('a');
    up.id = 'scroll-up'; up.href = '#page'; up.textContent = '\\u2191';
    document.body.appendChild(up);
  });
})();
"""


@cache
def icon_font() -> bytes:
    """Return a WOFF2 font of two icons, a clock and a person, where Font Awesome has them."""
    from fontTools.fontBuilder import FontBuilder  # only who asks for the font pays for it

    glyphs = {
        ".notdef": _drawn(),
        "clock": _drawn((500, 350, 420), (500, 350, -340), (500, 450, 60), (570, 350, 60)),
        "person": _drawn((500, 350, 420), (500, 350, -370), (500, 450, 120), (500, 190, 170)),
    }
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap({0xF017: "clock", 0xF2BD: "person"})
    font.setupGlyf(glyphs)
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 80)))
    font.setupHorizontalHeader(ascent=850, descent=-150)
    font.setupNameTable({"familyName": "Him Icons", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=850, sTypoDescender=-150, usWinAscent=850, usWinDescent=150)
    font.setupPost()
    font.font["head"].created = font.font["head"].modified = 3_800_000_000  # the same each time
    font.font.recalcTimestamp = False
    font.font.flavor = "woff2"
    file = BytesIO()
    font.font.save(file)
    return file.getvalue()


def _drawn(*discs: tuple[int, int, int]) -> object:
    """Return a glyph of discs, each its centre and radius; a negative radius is a hole."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    for x, y, radius in discs:
        corners = [
            (round(x + abs(radius) * sin(-n * pi / 16)), round(y + radius * cos(n * pi / 16)))
            for n in range(32)
        ]
        pen.moveTo(corners[0])
        for corner in corners[1:]:
            pen.lineTo(corner)
        pen.closePath()
    return pen.glyph()


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "style.css": ("text/css", STYLE.encode),
    "colours.css": ("text/css", COLOURS.encode),
    "js/theme.js": ("text/javascript", SCRIPT.encode),
    "images/paper.png": ("image/png", pictures.paper),
    "fonts/him-icons.woff2": ("font/woff2", icon_font),
}
