"""Through proxies, under TLS that fails, with secrets, and for what middlewares fetch."""

from __future__ import annotations

import pytest

from tests.crawler.wire_cases import PAGE, lines, page
from tests.crawler.wire_crawl import Ask, Job, crawl
from tests.crawler.wire_server import End, Step, WireServer

ANSWER = page() + PAGE
SECRETS = ("s3cret", "t0ken", "p4ss")


def answer(target: str) -> tuple[Step, ...]:
    return (ANSWER,)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_changes_nothing_but_the_target(tmp_path, certificate, scheme) -> None:
    with WireServer(answer, certificate) as proxy:
        meta = {"proxy": f"http://robot:p4ss@127.0.0.1:{proxy.port}"}
        asks = [Ask(f"{scheme}://news.example/a?{n}", meta=meta) for n in range(6)]
        outcome = crawl(Job(asks, settings={"CONCURRENT_REQUESTS": 2}), tmp_path)
    assert outcome.failures == {}
    target = "http://news.example" if scheme == "http" else ""
    sent = {entry.target: entry.request for entry in proxy.log}
    assert set(sent) == {f"{target}/a?{n}" for n in range(6)}
    assert len(outcome.exchanges) == 6
    for exchange in outcome.exchanges:
        request = sent[target + exchange.url.removeprefix(f"{scheme}://news.example")]
        as_sent = [x for x in request.split(b"\r\n") if not x.startswith(b"Proxy-Authorization")]
        assert exchange.request == b"\r\n".join(as_sent)
        assert exchange.head + exchange.body == ANSWER
        assert exchange.ip is None
        assert (exchange.cipher is not None) == (scheme == "https")
    # The password did travel: in each request, or once a tunnel.
    carriers = [e.request for e in proxy.log] if scheme == "http" else proxy.connects
    assert carriers
    assert all(b"Proxy-Authorization: Basic" in carrier for carrier in carriers)


def test_a_proxy_that_refuses_the_tunnel_leaves_no_exchange(tmp_path) -> None:
    with WireServer(answer) as proxy:  # it answers 502 to CONNECT without a certificate
        meta = {"proxy": f"http://127.0.0.1:{proxy.port}"}
        outcome = crawl(Job([Ask("https://news.example/", meta=meta)]), tmp_path)
    assert len(proxy.connects) == 1
    assert len(outcome.failures) == 1
    assert outcome.exchanges == []


def test_a_handshake_that_fails_leaves_no_exchange(tmp_path, certificate) -> None:
    settings = {"DOWNLOAD_VERIFY_CERTIFICATES": True}  # which a self-signed one does not pass
    with WireServer(answer, certificate) as server:
        url = f"https://127.0.0.1:{server.port}/"
        outcome = crawl(Job([Ask(url)], settings=settings), tmp_path)
    assert list(outcome.failures) == [url]
    assert server.log == []
    assert outcome.exchanges == []


def test_under_tls_a_body_without_length_needs_a_proper_end(tmp_path, certificate) -> None:
    """RFC 9112 section 9.8: without close_notify it may have been cut."""
    head = lines(b"Content-Type: text/html")

    def script(target: str) -> tuple[Step, ...]:
        return (head + PAGE, End(target.strip("/")))

    with WireServer(script, certificate) as server:
        base = f"127.0.0.1:{server.port}"
        asks = [Ask(f"{s}://{base}/{end}") for s in ("http", "https") for end in ("close", "drop")]
        outcome = crawl(Job(asks), tmp_path)
    told = {e.url.replace(base, ""): e.truncated for e in outcome.exchanges}
    assert told == {
        "http:///close": None,
        "http:///drop": None,
        "https:///close": None,
        "https:///drop": "disconnect",
    }


def test_secrets_are_sent_and_not_kept(tmp_path) -> None:
    def script(target: str) -> tuple[Step, ...]:
        return (page(b"Set-Cookie: seen=yes") + PAGE,)

    headers = {
        "Cookie": "session=s3cret",
        "Authorization": "Bearer t0ken",
        "Proxy-Authorization": "Basic cDRzcw==",
        "Referer": "http://robot:p4ss@example.org/",
        "X-After": "stays",
    }
    with WireServer(script) as server:
        port = server.port
        asks = [
            Ask(f"http://127.0.0.1:{port}/direct", headers=headers),
            Ask(
                f"http://robot:p4ss@127.0.0.1:{port}/a//b@c",
                meta={"proxy": f"http://127.0.0.1:{port}"},
            ),
        ]
        outcome = crawl(Job(asks), tmp_path)
    wire = b"".join(entry.request for entry in server.log).decode()
    assert all(secret in wire for secret in SECRETS)
    assert len(outcome.exchanges) == 2
    for exchange in outcome.exchanges:
        kept = repr(exchange)
        assert not any(secret in kept for secret in (*SECRETS, "cDRzcw"))
        assert b"Set-Cookie: seen=yes" in exchange.head
    direct, proxied = sorted(outcome.exchanges, key=lambda e: e.url, reverse=True)
    assert b"Referer: http://example.org/\r\n" in direct.request
    assert b"X-After: stays\r\n" in direct.request
    assert proxied.url == f"http://127.0.0.1:{port}/a//b@c"
    assert proxied.request.startswith(f"GET {proxied.url} HTTP/1.1\r\n".encode())


def test_robots_redirects_and_retries_are_kept(tmp_path) -> None:
    moved = lines(b"Location: /busy", status=b"HTTP/1.1 301 Moved", length=0)
    busy = page(status=b"HTTP/1.1 503 Busy") + PAGE
    robots = b"User-agent: *\nAllow: /\n"
    answers: dict[str, list[bytes]] = {
        "/robots.txt": [page(body=robots) + robots],
        "/moved": [moved],
        "/busy": [busy, busy, ANSWER],
    }

    def script(target: str) -> tuple[Step, ...]:
        return (answers[target].pop(0),)

    settings = {"ROBOTSTXT_OBEY": True, "REDIRECT_ENABLED": True, "RETRY_ENABLED": True}
    with WireServer(script) as server:
        base = f"http://127.0.0.1:{server.port}"
        outcome = crawl(Job([Ask(f"{base}/moved")], settings=settings), tmp_path)
    assert list(outcome.responses) == [f"{base}/busy"]
    kept = [(e.url.removeprefix(base), e.head + e.body) for e in outcome.exchanges]
    assert kept == [
        ("/robots.txt", page(body=robots) + robots),
        ("/moved", moved),
        ("/busy", busy),
        ("/busy", busy),
        ("/busy", ANSWER),
    ]
    assert [e.request for e in outcome.exchanges] == [entry.request for entry in server.log]
    assert all(b"Accept-Encoding: gzip, br\r\n" in e.request for e in outcome.exchanges)


def test_only_http_is_fetched(tmp_path) -> None:
    asks = [
        Ask("ftp://127.0.0.1:1/a", meta={"proxy": "http://127.0.0.1:1"}),
        Ask("ftp://127.0.0.1:1/b"),
    ]
    outcome = crawl(Job(asks), tmp_path)
    assert set(outcome.failures.values()) == {"UnsupportedURLSchemeError"}
    assert len(outcome.failures) == 2
    assert outcome.exchanges == []
