"""`tgj import`: a county's files end to end, from the words of the command to the rows."""

import argparse
from pathlib import Path

import psycopg
import pytest

from backend.cli import importing
from backend.cli.demo import files
from backend.cli.demo.county import County, build_county
from backend.core.settings import Settings

TABLES = (
    *("region", "household", "member", "payee_account"),
    *("parcel", "parcel_area", "user_account", "role_grant"),
)


@pytest.fixture(scope="module")
def small() -> County:
    """Build two villages with sixty parcels."""
    return build_county(5, villages=2, parcels=60)


def tgj(url: str, *words: str | Path) -> int:
    """Run the command's words against the test's database."""
    arguments = parsed("import", *map(str, words))
    return importing.run(arguments, Settings(database_url=url))


def parsed(*words: str) -> argparse.Namespace:
    """Return the words as the command's own parser reads them."""
    parser = argparse.ArgumentParser()
    importing.add_parser(parser.add_subparsers())
    return parser.parse_args(words)


def numbers(owner: psycopg.Connection) -> dict[str, int]:
    """Return the rows of each table that an import fills."""
    found = {}
    for name in TABLES:
        row = owner.execute(f"SELECT count(*) FROM {name}").fetchone()
        assert row is not None
        found[name] = int(row[0])
    return found


def test_a_county_comes_in_by_three_files_and_twice_changes_nothing(
    small: County,
    database_url: str,
    owner: psycopg.Connection,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Households need their villages first; a dry run writes nothing; farmers may sign in."""
    made = files.write_files(small, tmp_path)
    assert tgj(database_url, "households", made.households) == 1
    assert "村名录" in capsys.readouterr().err
    assert tgj(database_url, "villages", made.villages) == 0
    assert tgj(database_url, "households", made.households, "--dry-run") == 0
    assert numbers(owner)["household"] == 0
    assert "预演" in capsys.readouterr().out
    for _ in range(2):
        assert tgj(database_url, "households", made.households) == 0
        assert tgj(database_url, "parcels", made.parcels) == 0
        assert numbers(owner) == {
            "region": 5,
            "household": len(small.households),
            "member": sum(len(home.members) for home in small.households),
            "payee_account": sum(bool(home.members[0].card) for home in small.households),
            "parcel": 60,
            "parcel_area": 120,
            "user_account": sum(any(m.phone for m in h.members) for h in small.households),
            "role_grant": sum(any(m.phone for m in h.members) for h in small.households),
        }
    out = capsys.readouterr().out
    assert "新增 60" in out
    assert "60 unchanged" in out


def test_one_bad_village_keeps_the_whole_county_out(
    small: County,
    database_url: str,
    owner: psycopg.Connection,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A wrong code in the second village leaves the first untouched, and is named."""
    made = files.write_files(small, tmp_path)
    before = numbers(owner)
    text = made.parcels.read_text("utf-8").replace("后沟", "前沟").replace("河滩", "河湾")
    last = small.parcels[-1]
    text = text.replace(last.household_code18, last.household_code18[:-4] + "9999")
    made.parcels.write_text(text, "utf-8")
    assert tgj(database_url, "parcels", made.parcels) == 1
    assert "9999 未登记" in capsys.readouterr().err
    assert numbers(owner) == before
    names = owner.execute("SELECT count(*) FROM parcel WHERE name ~ '前沟|河湾'").fetchone()
    assert names == (0,)


def test_a_missing_file_and_an_unknown_collective_are_said(
    small: County,
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both end with status 1 and a sentence that helps."""
    assert tgj(database_url, "parcels", tmp_path / "none.geojson") == 1
    assert "文件不存在" in capsys.readouterr().err
    assert tgj(database_url, "parcels", tmp_path) == 1
    assert "这是文件夹" in capsys.readouterr().err
    made = files.write_files(small, tmp_path)
    words = ("parcels", made.parcels, "--org", "14042910099900")
    assert tgj(database_url, *words) == 1
    assert "14042910099900" in capsys.readouterr().err
    assert tgj(database_url, *words[:3], "140429100999") == 1
    assert "应为 14 位" in capsys.readouterr().err


def test_the_words_of_the_command() -> None:
    """Every option of a parcel import reaches the job under its own name."""
    words = parsed(
        *("import", "parcels", "a.zip", "--org", "1", "--crs", "GCJ-02", "--layer", "DK"),
        *("--assign-codes", "--strict-overlaps", "--leave-out", "--dry-run"),
        *("--area-field", "area", "--area-unit", "mu"),
    )
    assert (words.crs, words.layer, words.org, words.area_field) == ("GCJ-02", "DK", "1", "area")
    assert words.assign_codes
    assert words.strict_overlaps
    assert words.leave_out
    assert words.dry_run
    assert words.run is importing.run
