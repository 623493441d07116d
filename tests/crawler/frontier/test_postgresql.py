"""The frontier's contract on a real PostgreSQL, and what only many workers can show."""

from __future__ import annotations

import itertools
import threading
import uuid

import pytest
from sqlalchemy import create_engine, text

from crawler.frontier import Frontier
from tests.crawler.frontier.contract import NOW, FrontierContract, offer
from tests.postgresql import postgresql

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def socket_folder():
    with postgresql() as folder:
        yield folder


class TestPostgresql(FrontierContract):
    @pytest.fixture
    def frontier_url(self, socket_folder: str) -> str:
        server = f"postgresql+psycopg://postgres@/postgres?host={socket_folder}"
        name = f"f{uuid.uuid4().hex}"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return server.replace("@/postgres?", f"@/{name}?")

    def test_eight_workers_begin_at_once_on_an_empty_database(self, frontier_url):
        failed: list[Exception] = []
        ready = threading.Barrier(8)

        def begin() -> None:
            ready.wait()
            try:
                Frontier(frontier_url).close()
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=begin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []

    def test_eight_workers_share_without_a_double_claim(self, frontier_url):
        frontiers = [Frontier(frontier_url) for _ in range(8)]
        frontiers[0].offer("p", [offer(n) for n in range(400)], NOW)
        claimed: list[list[str]] = [[] for _ in frontiers]

        def work(n: int) -> None:
            while claims := frontiers[n].claim("p", 7, NOW):
                claimed[n] += [claim.url for claim in claims]

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for frontier in frontiers:
            frontier.close()
        urls = [url for one in claimed for url in one]
        assert len(urls) == len(set(urls)) == 400

    def test_two_workers_never_ask_a_host_within_its_delay(self, frontier_url):
        frontiers = [Frontier(frontier_url) for _ in range(4)]
        frontiers[0].pace("a.example", 1.0)
        frontiers[0].offer("p", [offer(n) for n in range(50)], NOW)
        asked: list[float] = []
        lock = threading.Lock()

        def work(frontier: Frontier) -> None:
            for tick in range(40):  # each worker's own clock runs over the same ten seconds
                now = NOW + tick / 4
                for _ in frontier.claim("p", 5, now):
                    with lock:
                        asked.append(now)

        threads = [threading.Thread(target=work, args=(one,)) for one in frontiers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for frontier in frontiers:
            frontier.close()
        asked.sort()
        assert all(later - sooner >= 1.0 for sooner, later in itertools.pairwise(asked))
        assert len(asked) >= 9
