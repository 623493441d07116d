"""What every engine under the frontier must do; a test module runs this on each.

Times are made up: the frontier never reads a clock, it is told.
"""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest

from archive.link import Link, LinkKind
from crawler.frontier import Claim, Frontier, Offer, Settled
from crawler.frontier.clock import Clock
from crawler.frontier.store import LEASE
from crawler.frontier.values import CRASHES, SUSPECT, State
from crawler.frontier.worker import machine, worker_name
from crawler.portal import Declaration
from crawler.recrawl import Pulse
from crawler.scope import Scope, key_of

NOW = 1_000_000.0


def offer(n: int, *, host: str = "a.example", **more: object) -> Offer:
    url = f"https://{host}/{n}/"
    return Offer(url=url, key=url, host=host, kind=LinkKind.FEED, **more)  # type: ignore[arg-type]


def done(claim: Claim, **more: object) -> Settled:
    fields = {"state": State.DONE, "outcome": "200", "fetched": NOW} | more
    return Settled(claim=claim, **fields)  # type: ignore[arg-type]


@dataclass
class Time:
    """What passes, and what the store's clock says of it."""

    passed: float = 0.0
    wall: float = NOW

    def pass_(self, seconds: float) -> None:
        self.passed += seconds
        self.wall += seconds

    def join(self, url: str) -> Frontier:
        """Return a new worker that lives in this time."""
        return Frontier(url, clock=Clock(lambda _: self.wall, steady=lambda: self.passed))


def die_with(url: str, limit: int, now: float) -> int:
    """Claim in a process that dies at once; return how many URLs it held."""
    script = (
        "import os, sys; from crawler.frontier import Frontier;"
        f"print(len(Frontier(sys.argv[1]).claim('p', {limit}, {now})), flush=True); os._exit(9)"
    )
    ran = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True)
    assert ran.stdout, ran.stderr
    return int(ran.stdout)


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
        assert die_with(frontier_url, 1, NOW) == 1
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

    def test_the_next_due_is_the_earliest_of_all_and_no_sooner_than_its_host_may_be_asked(
        self, frontier
    ):
        def seconds() -> float | None:
            moment = frontier.next_due("p")
            return None if moment is None else moment.timestamp()

        assert seconds() is None
        frontier.offer("p", [offer(1), offer(2, reason="skip_rule")], NOW)
        assert (seconds() or 0) <= NOW, "queued: at once"
        (first,) = frontier.claim("p", 9, NOW)
        frontier.settle([done(first, due=NOW + 3600)])
        assert seconds() == NOW + 3600
        frontier.offer("p", [offer(3, host="b.example")], NOW)
        (second,) = frontier.claim("p", 9, NOW)
        frontier.settle([done(second, due=NOW + 600)])
        assert seconds() == NOW + 600
        frontier.hold("b.example", NOW + 900, "503")
        assert seconds() == NOW + 900
        assert frontier.next_due("another") is None

    def test_a_listings_pulse_is_kept_and_what_was_met_after_it_is_newer(self, frontier):
        frontier.offer("p", [offer(1, listing=True)], NOW)
        (claim,) = frontier.claim("p", 1, NOW)
        frontier.settle([done(claim, due=NOW + 600, pulse=Pulse(10, None, 600.0))])
        frontier.offer("p", [offer(2)], NOW)
        frontier.offer("p", [offer(3), offer(4)], NOW + 300)
        keys = [offer(n).key for n in (2, 3, 4, 5)]
        assert frontier.newer("p", keys, NOW) == 2
        frontier.offer("p", [offer(1, again=True)], NOW + 300)
        again = next(c for c in frontier.claim("p", 9, NOW + 300) if c.id == claim.id)
        assert again.pulse == Pulse(10, None, 600.0)
        assert again.listing

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

    def test_a_url_that_worker_after_worker_dies_with_is_given_up(self, frontier, frontier_url):
        frontier.offer("p", [offer(1)], NOW)
        for death in range(1, CRASHES):
            assert die_with(frontier_url, 1, NOW) == 1
            assert (frontier.release_dead(), frontier.given_up) == (1, 0)
            (row,) = frontier.why("https://a.example/1/", "")
            assert (row["state"], row["attempts"]) == ("queued", death)
        die_with(frontier_url, 1, NOW)
        assert (frontier.release_dead(), frontier.given_up) == (1, 1)
        (row,) = frontier.why("https://a.example/1/", "")
        assert (row["state"], row["outcome"]) == ("failed", "worker_died")
        assert frontier.claim("p", 9, NOW + 1e7) == []
        assert frontier.next_at("p", NOW) is None

    def test_what_was_claimed_with_it_is_not_given_up(self, frontier, frontier_url):
        poison = 3
        frontier.offer("p", [offer(n) for n in range(8)], NOW)
        fetched: list[str] = []
        for _ in range(40):
            claims = frontier.claim("p", 9, NOW)
            if not claims:
                break
            if all(claim.died >= SUSPECT for claim in claims):
                assert len(claims) == 1
                assert frontier.claim("p", 9, NOW) == []  # nothing beside it
            if f"https://a.example/{poison}/" in {claim.url for claim in claims}:
                frontier.release(claims)
                die_with(frontier_url, 9, NOW)  # another takes the same, and dies
                frontier.release_dead()
                continue
            fetched += [claim.url for claim in claims]
            frontier.settle([done(claim) for claim in claims])
        assert len(fetched) == 7
        (row,) = frontier.why(f"https://a.example/{poison}/", "")
        assert (row["state"], row["outcome"]) == ("failed", "worker_died")

    def test_an_answer_clears_what_earlier_workers_died_of(self, frontier, frontier_url):
        frontier.offer("p", [offer(1)], NOW)
        for day in range(2 * CRASHES):
            die_with(frontier_url, 1, NOW + 10 * day)
            frontier.release_dead()
            (claim,) = frontier.claim("p", 1, NOW + 10 * day)
            frontier.settle([done(claim, due=NOW + 10 * (day + 1))])
        assert frontier.given_up == 0

    def test_a_lease_that_lapsed_was_a_try(self, frontier, other):
        frontier.offer("p", [offer(1)], NOW)
        for n in range(CRASHES):
            worker = (frontier, other)[n % 2]
            (claim,) = worker.claim("p", 1, NOW + n * LEASE)
            assert (claim.attempts, claim.died) == (n + 1, n)
        assert frontier.claim("p", 1, NOW + CRASHES * LEASE) == []
        assert frontier.given_up + other.given_up == 1

    @pytest.mark.parametrize("live", ["namespace", "boot", "host", "nonsense"])
    def test_a_worker_that_may_live_is_not_freed(self, frontier, frontier_url, live):
        """A container of the same name, and another machine, count processes for themselves."""
        host, boot, space = machine().split(":")
        gone = 2**22 + 1  # no process has it
        name = {
            "namespace": f"{host}:{boot}:1:{gone}:5:x",
            "boot": f"{host}:other:{space}:{gone}:5:x",
            "host": f"other:{boot}:{space}:{gone}:5:x",
            "nonsense": "x",
        }[live]
        frontier.offer("p", [offer(1)], NOW)
        there = Frontier(frontier_url, worker=name)
        assert len(there.claim("p", 1, NOW)) == 1
        assert frontier.release_dead() == 0
        there.close()

    def test_a_process_id_that_came_again_is_another_worker(self, frontier, frontier_url):
        frontier.offer("p", [offer(1), offer(2)], NOW)
        alive = Frontier(frontier_url, worker=worker_name())
        alive.claim("p", 1, NOW)
        gone = Frontier(frontier_url, worker=f"{machine()}:{os.getpid()}:1:x")
        gone.claim("p", 1, NOW)
        assert frontier.release_dead() == 1
        alive.close()
        gone.close()

    def test_a_host_has_one_clock_with_and_without_www_over_both_schemes(self, frontier, other):
        plain = replace(offer(1, host="www.a.example"), url="http://www.a.example/1/")
        frontier.offer("p", [offer(1), plain], NOW)
        frontier.pace("www.a.example", 2.0)
        assert len(frontier.claim("p", 9, NOW)) == 1
        assert other.claim("p", 9, NOW + 1.9) == []
        assert other.turn("www.A.example.", NOW + 1.9) == NOW + 2
        frontier.hold("www.a.example", NOW + 50, "429")
        assert other.claim("p", 9, NOW + 49) == []
        assert [claim.url for claim in other.claim("p", 9, NOW + 50)] == [plain.url]

    def test_a_shorter_way_to_what_is_queued_counts(self, frontier):
        frontier.offer("p", [offer(1, hops=7, via="far", priority=3), offer(2, hops=2)], NOW)
        frontier.offer("p", [offer(1, hops=2, via="near", priority=5)], NOW)
        frontier.offer("p", [offer(1, hops=4, via="middle", priority=1)], NOW)
        frontier.offer("p", [offer(2, hops=9, priority=9)], NOW)
        first, second = frontier.claim("p", 9, NOW)
        assert (first.hops, first.via, first.priority) == (2, "near", 1)
        assert (second.hops, second.priority) == (2, 5)
        frontier.offer("p", [offer(1, hops=1)], NOW)  # too late: it is being fetched
        frontier.release()
        assert frontier.claim("p", 1, NOW)[0].hops == 2

    @pytest.mark.parametrize("jump", [86_400.0, -86_400.0, 3e7, -3e7, 0.9, -1.1])
    def test_a_clock_that_jumps_moves_no_host_and_loses_nothing(self, frontier_url, jump):
        time = Time()
        workers = [time.join(frontier_url), time.join(frontier_url)]
        workers[0].pace("a.example", 2.0)
        workers[0].offer("p", [offer(n) for n in range(12)], workers[0].now())
        asked: list[float] = []
        urls: list[str] = []
        for tick in range(400):
            if tick == 10:
                time.wall += jump
            if tick == 20:  # one that joins after the jump goes by the others' time
                workers.append(time.join(frontier_url))
            if tick == 30:
                time.wall -= 2 * jump
            for worker in workers:
                if tick % 15 == 0:
                    worker.heartbeat(worker.now())
                for claim in worker.claim("p", 9, worker.now()):
                    asked.append(time.passed)
                    urls.append(claim.url)
                    worker.settle([done(claim, fetched=worker.now())])
            time.pass_(0.25)
        for worker in workers:
            worker.close()
        assert sorted(urls) == sorted(set(urls))
        assert len(urls) == 12
        assert all(later - sooner >= 2.0 for sooner, later in itertools.pairwise(asked)), asked
        assert asked[-1] < 30, "a host was left alone for longer than it asked"

    @pytest.mark.parametrize("wrong", [3e7, -3e7])
    def test_a_run_whose_clock_was_wrong_leaves_nothing_out_of_reach(self, frontier_url, wrong):
        time = Time(wall=NOW + wrong)
        then = time.join(frontier_url)
        then.pace("a.example", 2.0)
        then.offer("p", [offer(n, host=f"{n}.example") for n in range(4)], then.now())
        claims = then.claim("p", 9, then.now())
        then.settle([done(claims[0], due=then.now() + 86_400)])
        then.settle([done(claims[1], state=State.QUEUED, due=then.now() + 20)])
        then.settle([done(claims[2], state=State.FAILED, due=then.now() + 3600)])
        then.hold("1.example", then.now() + 600, "429")
        then.close()  # the fourth stays claimed: that machine is gone
        time.pass_(10)
        time.wall = NOW + 86_400
        later = time.join(frontier_url)
        assert abs(later.now() - time.wall) < 1e-6
        assert len(later.claim("p", 9, later.now())) == 4
        later.close()

    def test_what_is_left_is_told_without_counting_it(self, frontier, other):
        assert frontier.next_at("p", NOW) is None
        frontier.offer("p", [offer(n) for n in range(3)], NOW)
        assert frontier.next_at("p", NOW) == NOW
        first, second, third = frontier.claim("p", 3, NOW)
        assert frontier.next_at("p", NOW) is None  # its own claims are its own business
        assert other.next_at("p", NOW) == NOW + LEASE
        frontier.settle([done(first, due=NOW + 100)])
        frontier.settle([done(second, state=State.QUEUED, fetched=None, due=NOW + 30)])
        frontier.settle([done(third, state=State.FAILED, fetched=None, due=NOW + 50)])
        assert frontier.next_at("p", NOW) == NOW + 30
        frontier.hold("a.example", NOW + 40, "429")
        assert frontier.next_at("p", NOW) == NOW + 40
        assert frontier.next_at("p", NOW + 50) == NOW + 50
        assert len(frontier.due("p", NOW + 100)) == 3

    def test_a_request_that_leaves_late_moves_its_hosts_clock(self, frontier, other):
        frontier.pace("a.example", 2.0)
        frontier.offer("p", [offer(1), offer(2)], NOW)
        frontier.claim("p", 1, NOW)
        frontier.leaves("www.a.example", NOW + 0.5)
        frontier.leaves("a.example", NOW + 0.1)  # never back
        assert other.claim("p", 1, NOW + 2.4) == []
        assert len(other.claim("p", 1, NOW + 2.5)) == 1
