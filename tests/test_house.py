"""The house rules that a machine can hold."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "scrapy.cfg",
    "pyproject.toml",
    "requirements.lock",
    "README.md",
    "CHANGELOG.md",
    "Makefile",
    ".gitignore",
    "crawler",
    "archive",
    "queries",
    "tests",
    "docs",
    "benchmarks",
    ".ci",
}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_the_top_level_needs_no_explaining():
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= ALLOWED


def test_no_file_names_a_registry():
    host = re.compile(rb"(pypi|pythonhosted|npmjs|debian)\.(org|com)|--(extra-)?index-url")
    makefile_flag = b"--no-emit-index-url"
    for path in tracked():
        if path.is_file() and path != Path(__file__):
            assert not host.search(path.read_bytes().replace(makefile_flag, b"")), path


def test_every_locked_package_has_a_version_and_a_hash():
    lock = (ROOT / "requirements.lock").read_text()
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        assert re.match(r"[\w.\[\],-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_archive_needs_no_crawler():
    script = (
        "import pkgutil, importlib, sys, archive\n"
        "for m in pkgutil.walk_packages(archive.__path__, 'archive.'):\n"
        "    importlib.import_module(m.name)\n"
        "print([n for n in sys.modules if n.split('.')[0] in ('crawler', 'scrapy', 'twisted')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr


def test_a_crawl_does_without_the_tables():
    script = (
        "import sys, crawler.run, crawler.progress, crawler.keeper, crawler.spiders.portal\n"
        "print([n for n in ('duckdb', 'pyarrow', 'numpy', 'tantivy') if n in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "[]", "they take 60 MB and half a second: " + ran.stderr


def test_private_apis_are_pinned_exactly():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in ("scrapy", "twisted", "duckdb", "trafilatura"):
        assert any(re.match(rf"{name}(\[\w+\])?==", need) for need in project["dependencies"]), name


def test_links_between_documents_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_make_takes_the_first_python_that_is_new_enough_and_says_so_if_none_is(tmp_path: Path):
    for name, script in (("python3", "exit 1"), ("python3.12", f"exec '{sys.executable}' \"$@\"")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    checkout = tmp_path / "प्रति २"
    checkout.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, checkout)

    def make(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", *arguments],
            cwd=checkout,
            env={"PATH": f"{tmp_path}:{os.defpath}", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert '"python3.12" -m venv .venv' in make("-n", "setup", "PYTHONS=python3 python3.12").stdout
    assert "crawl the bundled demo portal" in make().stdout
    refused = make("demo", "PYTHONS=python3")
    assert refused.returncode
    assert "Python 3.11 or newer; tried here: python3\n" in refused.stderr
    assert "make demo PYTHON=/path/to/" in refused.stderr
    assert "tried here: /nowhere/python\n" in make("test", "PYTHON=/nowhere/python").stderr
    assert not (checkout / ".venv").exists()
