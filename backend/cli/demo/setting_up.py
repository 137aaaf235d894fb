"""Act one: the county is registered from the files that a clerk would bring."""

from uuid import UUID

from sqlalchemy import text

from backend.cli.demo.files import CountyFiles, write_files
from backend.cli.demo.rows import Village
from backend.cli.demo.stage import PASSWORD, Collective, Stage
from backend.cli.farmers import link_farmers
from backend.core import codes
from backend.core.db import WriteSession
from backend.core.geometry import polygon_to_geojson
from backend.core.intake import Table, read_features, read_table
from backend.core.principal import Role
from backend.identity import service as identity
from backend.land.cadastre import sets_by_collective
from backend.land.parcels import import_parcels
from backend.ledger import service as ledger
from backend.parties import service as parties
from backend.parties.households import import_households
from backend.parties.rosters import contacts, tables_by_collective
from backend.parties.villages import import_villages

CHART = "village_2023_14"
FIRST_PERIOD = 202601


async def set_up(stage: Stage) -> None:
    """Register provider, villages, people and parcels, and open every collective's books."""
    files = write_files(stage.county, stage.out / "county")
    async with stage.acting("import_villages") as session:
        table = read_table(files.villages.read_bytes(), files.villages.name)
        await import_villages(session, table=table, source=files.villages.name)
    async with stage.acting("register_provider") as session:
        await _register_provider(stage, session)
    await _register_collectives(stage, files)
    stage.told["collectives"] = len(stage.collectives)
    stage.told["households"] = len(stage.county.households)
    stage.told["parcels"] = len(stage.county.parcels)


async def _register_provider(stage: Stage, session: WriteSession) -> None:
    stage.provider = await parties.register_organisation(
        session,
        kind="provider",
        code=codes.make_uscc("93", "140429", 1),
        name="武乡示范农机服务专业合作社",
    )
    stage.dispatcher = await _staff(session, stage.provider, "diaodu", "调度员", Role.DISPATCHER)
    stage.provider_director = await _staff(
        session, stage.provider, "fuwu.lishi", "服务社理事长", Role.DIRECTOR
    )


async def _register_collectives(stage: Stage, files: CountyFiles) -> None:
    roster = read_table(files.households.read_bytes(), files.households.name)
    rosters = tables_by_collective(roster)
    features = read_features(files.parcels.read_bytes(), files.parcels.name)
    cadastres = sets_by_collective(features)
    stage.say("登记村集体、农户与地块", "Registering collectives, households and parcels")
    with stage.bar("村集体 collectives", len(stage.county.villages)) as tick:
        for number, village in enumerate(stage.county.villages, start=1):
            code = village.collective_code
            collective = await _register_collective(stage, village, number)
            await _import_people(stage, collective, rosters[code], files.households.name)
            async with stage.acting(
                "import_parcels", collective.org_id, collective.clerk
            ) as session:
                await import_parcels(
                    session,
                    org_id=collective.org_id,
                    features=cadastres[code],
                    source=files.parcels.name,
                )
            stage.collectives.append(collective)
            tick()


async def _register_collective(stage: Stage, village: Village, number: int) -> Collective:
    """Give a village's collective its staff, its boundary and its books."""
    async with stage.acting("register_staff") as session:
        row = (
            await session.execute(
                text("SELECT id, name FROM organisation WHERE code = :code"),
                {"code": village.collective_code},
            )
        ).one()
        staff = {
            role: await _staff(session, row.id, f"{name}{number:02d}", title, role)
            for role, name, title in (
                (Role.CLERK, "wenshu", "文书"),
                (Role.DIRECTOR, "lishi", "理事长"),
                (Role.ACCOUNTANT, "kuaiji", "会计"),
                (Role.CASHIER, "chuna", "出纳"),
            )
        }
    collective = Collective(
        org_id=row.id,
        code=village.collective_code,
        name=row.name,
        clerk=staff[Role.CLERK],
        director=staff[Role.DIRECTOR],
        accountant=staff[Role.ACCOUNTANT],
        cashier=staff[Role.CASHIER],
    )
    async with stage.acting("open_books", row.id, collective.accountant) as session:
        await ledger.open_books(session, org_id=row.id, chart_id=CHART, first_period=FIRST_PERIOD)
        profile = await parties.profile_of(session, org_id=row.id)
        profile.boundary = polygon_to_geojson(village.boundary)
        profile.address = f"山西省长治市武乡县{village.town}{village.name}"
    return collective


async def _import_people(stage: Stage, collective: Collective, roster: Table, source: str) -> None:
    async with stage.acting("import_households", collective.org_id, collective.clerk) as session:
        await import_households(
            session,
            stage.sealer,
            org_id=collective.org_id,
            table=roster,
            source=source,
            clock=stage.clock,
        )
        await link_farmers(
            session, stage.sealer, org_id=collective.org_id, contacts=contacts(roster)
        )
    people = {
        row.code18: row for row in stage.county.households if row.code18.startswith(collective.code)
    }
    async with stage.acting("hire_workers", collective.org_id, collective.clerk) as session:
        found = await session.execute(
            text("SELECT code, id FROM household WHERE org_id = :org"), {"org": collective.org_id}
        )
        known: dict[str, UUID] = {row[0]: row[1] for row in found}
        for worker in stage.county.workers:
            household = people.get(worker.household_code18)
            if household is None:
                continue
            (member,) = [one for one in household.members if one.id_number == worker.id_number]
            row = await parties.add_worker(
                session,
                stage.sealer,
                org_id=collective.org_id,
                person=parties.PersonFacts(
                    name=worker.name, id_number=worker.id_number, born_on=member.birth
                ),
                household_id=known[worker.household_code18],
            )
            if member.card:
                await parties.set_payee_account(
                    session,
                    stage.sealer,
                    org_id=collective.org_id,
                    owner_kind="worker",
                    owner_id=row.id,
                    account=parties.AccountFacts(
                        holder_name=member.name, bank_name=member.bank, number=member.card
                    ),
                    now=stage.clock.now(),
                )


async def _staff(
    session: WriteSession, org_id: int, login_name: str, title: str, role: Role
) -> UUID:
    user = await identity.register_staff(
        session, login_name=login_name, display_name=title, password=PASSWORD
    )
    await identity.grant(session, user_id=user.id, org_id=org_id, role=role)
    return user.id
