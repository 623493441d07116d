"""The declaration of a portal, and its file."""

import doctest
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from archive.errors import BadSetting
from archive.portal import Portal
from crawler import naming, portal, schedule
from crawler.portal import (
    BUNDLED,
    Declaration,
    all_declarations,
    find,
    portal_files,
    read_declaration,
    to_toml,
)

DOCS = Path(__file__).parents[2] / "docs" / "portals.md"
MINIMAL = 'id = "himkhabar"\nhome = "https://himkhabar.example/"\n'


def declare(**values):
    return Declaration.model_validate(
        {"id": "himkhabar", "home": "https://himkhabar.example/", **values}
    )


def put(folder: Path, text: str, name: str = "himkhabar") -> Path:
    path = folder / "portals" / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_short_file_is_enough(tmp_path):
    found = read_declaration(put(tmp_path, MINIMAL))
    assert found == declare()
    assert found.hosts == ("himkhabar.example", "www.himkhabar.example")
    assert (found.delay, found.robots, found.max_pages) == (1.0, "obey", None)
    assert found.facts() == Portal("himkhabar", home="https://himkhabar.example/")


def test_addresses_are_relative_to_home_and_lose_their_fragment():
    found = declare(
        home="https://himkhabar.example",
        feeds=["/feed/", "https://other.example/rss#x", "feed/"],
        rest="wp-json/wp/v2/posts",
    )
    assert found.home == "https://himkhabar.example/"
    assert found.feeds == ("https://himkhabar.example/feed/", "https://other.example/rss")
    assert found.rest == "https://himkhabar.example/wp-json/wp/v2/posts"


# Each: what is added to the minimal file, and what its one fault says, line first.
FAULTS = {
    "misspelt key": ("dealy = 3\n", ":3: unknown key 'dealy'; write 'delay'"),
    "unheard-of key": ("xyzzy = 1\n", ":3: unknown key 'xyzzy'; docs/portals.md lists the keys"),
    "table": ("[crawl]\ndelay = 1\n", ":3: unknown key 'crawl'"),
    "zone near": ('timezone = "Asia/Kolkatta"\n', ':3: timezone: .*such as "Asia/Kolkata"'),
    "place alone": ('timezone = "kolkata"\n', ':3: timezone: .*such as "Asia/Kolkata"'),
    "place with a fault": ('timezone = "Kolkotta"\n', ':3: .*such as "Asia/Kolkata"'),
    "abbreviation": ('timezone = "IST"\n', ":3: timezone: .*write a place"),
    "language by name": ('language = "Hindi"\n', ':3: language: .*write "hi"'),
    "language in itself": ('language = "मराठी"\n', ':3: language: .*write "mr"'),
    "locale": ('language = "hi_IN"\n', ':3: language: .*write "hi-IN"'),
    "string for a list": (
        'feeds = "/feed/"\n',
        r":3: feeds: '/feed/' is no list; write feeds = \[",
    ),
    "no scheme": ('rest = "ftp://himkhabar.example/"\n', ":3: rest: .*no web address"),
    "expression": ("skip = [\n  'ok',\n  '(',\n]\n", ":5: skip: .*no regular expression"),
    "expression for all": ("skip = ['x?']\n", ":3: skip: .*matches every URL"),
    "word": ('robots = "no"\n', ":3: robots: 'no' will not do; .*'obey' or 'ignore'"),
    "negative": ("# why\ndelay = -1\n", ":4: delay: -1 will not do; .*greater than or equal to 0"),
    "nan": ("delay = nan\n", ":3: delay: nan will not do"),
    "endless": ("timeout = inf\n", ":3: timeout: inf will not do"),
    "none at once": ("concurrency = 0\n", ":3: concurrency: 0 will not do"),
    "no budget": ("max_pages = 0\n", ":3: max_pages: 0 will not do"),
    "header": ('contact = "a@b.example\\r\\nX: y"\n', ":3: contact: .*line break"),
    "no contact": ('contact = "me"\n', ':3: contact: .*"you@example.org"'),
    "url for a host": (
        'hosts = ["himkhabar.example", "https://b.example/x"]\n',
        ':3: hosts: .*such as "b.example"',
    ),
    "home left out": ('hosts = ["b.example"]\n', ":3: hosts: .*add 'himkhabar.example'"),
    "not TOML": ("feeds = [\n", ":(3|4): not TOML"),
    "twice": ('id = "b"\n', ":3: not TOML"),
    "no quotes": ("name = हिम\n", ":3: not TOML"),
}


@pytest.mark.parametrize(("added", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_names_file_line_and_what_to_write(tmp_path, added, said):
    path = put(tmp_path, MINIMAL + added)
    with pytest.raises(BadSetting) as caught:
        read_declaration(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 1
    assert re.search(f"^{re.escape(str(path))}{said}", lines[0])


@pytest.mark.parametrize(
    ("id", "hint"),
    [("Him Khabar", "him-khabar"), ("-x", "x"), ("a" * 64, "a" * 63), ("हिम", ""), ("", "")],
)
def test_a_bad_id_is_refused_with_a_good_one(tmp_path, id, hint):
    path = put(tmp_path, f'id = "{id}"\nhome = "https://a.example/"\n')
    with pytest.raises(BadSetting, match=r":1: id: .*lower-case letters") as caught:
        read_declaration(path)
    assert (f'such as "{hint}"' in str(caught.value)) == bool(hint)


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path):
    path = put(tmp_path, 'hoem = "x"\nid = "A"\ndelay = -1\n')
    with pytest.raises(BadSetting) as caught:
        read_declaration(path)
    said = [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]
    assert [line[:2] for line in said] == ["1:", "1:", "2:", "3:"]
    assert "'home' is missing; write home = \"https://example.org/\"" in str(caught.value)


def test_files_as_editors_save_them(tmp_path):
    path = put(tmp_path, "")
    path.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert read_declaration(path) == declare()
    path.write_bytes(MINIMAL.encode() + "name = 'हिम'".encode("utf-16-le"))
    with pytest.raises(BadSetting, match=r":3: not (UTF-8; save the file as UTF-8|TOML)"):
        read_declaration(path)
    path.unlink()
    with pytest.raises(BadSetting, match="cannot be read: No such file"):
        read_declaration(path)


def test_find_prefers_the_archives_own_file(tmp_path):
    assert find("example", tmp_path).home == "https://khabar.example/"
    put(tmp_path, 'id = "example"\nhome = "https://own.example/"\n', "example")
    assert find("example", tmp_path).home == "https://own.example/"


def test_an_unknown_name_gets_the_nearest_and_the_next_command(tmp_path):
    put(tmp_path, MINIMAL)
    with pytest.raises(BadSetting, match=r"did you mean 'himkhabar'\?.*portal add"):
        find("himkhabr", tmp_path)
    for name in ("../himkhabar", "", "portals/himkhabar", "HIMKHABAR.toml"):
        with pytest.raises(BadSetting, match="no portal"):
            find(name, tmp_path)


def test_a_file_is_named_by_its_id(tmp_path):
    put(tmp_path, MINIMAL, "other")
    with pytest.raises(BadSetting, match=r"rename the file to himkhabar\.toml"):
        find("other", tmp_path)


def test_all_declarations_are_the_archives_and_the_bundled(tmp_path):
    put(tmp_path, MINIMAL)
    assert [known.id for known in all_declarations(tmp_path)] == ["example", "himkhabar"]
    assert [known.id for known in all_declarations(None)] == ["example"]
    assert set(portal_files(None).values()) == set(BUNDLED.glob("*.toml"))


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("https://himkhabar.example/a", True),
        ("http://www.himkhabar.example/a", True),
        ("https://HIMKHABAR.example:443/a", True),
        ("https://himkhabar.example:8443/a", False),
        ("https://hindi.himkhabar.example/a", False),
        ("https://himkhabar.example.evil.example/", False),
        ("ftp://himkhabar.example/a", False),
        ("https://himkhabar.example:port/", False),
        ("https://[::1/", False),
        ("", False),
    ],
)
def test_what_a_portal_covers(url, covered):
    assert declare().covers(url) is covered


def test_a_home_on_its_own_port_covers_that_port():
    found = declare(home="http://127.0.0.1:8000/")
    assert found.hosts == ("127.0.0.1",)
    assert found.covers("http://127.0.0.1:8000/a")
    assert not found.covers("http://127.0.0.1:9000/a")


def test_hosts_in_hindi_are_kept_in_ascii():
    found = declare(home="https://खबर.भारत/")
    assert found.hosts[0] == "xn--21b8bm.xn--h2brj9c"
    assert found.covers("https://xn--21b8bm.xn--h2brj9c/a")
    assert found.covers("https://खबर.भारत/a")


def test_skip_is_searched_in_the_whole_address():
    found = declare(skip=["/advertorial/", r"\?print=1$"])
    assert found.skips("https://himkhabar.example/advertorial/x") == "/advertorial/"
    assert found.skips("https://himkhabar.example/a?print=1") == r"\?print=1$"
    assert found.skips("https://himkhabar.example/a") is None


def test_the_user_agent_is_honest():
    agent = declare(contact="you@example.org").user_agent
    assert re.fullmatch(r"morestories/[\w.]+ \(news archive; you@example\.org\)", agent)


def test_a_declaration_cannot_be_changed():
    with pytest.raises(ValidationError):
        declare().delay = 0


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)
PATHS = st.lists(st.from_regex(r"/[a-z0-9/_.?=&%-]{0,20}", fullmatch=True), max_size=3)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "home": st.sampled_from(
                ["https://a.example/", "http://[::1]:8000/x/", "https://खबर.भारत/"]
            )
        },
        optional={
            "name": TEXT,
            "theme": TEXT,
            "feeds": PATHS,
            "sections": PATHS,
            "rest": st.sampled_from(["", "/wp-json/", "https://other.example/posts"]),
            "delay": st.floats(0, 3600),
            "max_pages": st.integers(1, 10**9),
            "skip": st.lists(st.sampled_from(["a+b", r"\d{4}", "'\"'"]), max_size=2),
            "revisits": st.booleans(),
        },
    ),
    st.dictionaries(st.sampled_from(["", "name", "timezone", "feeds", "max_pages"]), TEXT),
)
def test_what_is_written_reads_back(tmp_path_factory, values, notes):
    declaration = declare(**values)
    path = tmp_path_factory.getbasetemp() / "himkhabar.toml"
    path.write_text(to_toml(declaration, notes), encoding="utf-8", newline="")
    assert read_declaration(path) == declaration


def test_a_written_file_is_short_and_commented():
    text = to_toml(
        declare(name="हिम खबर", feeds=["/feed/"]), {"": "By hand.", "timezone": "Fill it in."}
    )
    assert text == (
        '# By hand.\nid = "himkhabar"\nname = "हिम खबर"\nhome = "https://himkhabar.example/"\n'
        '# Fill it in.\ntimezone = ""\nfeeds = ["/feed/"]\n'
    )


def test_the_docs_have_every_key_with_its_default():
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", DOCS.read_text("utf-8"), re.M)
    assert [key for key, _ in rows] == list(Declaration.model_fields)
    default = declare()
    for key, said in rows:
        value = getattr(default, key)
        if said == "required":
            assert Declaration.model_fields[key].is_required()
        elif key == "hosts":
            assert value == ("himkhabar.example", "www.himkhabar.example")
        else:
            words = {None: "none", (): "`[]`"}
            shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
            assert said == words.get(value, f"`{shown}`")


def test_the_example_in_the_docs_is_a_portal_file(tmp_path):
    whole, schedule = re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.S)
    assert read_declaration(put(tmp_path, whole)).feeds == ("https://himkhabar.example/feed/",)
    both = whole.replace("timezone", "# timezone") + schedule
    assert read_declaration(put(tmp_path, both)).month_pages == 60_000


@pytest.mark.parametrize("module", [naming, portal, schedule])
def test_examples_in_docstrings_are_true(module):
    assert doctest.testmod(module).failed == 0
