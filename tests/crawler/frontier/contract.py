"""What every engine under the frontier must do; a test module runs this on each.

Times are made up: the frontier never reads a clock, it is told.
"""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace

import pytest

from archive.link import Link, LinkKind
from crawler.frontier import Claim, Frontier, Offer, Settled
from crawler.frontier.store import LEASE
from crawler.frontier.values import State
from crawler.portal import Declaration
from crawler.scope import Scope, key_of

NOW = 1_000_000.0


def offer(n: int, *, host: str = "a.example", **more: object) -> Offer:
    url = f"https://{host}/{n}/"
    return Offer(url=url, key=url, host=host, kind=LinkKind.FEED, **more)  # type: ignore[arg-type]


def done(claim: Claim, **more: object) -> Settled:
    fields = {"state": State.DONE, "outcome": "200", "fetched": NOW} | more
    return Settled(claim=claim, **fields)  # type: ignore[arg-type]


class FrontierContract:
    """Subclasses give a ``frontier_url`` fixture naming an empty database."""

    @pytest.fixture
    def frontier(self, frontier_url: str):
        frontier = Frontier(frontier_url)
        yield frontier
        frontier.close()

    @pytest.fixture
    def other(self, frontier_url: str):
        other = Frontier(frontier_url)
        yield other
        other.close()

    def test_an_offer_is_new_once(self, frontier):
        assert frontier.offer("p", [offer(1), offer(2), offer(1)], NOW) == 2
        assert frontier.offer("p", [offer(2), offer(3)], NOW) == 1
        assert frontier.offer("q", [offer(1)], NOW) == 1  # each portal has its own

    def test_claims_come_by_priority_and_only_once(self, frontier, other):
        frontier.offer("p", [offer(1, priority=5), offer(2, priority=0)], NOW)
        first = frontier.claim("p", 1, NOW)
        second = other.claim("p", 10, NOW)
        assert [c.url for c in first] == ["https://a.example/2/"]
        assert [c.url for c in second] == ["https://a.example/1/"]
        assert frontier.claim("p", 10, NOW) == []

    def test_a_done_url_is_not_claimed_again_until_it_is_due(self, frontier):
        frontier.offer("p", [offer(1)], NOW)
        (claim,) = frontier.claim("p", 1, NOW)
        frontier.settle([done(claim, due=NOW + 3600, etag='"x"')])
        assert frontier.claim("p", 1, NOW + 3599) == []
        (again,) = frontier.claim("p", 1, NOW + 3600)
        assert (again.visits, again.etag, again.first_fetched) == (1, '"x"', NOW)

    def test_a_lapsed_lease_goes_to_another_and_the_late_word_is_fenced_off(self, frontier, other):
        frontier.offer("p", [offer(1)], NOW)
        (late,) = frontier.claim("p", 1, NOW)
        assert other.claim("p", 1, NOW + LEASE - 1) == []
        (fresh,) = other.claim("p", 1, NOW + LEASE)
        frontier.settle([done(late, outcome="500", state=State.FAILED)])
        other.settle([done(fresh)])
        (row,) = frontier.why(fresh.url, fresh.url)
        assert (row["state"], row["outcome"]) == ("done", "200")

    def test_a_heartbeat_keeps_a_claim(self, frontier, other):
        frontier.offer("p", [offer(1)], NOW)
        frontier.claim("p", 1, NOW)
        frontier.heartbeat(NOW + LEASE - 1)
        assert other.claim("p", 1, NOW + LEASE + 1) == []

    def test_release_gives_back_without_counting_an_attempt(self, frontier, other):
        frontier.offer("p", [offer(1)], NOW)
        frontier.claim("p", 1, NOW)
        assert frontier.release() == 1
        (claim,) = other.claim("p", 1, NOW)
        assert claim.attempts == 1

    def test_a_host_with_a_delay_gives_one_url_each_delay_to_all_workers(self, frontier, other):
        frontier.pace("a.example", 2.0)
        frontier.offer("p", [offer(n) for n in range(5)] + [offer(1, host="b.example")], NOW)
        assert sorted(c.host for c in frontier.claim("p", 10, NOW)) == ["a.example", "b.example"]
        assert other.claim("p", 10, NOW + 1.9) == []
        assert len(other.claim("p", 10, NOW + 2.0)) == 1
        assert frontier.claim("p", 10, NOW + 3.9) == []

    def test_a_turn_moves_the_clock_that_claims_go_by(self, frontier, other):
        assert frontier.turn("a.example", NOW) == NOW  # an unknown host has no clock yet
        frontier.pace("a.example", 2.0)
        frontier.offer("p", [offer(1)], NOW)
        assert frontier.turn("a.example", NOW) == NOW
        assert other.turn("a.example", NOW + 0.5) == NOW + 2.0
        assert frontier.claim("p", 1, NOW + 3.9) == []
        assert len(frontier.claim("p", 1, NOW + 4.0)) == 1

    def test_a_pace_of_at_least_never_shortens(self, frontier):
        frontier.pace("a.example", 5.0)
        frontier.pace("a.example", 1.0, at_least=True)
        frontier.turn("a.example", NOW)
        assert frontier.turn("a.example", NOW) == NOW + 5.0
        frontier.pace("a.example", 1.0)
        assert frontier.turn("a.example", NOW) == NOW + 10.0
        assert frontier.turn("a.example", NOW) == NOW + 11.0

    def test_some_claims_are_given_back(self, frontier, other):
        frontier.offer("p", [offer(1), offer(2)], NOW)
        kept, given = frontier.claim("p", 2, NOW)
        assert frontier.release([given]) == 1
        assert [claim.url for claim in other.claim("p", 9, NOW)] == [given.url]
        assert kept.url != given.url

    def test_a_held_host_is_left_alone_and_a_hold_is_never_shortened(self, frontier):
        frontier.offer("p", [offer(1)], NOW)
        frontier.hold("a.example", NOW + 100, "429")
        frontier.hold("a.example", NOW + 10, "503")
        assert frontier.claim("p", 1, NOW + 99) == []
        assert frontier.pending("p", NOW).next_at == NOW + 100
        assert len(frontier.claim("p", 1, NOW + 100)) == 1

    def test_again_and_changed_bring_back_what_was_fetched(self, frontier):
        frontier.offer("p", [offer(1), offer(2), offer(3)], NOW)
        frontier.settle([done(c) for c in frontier.claim("p", 3, NOW)])
        assert frontier.offer("p", [offer(1)], NOW + 9) == 0
        frontier.offer("p", [offer(2, changed=NOW - 1), offer(3, changed=NOW + 1)], NOW + 9)
        assert [c.url for c in frontier.claim("p", 9, NOW + 9)] == ["https://a.example/3/"]
        frontier.offer("p", [offer(1, again=True)], NOW + 9)
        assert [c.url for c in frontier.claim("p", 9, NOW + 9)] == ["https://a.example/1/"]

    def test_a_skipped_url_keeps_its_reason_and_is_never_claimed(self, frontier):
        assert frontier.offer("p", [offer(1, reason="calendar")], NOW) == 0
        assert frontier.claim("p", 1, NOW) == []
        (row,) = frontier.why("https://a.example/1/", "")
        assert (row["state"], row["outcome"]) == ("skipped", "calendar")

    def test_pending_counts_due_waiting_and_others(self, frontier, other):
        frontier.offer("p", [offer(n) for n in range(4)], NOW)
        mine, retry = frontier.claim("p", 2, NOW)
        frontier.settle([done(retry, state=State.QUEUED, fetched=None, due=NOW + 30)])
        other.claim("p", 1, NOW)
        pending = frontier.pending("p", NOW)
        assert (pending.due, pending.waiting, pending.claimed) == (1, 1, 1)
        assert mine.url not in {c.url for c in other.claim("p", 9, NOW)}

    def test_what_a_dead_process_held_is_free_at_once(self, frontier, frontier_url):
        frontier.offer("p", [offer(1), offer(2)], NOW)
        script = (
            "import os, sys; from crawler.frontier import Frontier;"
            f"print(len(Frontier(sys.argv[1]).claim('p', 1, {NOW})), flush=True); os._exit(9)"
        )
        ran = subprocess.run(
            [sys.executable, "-c", script, frontier_url], capture_output=True, text=True
        )
        assert ran.stdout == "1\n", ran.stderr
        (mine,) = frontier.claim("p", 1, NOW)
        assert frontier.release_dead() == 1
        (freed,) = frontier.claim("p", 9, NOW)
        assert freed.url != mine.url

    def test_what_failed_waits_for_no_run_but_is_due_later(self, frontier):
        frontier.offer("p", [offer(1)], NOW)
        (claim,) = frontier.claim("p", 1, NOW)
        frontier.settle([done(claim, state=State.FAILED, fetched=None, due=NOW + 100)])
        assert frontier.pending("p", NOW).total == 0
        assert frontier.claim("p", 1, NOW + 99) == []
        assert [again.attempts for again in frontier.claim("p", 1, NOW + 100)] == [2]

    def test_many_urls_in_one_offer(self, frontier):
        assert frontier.offer("p", [offer(n) for n in range(5000)], NOW) == 5000
        assert frontier.offer("p", [offer(n) for n in range(5001)], NOW) == 1
        assert len(frontier.claim("p", 200, NOW)) == 200

    def test_what_was_refused_is_queued_by_an_offer_that_gives_no_reason(self, frontier):
        frontier.offer("p", [offer(1, reason="date_archive"), offer(2, reason="skip_rule")], NOW)
        frontier.offer("p", [offer(1, hops=1), offer(2, reason="skip_rule")], NOW)
        (claim,) = frontier.claim("p", 9, NOW)
        assert (claim.url, claim.hops) == ("https://a.example/1/", 1)

    def test_the_budget_of_a_pattern_stays_spent(self, frontier):
        frontier.offer("p", [offer(1, reason="pattern_budget")], NOW)
        frontier.offer("p", [offer(1)], NOW)
        assert frontier.claim("p", 9, NOW) == []

    def test_what_robots_txt_forbade_is_judged_anew_when_its_time_has_come(self, frontier):
        frontier.offer("p", [offer(1), offer(2)], NOW)
        frontier.settle(
            [
                done(c, state=State.SKIPPED, outcome="robots", fetched=None, due=NOW + 100)
                for c in frontier.claim("p", 9, NOW)
            ]
        )
        assert frontier.claim("p", 9, NOW + 100) == []  # nobody points to it any more
        frontier.offer("p", [offer(1), offer(2, again=True)], NOW + 99)
        assert [c.url for c in frontier.claim("p", 9, NOW + 99)] == ["https://a.example/2/"]
        frontier.offer("p", [offer(1)], NOW + 100)
        assert [c.url for c in frontier.claim("p", 9, NOW + 100)] == ["https://a.example/1/"]

    def test_an_origin_is_left_to_a_later_run(self, frontier):
        plain = offer(3)
        plain = replace(plain, url="http://a.example/3/", key="http://a.example/3/")
        frontier.offer("p", [offer(1), offer(2, host="b.example"), plain], NOW)
        assert frontier.postpone("p", "https://a.example", NOW + 100, "503") == 1
        assert {c.url for c in frontier.claim("p", 9, NOW)} == {
            "https://b.example/2/",
            "http://a.example/3/",
        }
        assert frontier.pending("p", NOW).total == 0
        (row,) = frontier.why("https://a.example/1/", "")
        assert (row["state"], row["outcome"]) == ("failed", "503")
        assert len(frontier.claim("p", 9, NOW + 100)) == 1

    def test_a_redirect_to_another_spelling_is_asked_for_by_it(self, frontier):
        frontier.offer("p", [offer(1)], NOW)
        (claim,) = frontier.claim("p", 1, NOW)
        to = done(claim, state=State.QUEUED, outcome="301", fetched=None, due=NOW, url="https://x/")
        frontier.settle([to])
        (again,) = frontier.claim("p", 1, NOW)
        assert (again.url, again.outcome, again.attempts) == ("https://x/", "301", 2)

    def test_a_clock_that_is_set_back_hides_nothing(self, frontier):
        earlier = NOW - 86_400
        frontier.pace("a.example", 2.0)
        frontier.offer("p", [offer(n) for n in range(3)], NOW)
        (claim,) = frontier.claim("p", 1, NOW)
        frontier.settle([done(claim, state=State.QUEUED, fetched=None, due=NOW + 20)])
        frontier.hold("a.example", NOW + 600, "429")
        assert frontier.pending("p", earlier).due == 3
        assert len(frontier.claim("p", 9, earlier)) == 1
        assert frontier.claim("p", 9, earlier + 1.9) == []
        frontier.hold("a.example", earlier + 50, "429")
        assert frontier.claim("p", 9, earlier + 49) == []
        assert frontier.turn("a.example", earlier) == earlier + 50

    def test_a_worker_that_slept_does_not_take_its_own_claims_twice(self, frontier, other):
        frontier.offer("p", [offer(1)], NOW)
        frontier.claim("p", 1, NOW)
        assert frontier.claim("p", 1, NOW + 9 * LEASE) == []
        assert len(other.claim("p", 1, NOW + 9 * LEASE)) == 1

    def test_an_address_of_any_length_keeps_its_reason(self, frontier):
        url = "https://a.example/?" + random.Random(3).randbytes(20_000).hex()
        (found,) = Scope(Declaration(id="p", home="https://a.example/")).offers(
            [Link(url, LinkKind.BODY)], via="", hops=1
        )
        assert frontier.offer("p", [found], NOW) == 0
        (row,) = frontier.why(url, key_of(url))
        assert row["outcome"] == "too_long"
