"""The checker finds every seeded fault and calls it by its name, and by no other."""

import pytest

from dispatch.check import Code, check
from tests.dispatch.check import (  # noqa: F401 - they register
    faults_plan,
    faults_problem,
    faults_sums,
)
from tests.dispatch.check.accounts import account
from tests.dispatch.check.faults import FAULTS
from tests.dispatch.check.village import FROZEN, PLAN, PROBLEM


@pytest.mark.parametrize("name", FAULTS)
def test_each_seeded_fault_is_caught_with_its_code(name: str) -> None:
    """A plan spoiled in one way is refused with the code of that way, and for nothing else."""
    fault = FAULTS[name]
    problem, plan = fault.spoil(FROZEN if fault.frozen else PROBLEM, PLAN)
    if fault.settle:
        plan = account(problem, plan)
    found = check(problem, plan)
    codes = {violation.code for violation in found}
    listing = "\n".join(violation.sentence() for violation in found)
    assert fault.code in codes, listing
    assert codes <= {fault.code} | fault.also, listing


def test_every_code_is_seeded() -> None:
    """No code exists that no fault provokes."""
    assert {fault.code for fault in FAULTS.values()} == set(Code)


def test_there_are_many_faults() -> None:
    """Two faults for every code on average."""
    assert len(FAULTS) >= 2 * len(Code)
