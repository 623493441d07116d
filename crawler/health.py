"""What nobody looks at: one pure rule a trouble, over facts that ``crawler.facts`` gathers.

A rule returns a ``Finding`` or None. What to do about each stands in docs/operating.md, under the
rule's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from statistics import median
from typing import Final, TypeVar

from archive.cli.common import Exit
from archive.ledger import Check, Run

LATE: Final = timedelta(hours=1)  # past its start a run is overdue
FAILS: Final = 3  # runs in a row that ended badly
USUAL: Final = 5  # stories a day under which a portal is too small for its numbers to tell
FELL: Final = 0.3  # of the usual number, or the usual length
SAMPLE: Final = 10  # newest stories whose bodies are looked at
SAME: Final = 0.5  # share of them that have one and the same body
LONG: Final = 40  # words of a usual body; shorter ones are not told from briefs
VERIFY: Final = timedelta(days=180)  # the whole archive is to be read within it
ENDS_SOON: Final = timedelta(days=14)  # a certificate that is not renewed by then is forgotten
HELD: Final = timedelta(minutes=15)  # a shorter back-off is everyday

_BAD = (Exit.PARTLY, Exit.UNREACHABLE, Exit.DAMAGED, Exit.SETTING, Exit.HUNG, Exit.DISK_FULL)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A capture that shows it: its address, and where its record stands."""

    url: str
    captured: datetime
    status: int | None = None
    warc: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """One of a portal's newest stories: words of its body, the body's digest, its capture."""

    words: int
    body: str
    seen: Evidence


@dataclass(frozen=True, slots=True)
class Theme:
    """The theme that a capture of the home page shows."""

    name: str
    seen: Evidence


@dataclass(frozen=True, slots=True)
class FeedReading:
    """A capture of a feed: how many links it listed; None for a revisit, which is unchanged."""

    seen: Evidence
    links: int | None


@dataclass(frozen=True, slots=True)
class PortalFacts:
    """What is known of a portal at ``now``. Lists are newest first.

    ``windows`` counts the stories published in the 24 hours up to the last run, then in the same
    hours 7, 14, 21 and 28 days before. ``today`` and ``usual_today`` do so for the portal's day
    so far. ``next`` is when the next run starts, ``overdue`` since when one waits.
    ``excluded`` says why it is not crawled any more, "" if it is.
    ``certificate`` is what the home's server shows, ``held`` until when its host is left alone.
    """

    portal: str
    now: datetime
    scheduled: bool = False
    fault: str = ""
    excluded: str = ""
    running: Run | None = None
    runs: Sequence[Run] = ()
    next: datetime | None = None
    overdue: datetime | None = None
    today: int = 0
    usual_today: float | None = None
    windows: Sequence[int] = ()
    stories: Sequence[Story] = ()
    usual_words: float | None = None
    robots: Sequence[Evidence] = ()
    themes: Sequence[Theme] = ()
    feeds: Mapping[str, Sequence[FeedReading]] = field(default_factory=dict)
    held: datetime | None = None
    held_for: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """What is known of the archive as a whole at ``now``. Sizes in bytes.

    ``abandoned`` are unsealed WARC files whose writer is gone; ``behind`` counts bytes of WARC
    that are not in the tables, ``index_behind`` sealed files that index.cdxj does not have.
    ``unsearchable`` tells that there are stories and no search index.
    ``exclusions`` are those that stand, in words.
    ``supervised`` tells whether ``schedule run`` runs: with cron it need not.
    """

    now: datetime
    free: int
    floor: int
    writing: Sequence[str] = ()
    abandoned: Sequence[str] = ()
    behind: int = 0
    behind_since: datetime | None = None
    index_behind: Sequence[str] = ()
    unsearchable: bool = False
    verified: Check | None = None
    oldest: datetime | None = None
    supervised: bool = False
    exclusions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unwell. ``rule`` is its heading in docs/operating.md; ``portal`` "" the archive."""

    rule: str
    portal: str
    since: datetime
    says: str
    do: str
    evidence: tuple[Evidence, ...] = ()


T = TypeVar("T")
PortalRule = Callable[[PortalFacts], Finding | None]
ArchiveRule = Callable[[ArchiveFacts], Finding | None]


def broken_setting(facts: PortalFacts) -> Finding | None:
    """The portal's file cannot be used."""
    if not facts.fault:
        return None
    do = "correct the file; until then its last good schedule goes on"
    return Finding("broken_setting", facts.portal, facts.now, facts.fault, do)


def overdue(facts: PortalFacts) -> Finding | None:
    """A run should have started an hour ago, and none did."""
    if facts.overdue is None or facts.running or facts.now - facts.overdue < LATE:
        return None
    says = f"a run is due since {facts.overdue:%F %H:%M} UTC and has not started"
    do = "see that `morestories schedule run` runs; raise --at-once if too many wait"
    return Finding("overdue", facts.portal, facts.overdue, says, do)


def failing(facts: PortalFacts) -> Finding | None:
    """Run after run ends badly."""
    bad = _streak(facts.runs, _ended_badly)
    if len(bad) < FAILS:
        return None
    cause = bad[0].figures.get("cause", "")
    says = f"the last {len(bad)} runs ended badly, the newest: {_word(bad[0])} {cause}".rstrip()
    do = f"`morestories runs show {bad[0].id}` tells why"
    return Finding("failing", facts.portal, bad[-1].started, says, do)


def robots(facts: PortalFacts) -> Finding | None:
    """robots.txt forbids what it allowed before."""
    shut = _streak(facts.runs, lambda run: _refused(run) > _fetched(run))
    if not shut:
        return None
    says = f"robots.txt forbids {_refused(shut[0]):,} of the addresses that the last run asked for"
    do = "read the file as it was kept; ask the publisher. The archive keeps what it has"
    return Finding("robots", facts.portal, shut[-1].started, says, do, tuple(facts.robots[:2]))


def dns(facts: PortalFacts) -> Finding | None:
    """The host's name is not known any more."""
    return _network(facts, "dns", "the host's name is not known (DNS)", "see whether it moved")


def certificate(facts: PortalFacts) -> Finding | None:
    """No TLS connection comes about, or the certificate is none that a browser accepts."""
    told = _network(facts, "tls", "no TLS connection comes about", "open the site in a browser")
    if told:
        return told
    known = [run for run in facts.runs if run.figures.get("certificate")]
    bad = _streak(known, lambda run: bool(run.figures["certificate"].get("problem")))
    if not bad:
        return None
    says = f"the server's certificate will not do: {bad[0].figures['certificate']['problem']}"
    do = "pages are kept all the same; tell the publisher, and see that it is the same site"
    return Finding("certificate", facts.portal, bad[-1].started, says, do)


def back_off(facts: PortalFacts) -> Finding | None:
    """The host asked to be left alone, for long."""
    if facts.held is None or facts.held - facts.now < HELD:
        return None
    says = f"the host is left alone until {facts.held:%F %H:%M} UTC (it answered {facts.held_for})"
    return Finding("back_off", facts.portal, facts.now, says, "raise `delay` in the portal's file")


def fell(facts: PortalFacts) -> Finding | None:
    """Far fewer stories than usual on such a day."""
    if len(facts.windows) < 3:
        return None
    got, usual = facts.windows[0], median(facts.windows[1:])
    if usual < USUAL or got >= FELL * usual:
        return None
    since = facts.runs[0].started - timedelta(days=1) if facts.runs else facts.now
    says = f"{got} stories in 24 hours, {usual:.0f} are usual at this time of the week"
    do = "open the site; then `morestories crawl PORTAL --dry-run`: are its listings still there?"
    seen = tuple(story.seen for story in facts.stories[:1])
    return Finding("fell", facts.portal, since, says, do, seen)


def short(facts: PortalFacts) -> Finding | None:
    """Bodies became short: a teaser, a wall, a theme that hides them."""
    new, usual = facts.stories[:SAMPLE], facts.usual_words
    if len(new) < SAMPLE or usual is None or usual < LONG:
        return None
    now = median(story.words for story in new)
    if now >= FELL * usual:
        return None
    says = f"the {SAMPLE} newest stories have {now:.0f} words in the middle, {usual:.0f} are usual"
    return _bodies("short", facts, says, new)


def identical(facts: PortalFacts) -> Finding | None:
    """Many stories have one and the same body: a notice stands where the text was."""
    new = facts.stories[:SAMPLE]
    if len(new) < SAMPLE:
        return None
    most = max((story.body for story in new), key=[s.body for s in new].count)
    same = [story for story in new if story.body == most]
    if len(same) < SAME * SAMPLE:
        return None
    says = f"{len(same)} of the {SAMPLE} newest stories have one and the same body"
    return _bodies("identical", facts, says, same)


def theme(facts: PortalFacts) -> Finding | None:
    """The site has another theme: what was learned of its pages may not hold."""
    if not facts.themes:
        return None
    new = _streak(facts.themes, lambda one: one.name == facts.themes[0].name)
    before = facts.themes[len(new) : len(new) + 1]
    if not before:
        return None
    says = f"the theme was {before[0].name!r} and is {new[0].name!r}"
    do = "read a few new stories with `morestories try URL`; `theme` in the file, once all is well"
    seen = (new[-1].seen, before[0].seen)
    return Finding("theme", facts.portal, new[-1].seen.captured, says, do, seen)


def feed(facts: PortalFacts) -> Finding | None:
    """A feed that the portal's file names is gone, or lists nothing."""
    for url, readings in facts.feeds.items():
        dead = _streak(readings, _is_dead)
        if len(dead) < 2:
            continue
        status = dead[0].seen.status
        what = f"answers {status}" if status != 200 else "lists nothing"
        says = f"the feed {url} {what} since {len(dead)} readings"
        do = (
            "`morestories portal add HOME --force` finds the feeds anew, or take it out of the file"
        )
        seen = (dead[0].seen, dead[-1].seen)
        return Finding("feed", facts.portal, dead[-1].seen.captured, says, do, seen)
    return None


def disk(facts: ArchiveFacts) -> Finding | None:
    """There is less room than the floor: no crawl is started."""
    if facts.free >= facts.floor:
        return None
    says = f"{facts.free / 1e9:.1f} GB free, the floor is {facts.floor / 1e9:.1f} GB"
    do = "make room, or move the archive to another disk: docs/operating.md"
    return Finding("disk", "", facts.now, says, do)


def unsealed(facts: ArchiveFacts) -> Finding | None:
    """A crash left WARC files open."""
    if not facts.abandoned:
        return None
    says = f"{len(facts.abandoned)} WARC files were left open: {', '.join(facts.abandoned[:3])}"
    return Finding("unsealed", "", facts.now, says, "`morestories recover`, then `ingest`")


def behind(facts: ArchiveFacts) -> Finding | None:
    """What is kept is not in the tables, and nobody is at it."""
    if not facts.behind or facts.writing or facts.behind_since is None:
        return None
    if facts.now - facts.behind_since < LATE:
        return None
    says = f"{facts.behind / 1e6:,.1f} MB of WARC are not in the tables"
    return Finding("behind", "", facts.behind_since, says, "`morestories ingest`")


def index(facts: ArchiveFacts) -> Finding | None:
    """Sealed captures cannot be found by address: replay does not have them."""
    if not facts.index_behind:
        return None
    says = f"index.cdxj does not have {len(facts.index_behind)} sealed WARC files"
    return Finding("index", "", facts.now, says, "`morestories recover`")


def search(facts: ArchiveFacts) -> Finding | None:
    """There are stories, and nothing to search them with."""
    if not facts.unsearchable or facts.writing:
        return None
    says = "there are stories, and the folder search/ is missing"
    return Finding("search", "", facts.now, says, "`morestories ingest`")


def unverified(facts: ArchiveFacts) -> Finding | None:
    """Nobody has read what is kept for half a year, or whoever did found damage."""
    check = facts.verified
    if check is not None and check.damages:
        says = f"the last verification found {check.damages} damages"
        do = "`morestories verify` names each file and byte; bring it back from another copy"
        return Finding("unverified", "", check.ended, says, do)
    since = check.ended if check else facts.oldest
    if since is None or facts.now - since < VERIFY:
        return None
    says = "the archive was never verified" if check is None else f"verified last on {since:%F}"
    return Finding("unverified", "", since + VERIFY, says, "`morestories verify`")


PORTAL_RULES: Final[tuple[PortalRule, ...]] = (
    broken_setting,
    overdue,
    failing,
    robots,
    dns,
    certificate,
    back_off,
    fell,
    short,
    identical,
    theme,
    feed,
)
ARCHIVE_RULES: Final[tuple[ArchiveRule, ...]] = (disk, unsealed, behind, index, search, unverified)


def examine(archive: ArchiveFacts, portals: Iterable[PortalFacts]) -> list[Finding]:
    """Return everything that is unwell: the archive's own, then by portal."""
    found = [rule(archive) for rule in ARCHIVE_RULES]
    # Of what is excluded as a whole, nothing is expected.
    judged = [facts for facts in portals if not facts.excluded]
    found += [rule(facts) for facts in judged for rule in PORTAL_RULES]
    return [one for one in found if one is not None]


def _streak(items: Sequence[T], holds: Callable[[T], bool]) -> list[T]:
    """Return the newest items for which it holds, up to the first for which it does not."""
    return list(takewhile(holds, items))


def _ended_badly(run: Run) -> bool:
    """Tell whether a run is to be looked into; what a person began and interrupted is not."""
    died = run.exit is Exit.INTERRUPTED and run.planned is not None
    return died or run.exit in _BAD


def _word(run: Run) -> str:
    return run.exit.name.lower() if run.exit is not None else "running"


def _failures(run: Run, cause: str) -> int:
    return int(run.figures.get("failures", {}).get(cause, 0))


def _refused(run: Run) -> int:
    return _failures(run, "robots")


def _fetched(run: Run) -> int:
    captures: Mapping[str, int] = run.figures.get("captures", {})
    # robots.txt itself is a capture, too.
    return max(captures.get("200", 0) + captures.get("304", 0) - 1, 0)


def _network(facts: PortalFacts, cause: str, says: str, do: str) -> Finding | None:
    bad = _streak(facts.runs, lambda run: _failures(run, cause) > _fetched(run))
    if not bad:
        return None
    rule = {"dns": "dns", "tls": "certificate"}[cause]
    return Finding(rule, facts.portal, bad[-1].started, says, do)


def _bodies(rule: str, facts: PortalFacts, says: str, stories: Sequence[Story]) -> Finding:
    do = "`morestories try URL` shows how such a page is read: is the text in it?"
    seen = tuple(story.seen for story in stories[:3])
    return Finding(rule, facts.portal, stories[-1].seen.captured, says, do, seen)


def _is_dead(reading: FeedReading) -> bool:
    status = reading.seen.status
    return status is None or status >= 400 or (status == 200 and reading.links == 0)
