"""Made-up people: households, members, bank cards and the workers among them.

Identity numbers carry the unassigned area code 990000 and a right check digit, phones lie in
1990000xxxx and cards in the made-up range 629999, so none can be anybody's.
"""

import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate

import numpy as np

from backend.cli.demo.rows import HouseholdRow, MemberRow, PayBasis, WorkerRow
from backend.core import codes

AS_OF = date(2026, 1, 1)
BANK = "示范农村商业银行"

_SURNAMES = tuple("王李武魏郝张赵刘程韩段任史杨安陈暴姜")
_MALE = tuple("建国志强永红卫东海军文明晋生贵福全旺树林根有保成玉山栓柱明亮宏伟世昌")
_FEMALE = tuple("秀英桂兰玉梅爱莲改香翠花金凤彩霞春燕晓丽素珍润月变娥巧云雪琴")
_FEMALE_RELATIONS = frozenset({"妻", "女", "母", "儿媳", "孙女"})
_RATES: tuple[tuple[PayBasis, int, int, int], ...] = (
    ("day", 11_000, 16_000, 500),
    ("hour", 1_400, 2_000, 100),
    ("mu", 800, 1_500, 50),
    ("piece", 40, 90, 5),
)


@dataclass(frozen=True, slots=True)
class _Person:
    """A member before numbers are given out, with the age in whole years."""

    relation: str
    name: str
    age: int
    female: bool


class Registry:
    """Gives out numbers that no second person has: identity, phone and card.

    ``wrong`` and ``missing`` are the running numbers of households whose card has a wrong check
    digit or that have none, for payouts that fail and are tried again.
    """

    def __init__(self, rng: np.random.Generator, households: int) -> None:
        self._rng = rng
        self._phones = iter(rng.permutation(10_000))
        self._births: Counter[date] = Counter()
        self._cards = 0
        order = [int(k) for k in rng.permutation(households)]
        missing = max(1, round(households / 100))
        self.missing = frozenset(order[:missing])
        self.wrong = frozenset(order[missing : missing + max(1, round(households / 200))])

    def identity(self, birth: date, *, female: bool) -> str:
        """Return an 18-digit number; even sequence numbers are women's (GB 11643)."""
        self._births[birth] += 1
        sequence = 2 * self._births[birth] - (0 if female else 1)
        return codes.make_id("990000", birth, sequence)

    def phone(self) -> str:
        """Return the next of the ten thousand phone numbers."""
        return f"1990000{next(self._phones):04d}"

    def card(self, *, wrong: bool) -> str:
        """Return a card of 19 digits, its last one right by Luhn's rule unless ``wrong``."""
        self._cards += 1
        body = f"629999{self._rng.integers(1_000_000):06d}{self._cards:06d}"
        right = next(digit for digit in range(10) if codes.luhn(f"{body}{digit}"))
        return f"{body}{(right + wrong) % 10}"


def settle(
    rng: np.random.Generator, registry: Registry, collective: str, first: int, count: int
) -> list[HouseholdRow]:
    """Return ``count`` households of a collective, numbered in the county from ``first``.

    A few surnames are common in each village, as in villages of one clan.
    """
    surnames = [_SURNAMES[int(k)] for k in rng.permutation(len(_SURNAMES))]
    edges = list(accumulate(1 / rank for rank in range(1, len(surnames) + 1)))
    clans = _Clans(rng, surnames, edges)
    households = []
    for k in range(count):
        persons = _family(rng, clans)
        members = [_member(rng, registry, person, persons[0]) for person in persons]
        if first + k not in registry.missing:
            card = registry.card(wrong=first + k in registry.wrong)
            members[0] = replace(members[0], card=card, bank=BANK)
        households.append(HouseholdRow(f"{collective}{k + 1:04d}", persons[0].name, tuple(members)))
    return households


def hire(
    rng: np.random.Generator,
    registry: Registry,
    households: list[HouseholdRow],
    count: int,
) -> list[WorkerRow]:
    """Choose up to ``count`` workers of 18 to 66, one a household; one in sixteen leads.

    A worker without a card gets one in ``households``, unless the household has none at all.
    """
    workers = []
    fit = [
        (where, [k for k, one in enumerate(home.members) if 18 <= _age(one.birth) <= 66])
        for where, home in enumerate(households)
    ]
    homes = [(where, able) for where, able in fit if able]
    for rank, drawn in enumerate(rng.permutation(len(homes))[:count]):
        where, able = homes[int(drawn)]
        home = households[where]
        chosen = int(rng.choice(able))
        member = home.members[chosen]
        if not member.card and home.members[0].card:
            member = replace(member, card=registry.card(wrong=False), bank=BANK)
            members = (*home.members[:chosen], member, *home.members[chosen + 1 :])
            households[where] = replace(home, members=members)
        foreman = rank % 16 == 0
        basis, low, high, step = _RATES[0 if foreman else int(rng.integers(len(_RATES)))]
        rate = high if foreman else int(rng.integers(low // step, high // step + 1)) * step
        workers.append(WorkerRow(member.id_number, member.name, home.code18, basis, rate, foreman))
    return sorted(workers, key=lambda one: (one.household_code18, one.id_number))


def _age(birth: date) -> int:
    """Return completed years on `AS_OF`."""
    return AS_OF.year - birth.year - ((AS_OF.month, AS_OF.day) < (birth.month, birth.day))


@dataclass(frozen=True, slots=True)
class _Clans:
    """Draws names: a village's surnames with their chances, and given names by sex."""

    rng: np.random.Generator
    surnames: Sequence[str]
    edges: Sequence[float]

    def surname(self) -> str:
        """Return a surname by the village's chances."""
        return self.surnames[bisect.bisect(self.edges, self.rng.random() * self.edges[-1])]

    def person(
        self, relation: str, age: int, surname: str | None = None, *, female: bool = False
    ) -> _Person:
        """Make a person; one who married in has a ``surname`` drawn afresh."""
        female = female or relation in _FEMALE_RELATIONS
        pool = _FEMALE if female else _MALE
        picks = self.rng.integers(len(pool), size=1 + int(self.rng.random() < 0.8))
        given = "".join(pool[int(k)] for k in picks)
        return _Person(relation, (surname or self.surname()) + given, age, female)


def _family(rng: np.random.Generator, clans: _Clans) -> list[_Person]:
    """Make two to five persons whose ages fit: the head, and who lives with the head."""
    own = clans.surname()
    age = int(rng.triangular(30, 54, 79))
    widowed = bool(rng.random() < 0.12)
    family = [clans.person("户主", age, own, female=widowed)]
    if not widowed and rng.random() < 0.88:
        family.append(clans.person("妻", max(22, age - int(rng.integers(-2, 5)))))
    child_age = max(1, age - int(rng.integers(23, 31)))
    if age >= 58:
        family += _grown_son(rng, clans, own, child_age)
    else:
        family += _children_and_parents(rng, clans, own, age, child_age)
    if len(family) == 1:
        family.append(clans.person("子" if rng.random() < 0.5 else "女", child_age, own))
    return family[:5]


def _children_and_parents(
    rng: np.random.Generator, clans: _Clans, own: str, age: int, child_age: int
) -> list[_Person]:
    """Make up to two children, and perhaps a parent of the head who lives along."""
    chance = rng.random(5)
    family = [
        clans.person("子" if chance[k] < 0.53 else "女", max(1, child_age - 3 * k), own)
        for k in range(int(chance[2] < 0.8) + int(chance[2] < 0.35))
    ]
    if chance[3] < 0.3:
        family.append(clans.person("母", age + int(rng.integers(20, 27))))
    if chance[4] < 0.15:
        family.append(clans.person("父", age + int(rng.integers(22, 29)), own))
    return family


def _grown_son(rng: np.random.Generator, clans: _Clans, own: str, child_age: int) -> list[_Person]:
    """Make a grown son of an old head with chance 0.6, perhaps with his wife and child."""
    chance = rng.random(4)
    if chance[0] >= 0.6:
        return []
    family = [clans.person("子", child_age, own)]
    if chance[1] < 0.7 and child_age > 26:
        family.append(clans.person("儿媳", child_age - 1))
        if chance[2] < 0.7:
            child = "孙子" if chance[3] < 0.5 else "孙女"
            family.append(clans.person(child, child_age - 25, own))
    return family


def _member(
    rng: np.random.Generator, registry: Registry, person: _Person, head: _Person
) -> MemberRow:
    """Give a person a birthday, numbers and a share: one in sixteen beside the head has a half."""
    birth = AS_OF - timedelta(days=int(person.age * 365.25) + int(rng.integers(2, 363)))
    part = person is not head and rng.random() < 1 / 16
    return MemberRow(
        name=person.name,
        relation=person.relation,
        id_number=registry.identity(birth, female=person.female),
        birth=birth,
        phone=registry.phone() if 16 <= person.age <= 78 else "",
        share="0.5" if part else "1",
        card="",
        bank="",
    )
