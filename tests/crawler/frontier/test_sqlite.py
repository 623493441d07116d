"""The frontier's contract on SQLite, what older files become, and what a look costs."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import event

from crawler.frontier import Frontier
from tests.crawler.frontier.contract import NOW, FrontierContract, done, offer


class TestSqlite(FrontierContract):
    @pytest.fixture
    def frontier_url(self, tmp_path) -> str:
        return f"sqlite:///{tmp_path / 'frontier.sqlite'}"

    def test_a_frontier_of_the_first_version_is_taken_over(self, frontier_url, tmp_path):
        with sqlite3.connect(tmp_path / "frontier.sqlite") as database:
            database.executescript(FIRST)
        database.close()
        frontier = Frontier(frontier_url)
        assert [c.url for c in frontier.claim("p", 9, NOW)] == ["https://www.a.example/"]
        assert frontier.turn("a.example", NOW) == NOW
        frontier.close()
        Frontier(frontier_url).close()

    def test_a_look_costs_the_same_however_much_is_queued(self, frontier):
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        @event.listens_for(frontier._engine, "checkout")
        def watch(connection, *_):
            connection.set_progress_handler(count, 10)

        def cost() -> list[int]:
            nonlocal steps
            costs = []
            for look in (frontier.claim, frontier.next_at):
                arguments = ("p", 20, NOW) if look == frontier.claim else ("p", NOW)
                steps = 0
                look(*arguments)
                costs.append(steps)
            steps = 0
            frontier.heartbeat(NOW)
            frontier.release()
            return [*costs, steps]

        done_with = [offer(n) for n in range(30)]
        frontier.offer("p", [*done_with, *(offer(n, host="b.example") for n in range(500))], NOW)
        frontier.settle([done(claim) for claim in frontier.claim("p", 30, NOW)])
        few = cost()
        frontier.offer("p", [offer(n, host="b.example") for n in range(500, 20_000)], NOW)
        many = cost()
        assert all(a > 0 for a in few)
        assert all(late <= 1.5 * early for early, late in zip(few, many, strict=True)), (few, many)
        frontier.pace("b.example", 60)
        frontier.turn("b.example", NOW)
        assert all(late <= 1.5 * early for early, late in zip(few, cost(), strict=True))


FIRST = """
CREATE TABLE urls (
    id INTEGER NOT NULL, portal TEXT NOT NULL, "key" TEXT NOT NULL, url TEXT NOT NULL,
    host TEXT NOT NULL, kind TEXT NOT NULL, via TEXT NOT NULL, hops INTEGER NOT NULL,
    priority INTEGER NOT NULL, listing INTEGER NOT NULL, state TEXT NOT NULL, due FLOAT,
    attempts INTEGER NOT NULL, visits INTEGER NOT NULL, worker TEXT NOT NULL,
    token INTEGER NOT NULL, lease FLOAT, outcome TEXT NOT NULL, offered FLOAT NOT NULL,
    first_fetched FLOAT, fetched FLOAT, etag TEXT NOT NULL, last_modified TEXT NOT NULL,
    PRIMARY KEY (id), UNIQUE (portal, "key"));
CREATE INDEX urls_next ON urls (portal, state, priority, due);
CREATE TABLE hosts (
    host TEXT NOT NULL, next_allowed FLOAT NOT NULL, delay FLOAT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL, PRIMARY KEY (host));
INSERT INTO hosts VALUES ('www.a.example', 0, 1, '');
INSERT INTO urls VALUES (1, 'p', 'https://www.a.example/', 'https://www.a.example/',
    'www.a.example', 'body', '', 0, 5, 0, 'queued', 0, 0, 0, '', 0, NULL, '', 1, NULL, NULL, '', '');
"""
