"""The five commands of docs/research.md run as typed, against the demo portal; results as frames."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import archive
from archive.ingest import Ingest
from tests.archive.store.newspaper import write_all
from tests.portal_site.tour import PORT, portal

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_five_commands_lead_from_nothing_to_a_plotted_answer(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "research.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```bash\n(.*?)```", page, re.S)
    assert len(commands.splitlines()) == 5
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    environment.pop("MORESTORIES_ARCHIVE", None)
    with portal(40) as site:
        typed = commands.replace(str(PORT), str(site.port))  # another port only where it is taken
        done = subprocess.run(
            ["bash", "-euc", typed], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    assert "portal   demo " in done.stdout
    assert (tmp_path / "timeline.csv").read_text(encoding="utf-8-sig").count("demo") >= 1
    assert (tmp_path / "timeline.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # DuckDB 1.5.5 calls pandas 3.1 so
def test_results_are_arrow_polars_and_pandas(tmp_path: Path) -> None:
    write_all(tmp_path)
    Ingest(tmp_path, workers=1).run()
    sql = "SELECT title, published, authors FROM search('पर्यटक') JOIN articles USING (article) ORDER BY url"
    with archive.open(tmp_path) as connection:
        arrow = connection.execute(sql).to_arrow_table()
        polars = connection.execute(sql).pl()
        pandas = connection.execute(sql).df()
    assert arrow.num_rows == polars.height == len(pandas) == 10
    assert arrow["title"].to_pylist() == polars["title"].to_list() == list(pandas["title"])
    assert arrow["published"].to_pylist() == polars["published"].to_list()
    assert [list(names) for names in pandas["authors"]] == polars["authors"].to_list()
