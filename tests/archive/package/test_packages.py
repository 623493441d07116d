"""WACZ, BagIt and WARC as the command makes them, checked by the programs of others."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import bagit
import pytest
import typer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from typer.testing import CliRunner, Result
from warcio.archiveiterator import ArchiveIterator

import archive
from archive.cdxj import Entry
from archive.cli import export as export_cli
from archive.cli.common import Exit
from archive.errors import BadSetting
from archive.package.extract import Extract, Span
from archive.package.sources import Source
from archive.package.wacz import write_wacz
from archive.warc.reader import decoded, read_capture
from tests.archive.package.archives import PICTURE
from tests.archive.store.newspaper import EDITED, SITE, address

app = typer.Typer()
export_cli.register(app)


def run(folder: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, words), "--archive", str(folder)])


def index_of(zipped: zipfile.ZipFile) -> list[Entry]:
    """Read the index as a viewer does: a block's place from the table, then the block."""
    data = zipped.read("indexes/index.cdx.gz")
    entries = []
    for line in zipped.read("indexes/index.idx").splitlines()[1:]:
        place = json.loads(line.split(b" ", 2)[2])
        block = gzip.decompress(data[place["offset"] : place["offset"] + place["length"]])
        assert block.startswith(b" ".join(line.split(b" ", 2)[:2]))
        entries += [Entry.parse(one) for one in block.splitlines()]
    return entries


def test_a_wacz_holds_what_was_kept(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.wacz"
    assert run(folder, file).exit_code == 0
    with zipfile.ZipFile(file) as zipped, archive.open(folder) as connection:
        zipped.extractall(tmp_path / "out")
        entries = index_of(zipped)
        stored = {name: zipped.getinfo(name).compress_type for name in zipped.namelist()}
        rows = connection.execute("SELECT url, captured FROM captures").fetchall()
        assert sorted(e.url for e in entries) == sorted(url for url, _ in rows)
        texts = dict(connection.execute("SELECT title, body FROM revisions").fetchall())
    assert {kind for name, kind in stored.items() if name.startswith("archive/")} == {0}
    bodies = {
        e.url: decoded(read_capture(tmp_path / "out" / "archive" / e.warc, e.offset))
        for e in entries
        if e.mime != "warc/revisit"
    }
    assert bodies[f"{SITE}/a.jpg"] == PICTURE
    pages = [
        json.loads(line) for line in (tmp_path / "out/pages/pages.jsonl").read_text().splitlines()
    ]
    assert pages[0]["format"] == "json-pages-1.0"
    assert set(texts.items()) <= {(page["title"], page.get("text")) for page in pages[1:]}
    assert EDITED in texts
    assert {page["url"] for page in pages[1:]} <= bodies.keys()


def test_every_member_is_as_described(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "one.wacz", "--query", f"SELECT '{address(5)}' AS url")
    with zipfile.ZipFile(tmp_path / "one.wacz") as zipped:
        package = zipped.read("datapackage.json")
        told = json.loads(package)
        listed = {one["path"]: one for one in told["resources"]}
        assert listed.keys() == set(zipped.namelist()) - {
            "datapackage.json",
            "datapackage-digest.json",
        }
        for path, one in listed.items():
            data = zipped.read(path)
            assert one["bytes"] == len(data)
            assert one["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        digest = json.loads(zipped.read("datapackage-digest.json"))
    assert digest["hash"] == f"sha256:{hashlib.sha256(package).hexdigest()}"
    assert told["mainPageUrl"] == address(5)


@pytest.fixture(scope="session")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install py-wacz, the format's own validator, in an environment of its own."""
    home = tmp_path_factory.mktemp("py-wacz")
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [home / "bin/python", "-m", "pip", "install", "-q", "wacz==0.6.0"]
    subprocess.run(pip, check=True, timeout=600)
    return home / "bin/wacz"


@pytest.mark.root
@pytest.mark.parametrize(
    "options",
    [(), ("--split", "6kB"), ("--portal", "khabar", "--from", "2026-03-02"), ("--crawl", "three")],
)
def test_py_wacz_finds_it_valid(
    folder: Path, tmp_path: Path, validator: Path, options: tuple[str, ...]
) -> None:
    assert run(folder, "--wacz", tmp_path / "made.wacz", *options).exit_code == 0
    files = sorted(tmp_path.glob("*.wacz"))
    assert len(files) > 2 if "--split" in options else len(files) == 1
    for file in files:
        command = [validator, "validate", "-f", file]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert "is valid" in done.stdout, done.stdout + done.stderr


@pytest.mark.root
def test_py_wacz_finds_a_changed_one_invalid(folder: Path, tmp_path: Path, validator: Path) -> None:
    run(folder, tmp_path / "made.wacz", "--crawl", "three")
    with (
        zipfile.ZipFile(tmp_path / "made.wacz") as old,
        zipfile.ZipFile(tmp_path / "changed.wacz", "w") as new,
    ):
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, body + b" " if name.startswith("pages/") else body)
    command = [validator, "validate", "-f", tmp_path / "changed.wacz"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "is invalid" in done.stdout


def test_a_signature_holds_for_its_key_and_text_only(folder: Path, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "key.pem").write_bytes(pem)
    file = tmp_path / "signed.wacz"
    assert run(folder, file, "--crawl", "two", "--sign", tmp_path / "key.pem").exit_code == 0
    with zipfile.ZipFile(file) as zipped:
        told = json.loads(zipped.read("datapackage-digest.json"))
        created = json.loads(zipped.read("datapackage.json"))["created"]
    signed = told["signedData"]
    assert (signed["hash"], signed["created"]) == (told["hash"], created)
    public = serialization.load_der_public_key(base64.b64decode(signed["publicKey"]))
    raw = base64.b64decode(signed["signature"])
    signature = encode_dss_signature(int.from_bytes(raw[:48]), int.from_bytes(raw[48:]))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, signed["hash"].encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"sha256:0", ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("text", [None, "no key", "-----BEGIN PRIVATE KEY-----\n"])
def test_a_bad_key_is_told_before_anything_is_written(
    folder: Path, tmp_path: Path, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "key.pem").write_text(text)
    result = run(folder, tmp_path / "a.wacz", "--sign", tmp_path / "key.pem")
    assert isinstance(result.exception, BadSetting)
    assert "openssl" in str(result.exception)
    assert not list(tmp_path.glob("*.wacz*"))


def test_memory_does_not_grow_with_the_warcs(tmp_path: Path) -> None:
    warc = tmp_path / "big.warc.gz"
    with warc.open("wb") as file:
        file.truncate(256_000_000)
    whole = Extract(warc, (Span(0, 256_000_000),), 256_000_000, True, {})
    told: list[int] = []
    tracemalloc.start()
    size = write_wacz(
        tmp_path / "big.wacz",
        [Source(warc.name, whole, ())],
        (),
        title="big",
        created=datetime.now(UTC),
        on_bytes=told.append,
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 256_000_000 == sum(told)
    assert peak < 8_000_000


def test_a_bag_is_valid_and_a_changed_one_is_not(folder: Path, tmp_path: Path) -> None:
    info = ("--info", "Source-Organization: राज्य अभिलेखागार", "--info", "Contact-Name: A: B")
    assert run(folder, "--bagit", tmp_path / "bag", *info).exit_code == 0
    bag = bagit.Bag(str(tmp_path / "bag"))
    bag.validate()
    assert bag.info["Source-Organization"] == "राज्य अभिलेखागार"
    assert bag.info["Contact-Name"] == "A: B"
    held = {path.name for path in (tmp_path / "bag/data/warc").iterdir()}
    assert held == {path.name for path in (folder / "warc").glob("*.warc.gz")}
    with (tmp_path / "bag/data/index.cdxj").open("ab") as file:
        file.write(b" ")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "bag")).validate()
    again = run(folder, "--bagit", tmp_path / "bag")
    assert "is there already" in str(again.exception)


def test_a_warc_is_read_by_others(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "one.warc.gz"
    sql = "SELECT url FROM articles WHERE number > 1"
    assert run(folder, "--warc", file, "--query", sql).exit_code == 0
    kinds: dict[str, int] = {}
    with io.BytesIO(file.read_bytes()) as raw:
        for record in ArchiveIterator(raw, check_digests="raise"):
            record.content_stream().read()
            kinds[record.rec_type] = kinds.get(record.rec_type, 0) + 1
    assert kinds["request"] == kinds["metadata"] == kinds["response"] + kinds.get("revisit", 0) > 0


def test_a_question_names_what_leaves(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "new.wacz", "--query", "newest")
    assert result.exit_code == 0
    with zipfile.ZipFile(tmp_path / "new.wacz") as zipped:
        assert {entry.url for entry in index_of(zipped)} >= {address(30), address(2)}


def test_nothing_chosen_writes_nothing(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "none.wacz", "--portal", "nobody")
    assert result.exit_code == Exit.NOTHING
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("a.wacz", "--bagit", "--warc"), "one form at a time"),
        (("a.csv", "--crawl", "one"), "for captures"),
        (("a.wacz", "--split", "much"), "no size"),
        (("a.zip", "--warc"), "end the name in .warc.gz"),
        (("b", "--bagit", "--info", "nothing"), "not 'Name: value'"),
        (("b", "--bagit", "--split", "1GB"), "a bag is one folder"),
        (("a.warc.gz", "--sign", "key"), "--sign is for a WACZ"),
        (("a.wacz", "--query", "newst"), "did you mean newest"),
        (("a.wacz", "--from", "yesterday"), "not a day"),
    ],
)
def test_a_wrong_wish_is_told(
    folder: Path, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    result = run(folder, tmp_path / words[0], *words[1:])
    assert says in str(result.exception)
    assert not list(tmp_path.iterdir())
