"""Files of Reddit data for tests, and a reader of them that is not haar's."""

import io
import json
from pathlib import Path

import zstandard

FOLDER = Path(__file__).parent.parent / "data" / "reddit"

COMMENTS = FOLDER / "RC_2005-12.zst"
MIXED_COMMENTS = FOLDER / "mixed_years_comments_2005-2024.ndjson"
MIXED_SUBMISSIONS = FOLDER / "mixed_years_submissions_2005-2024.ndjson"
PIPELINE = sorted(FOLDER.glob("saisanthosh_reddit_*.csv"))


def read_lines(file: Path) -> list[dict]:
    """The records of a file of JSON lines, compressed or not."""
    with file.open("rb") as raw:
        if file.suffix == ".zst":
            raw = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(raw)
        return [json.loads(line) for line in io.TextIOWrapper(raw, encoding="utf-8", newline="\n")]
