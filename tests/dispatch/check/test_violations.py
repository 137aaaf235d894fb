"""Violations say who, where, when and by how much, in both languages."""

import pytest

from dispatch.check import Code, Violation, check
from dispatch.plan import Plan
from tests.dispatch.check.accounts import account
from tests.dispatch.check.faults import plus, stop, visit
from tests.dispatch.check.village import PLAN, PROBLEM


def _first(plan: Plan, code: Code) -> Violation:
    """Return the first violation of a kind."""
    return next(one for one in check(PROBLEM, account(PROBLEM, plan)) if one.code is code)


def test_a_violation_names_drone_crew_day_block_job_place_and_amount() -> None:
    """Twenty missing seconds over a plot are reported as such, at the right stop."""
    found = _first(visit(PLAN, "P1", finish_s=plus(-20)), Code.WORK_TIME)
    assert (found.drone_id, found.crew_id, found.day) == ("D0", "C0", 1)
    assert (found.block_id, found.job_id, found.position) == ("S6", "P1", 1)
    assert found.unit == "s"
    assert 19 < found.amount <= 20
    line = found.sentence()
    assert line.startswith("work_time: crew C0 drone D0 day 1 stop 1 block S6 job P1 by ")
    zh = found.sentence("zh")
    assert zh.startswith(
        "作业时间不足：机组 C0，无人机 D0，第 2 天，第 2 站，片区 S6，地块 P1，差 "
    )
    assert zh.endswith(" 秒")


def test_a_violation_of_a_truck_names_its_stop() -> None:
    """A minute missing at the mixing point belongs to the crew, not to a drone."""
    found = _first(stop(PLAN, "M1", leave_s=plus(-60)), Code.FILL_TIME)
    assert (found.crew_id, found.drone_id, found.day, found.position) == ("C1", "", 0, 1)
    assert found.sentence("zh") == "取水时间不足：机组 C1，第 1 天，第 2 站，差 60 秒"


@pytest.mark.parametrize(
    ("said", "zh"),
    [
        (Violation(code=Code.AREA, amount=1250, unit="centimu"), "面积不符：差 12.50 亩"),
        (Violation(code=Code.DAY), "日期不符：全计划"),
        (Violation(code=Code.WATER, amount=3, unit="ml"), "车载用水不符：差 3 毫升"),
    ],
)
def test_units_are_those_of_the_trade(said: Violation, zh: str) -> None:
    """Areas are said in mu, liquids in millilitres."""
    assert said.sentence("zh") == zh


def test_every_code_has_a_chinese_term_of_its_own() -> None:
    """Two codes never read alike."""
    terms = [code.zh for code in Code]
    assert len(set(terms)) == len(Code)
    lines = [Violation(code=code).sentence("zh") for code in Code]
    assert all("\u4e00" <= line[0] <= "\u9fff" for line in lines)
