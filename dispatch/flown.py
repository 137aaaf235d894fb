"""From a plan to what a drone is told to fly: its day's missions and their files."""

import math
import re

from dispatch.coverage import cover, sorties
from dispatch.missions import (
    Mission,
    missions,
    to_kml,
    to_plan,
    to_taskdata,
    to_waypoints,
)
from dispatch.model import Drone, InvalidProblem, Job, Point, Polygon, Problem
from dispatch.physics import EARTH_RADIUS_M, M2_PER_MU
from dispatch.plan import Plan, Visit
from dispatch.render.agenda import crew_days, jobs_of

KML_NAME = "missions.kml"
TASKDATA_NAME = "TASKDATA.XML"
_NAME_MAX = 40
_UNSAFE = re.compile(r"[^\w.-]+")


def missions_of(problem: Problem, plan: Plan, drone_id: str, day: int) -> tuple[Mission, ...]:
    """Return a drone's missions of a day (0 is the first): one for each sortie, in flying order.

    Lines run along each visit's heading, from the truck's place of the block, at
    ``settings.height_cm``; every plot begins with a full tank and battery. Raises `InvalidProblem`
    when the drone does not fly that day, and for what the law forbids.
    """
    jobs = jobs_of(problem, plan)
    for one in crew_days(problem, plan, day):
        places = {halt.stop.name: halt.stop.place for halt in one.halts if halt.visits}
        for drone, route in one.routes:
            if drone.drone_id == drone_id and route.stops:
                return tuple(
                    mission
                    for visit in route.stops
                    for mission in _flown(
                        problem, jobs[visit.job_id], visit, drone, places[visit.block_id]
                    )
                )
    raise InvalidProblem(drone_id, "day", f"第 {day + 1} 天没有作业", f"{day} has nothing to fly")


def _flown(
    problem: Problem, job: Job, visit: Visit, drone: Drone, launch: Point
) -> tuple[Mission, ...]:
    """Return the missions of one visit."""
    machine, dose = drone.machine, job.liquid_ml_per_mu
    parts = job.parts or (_square(job, visit.heading_cdeg),)
    coverage = cover(parts, machine, dose, heading_cdeg=visit.heading_cdeg)
    flights = sorties(coverage, machine, dose, launch, liquid_ml=float(visit.liquid_ml))
    return missions(
        flights,
        parts,
        launch,
        machine,
        dose,
        plot_id=job.job_id,
        height_cm=problem.settings.height_cm,
        product=visit.product,
    )


def _square(job: Job, heading_cdeg: int) -> Polygon:
    """Return the square along the heading that stands for a plot without parts (rule 7)."""
    lon, lat = job.access
    half_m = math.sqrt(job.area_centimu / 100 * M2_PER_MU) / 2
    angle = math.radians(heading_cdeg / 100)
    sine, cosine = math.sin(angle), math.cos(angle)
    metre = math.degrees(1 / EARTH_RADIUS_M)
    east = metre / math.cos(math.radians(lat))
    corners = ((1, 1), (-1, 1), (-1, -1), (1, -1), (1, 1))
    ring = tuple(
        (
            lon + (along * sine + aside * cosine) * half_m * east,
            lat + (along * cosine - aside * sine) * half_m * metre,
        )
        for along, aside in corners
    )
    return (ring,)


def mission_files(flown: tuple[Mission, ...]) -> dict[str, bytes]:
    """Return file names with their contents.

    Each sortie is a .plan and a .waypoints file named by the plot's place in the day, the plot and
    the sortie; all of them together are one KML and one TASKDATA.XML. Names hold letters, digits,
    ``-``, ``_`` and dots only, and differ without regard to case.
    """
    files: dict[str, bytes] = {}
    place, sortie, plot_id = 0, 0, None
    for mission in flown:
        if mission.plot_id != plot_id:
            place, sortie, plot_id = place + 1, 0, mission.plot_id
        sortie += 1
        stem = f"{place:03d}-{file_name(mission.plot_id)}-{sortie:02d}"
        files[f"{stem}.plan"] = to_plan(mission).encode()
        files[f"{stem}.waypoints"] = to_waypoints(mission).encode()
    files[KML_NAME] = to_kml(flown).encode()
    files[TASKDATA_NAME] = to_taskdata(flown)
    return files


def file_name(words: str) -> str:
    """Return any id as a piece of a file name; different ids may become the same."""
    return _UNSAFE.sub("_", words)[:_NAME_MAX].strip(".") or "_"
