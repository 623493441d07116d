"""``morestories portal``, as a person or a script uses it."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from archive.cli.common import Exit
from archive.errors import BadSetting
from crawler.cli import portal as commands
from crawler.cli.main import app as whole
from crawler.cli.portal import add_portal
from crawler.portal import read_declaration
from tests.portal_site.server import PortalSite

app = typer.Typer()
commands.register(app)


@app.callback()
def _root() -> None:
    pass


def run(*arguments: object):
    return CliRunner().invoke(app, ["portal", *map(str, arguments)])


@pytest.fixture
def site():
    with PortalSite(20) as site:
        yield site


def put(archive: Path, id: str, text: str = "") -> Path:
    path = archive / "portals" / f"{id}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or f'id = "{id}"\nhome = "https://{id}.example/"\n', encoding="utf-8")
    return path


def test_add_writes_a_file_shows_it_and_says_what_is_next(site, tmp_path):
    result = run("add", site.url, "--id", "demo", "--archive", tmp_path, "--delay", 0)
    assert result.exit_code == 0
    path = tmp_path / "portals" / "demo.toml"
    text = path.read_text("utf-8")
    assert text in result.stdout
    assert f"Next: morestories crawl demo --archive {tmp_path}" in result.stdout
    assert 'add contact = "you@example.org"' in result.stdout
    declaration = read_declaration(path)
    assert (declaration.id, declaration.delay) == ("demo", 0)
    assert declaration.private_addresses == ("127.0.0.1",)
    assert [entry.name for entry in path.parent.iterdir()] == ["demo.toml"]


def test_a_second_add_is_refused_without_a_request_and_force_keeps_the_old(site, tmp_path):
    options = ("--archive", tmp_path, "--delay", 0)
    assert run("add", site.url, "--id", "demo", *options).exit_code == 0
    path = tmp_path / "portals" / "demo.toml"
    mine = path.read_text("utf-8") + "# my own note\n"
    path.write_text(mine, encoding="utf-8")
    asked = len(site.asked)

    result = run("add", site.url, *options)
    assert isinstance(result.exception, BadSetting)
    assert "already registered as 'demo'" in str(result.exception)
    assert "--force" in str(result.exception)
    assert len(site.asked) == asked

    result = run("add", site.url, "--id", "demo", "--force", *options)
    assert result.exit_code == 0
    assert path.with_suffix(".toml.old").read_text("utf-8") == mine
    assert "my own note" not in path.read_text("utf-8")
    assert "demo.toml.old" in result.stderr


def test_a_taken_id_is_refused(site, tmp_path):
    put(tmp_path, "broken", "nonsense")
    put(tmp_path, "demo")
    with pytest.raises(BadSetting, match=r"taken by https://demo\.example/.*--id"):
        add_portal(site.url, tmp_path, id="demo", delay=0)
    assert site.asked == []


@pytest.mark.parametrize(
    ("path", "act", "code", "said"),
    [
        ("/robots.txt", "reset", Exit.UNREACHABLE, "reset"),
        ("/robots.txt", "503", Exit.ROBOTS, "answered 503"),
        ("/", "404", Exit.NOTHING, "there is no page"),
        ("/", "500", Exit.UNREACHABLE, "answered 500"),
        ("/", "elsewhere", Exit.UNREACHABLE, "169.254.169.254 is the private address"),
    ],
)
def test_each_cause_has_its_exit_code(site, tmp_path, path, act, code, said):
    site.misbehave(path, act)
    result = run("add", site.url, "--archive", tmp_path, "--delay", 0)
    assert result.exit_code == code
    assert said in result.stderr
    assert not (tmp_path / "portals").exists()


def test_list_shows_own_and_bundled_portals(tmp_path):
    put(tmp_path, "himkhabar")
    result = run("list", "--archive", tmp_path)
    assert result.exit_code == 0
    assert "https://himkhabar.example/" in result.stdout
    rows = json.loads(run("list", "--json", "--archive", tmp_path).stdout)
    assert [row["id"] for row in rows] == ["example", "himkhabar"]
    assert rows[0]["timezone"] == "Asia/Kolkata"


def test_a_broken_file_hides_no_other(tmp_path):
    put(tmp_path, "good")
    put(tmp_path, "bad", "id = 3\n")
    result = run("list", "--archive", tmp_path)
    assert result.exit_code == Exit.SETTING
    assert "good" in result.stdout
    assert "broken" in result.stdout
    assert "portal check" in result.stderr


def test_check_names_every_fault(tmp_path):
    put(tmp_path, "good")
    path = put(tmp_path, "bad", 'id = "bad"\nhome = "https://bad.example/"\ndealy = 1\n')
    result = run("check", "--archive", tmp_path)
    assert result.exit_code == Exit.SETTING
    assert "good: all well" in result.stdout
    assert f"{path}:3: unknown key 'dealy'; write 'delay'" in result.stderr
    assert run("check", "good", "--archive", tmp_path).exit_code == 0
    assert run("check", path, "--archive", tmp_path).exit_code == Exit.SETTING


def test_show_gives_the_file_or_every_value_in_force(tmp_path):
    path = put(tmp_path, "himkhabar", '# why\nid = "himkhabar"\nhome = "https://h.example/"\n')
    assert run("show", "himkhabar", "--archive", tmp_path).stdout == path.read_text("utf-8")
    every = run("show", "himkhabar", "--all", "--archive", tmp_path).stdout
    assert "max_total_bytes" in every
    assert "www.h.example" in every
    values = json.loads(run("show", "himkhabar", "--json", "--archive", tmp_path).stdout)
    assert values["delay"] == 1.0
    assert values["hosts"] == ["h.example", "www.h.example"]
    result = run("show", "himkhabr", "--archive", tmp_path)
    assert "did you mean 'himkhabar'?" in str(result.exception)


@pytest.mark.parametrize("command", ["add", "list", "show", "check"])
def test_help_teaches(command):
    assert "--archive" in run(command, "--help").stdout


def test_help_fills_the_lines_of_a_terminal_and_keeps_its_examples():
    told = CliRunner(env={"COLUMNS": "80"}).invoke(whole, ["portal", "add", "--help"]).stdout
    lines = [line.strip() for line in told.splitlines()]
    assert "Makes at most 15 requests and obeys robots.txt. Read the file, correct it," in lines
    assert "morestories portal add https://himkhabar.example/" in lines
