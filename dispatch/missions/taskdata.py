"""ISO 11783-10 task data (ISOXML, TASKDATA.XML) of a crew's day, version 4.3.

One partfield (PFD) with its boundary and guidance lines (GGP, GPN), one task (TSK) with a treatment
zone (TZN) that carries the rate, and one product (PDT) for each tank mix.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from dispatch.coverage import Line, Parts, Point, Ring
from dispatch.missions.model import Mission
from dispatch.physics import M2_PER_MU

RATE_DDI = "0001"
"""Setpoint volume per area, in hundredths of a cubic millimetre per square metre."""
VOLUME_DDI = "0047"
"""Setpoint volume content, in millilitres."""
DESIGNATOR_MAX = 32
PLANNED, FILLING = "1", "1"
BOUNDARY, TREATMENT_ZONE = "1", "2"
EXTERIOR, INTERIOR, GUIDANCE = "1", "2", "5"
OTHER_POINT, REFERENCE_A, REFERENCE_B, HOMEBASE = "2", "6", "7", "11"
AB_LINE, NO_EXTENSION = "1", "4"


def rate_of(liquid_ml_per_mu: int) -> int:
    """Return a dose as a process data value of `RATE_DDI`: 1 L/mu is 1,500 mm³/m² or 150,000."""
    return round(liquid_ml_per_mu / M2_PER_MU * 1000 * 100)


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, tag, attributes)


def _point(parent: Element, kind: str, point: Point) -> None:
    """Append a point; C is north (latitude), D is east (longitude)."""
    _add(parent, "PNT", A=kind, C=f"{point[1]:.9f}", D=f"{point[0]:.9f}")


def _ring(parent: Element, kind: str, ring: Ring) -> None:
    line = _add(parent, "LSG", A=kind)
    for point in ring:
        _point(line, OTHER_POINT, point)


def _polygons(parent: Element, kind: str, parts: Parts) -> None:
    """Append one polygon for each part, holes as interior rings."""
    for part in parts:
        polygon = _add(parent, "PLN", A=kind)
        for number, ring in enumerate(part):
            _ring(polygon, EXTERIOR if number == 0 else INTERIOR, ring)


def _guidance(partfield: Element, number: int, lines: Sequence[Line], swath_cm: int) -> None:
    """Append the lines in flying order as AB lines that do not go on beyond their ends."""
    group = _add(partfield, "GGP", A=f"GGP{number}", B="lines")
    for index, (begin, end) in enumerate(lines, 1):
        pattern = _add(
            group, "GPN", A=f"GPN{number}{index:05d}", B=str(index), C=AB_LINE, F=NO_EXTENSION
        )
        line = _add(pattern, "LSG", A=GUIDANCE, C=str(swath_cm * 10))
        _point(line, REFERENCE_A, begin)
        _point(line, REFERENCE_B, end)


def _partfield(root: Element, number: int, flights: Sequence[Mission]) -> None:
    """Append the field of one plot with the launch site and the lines of all its flights."""
    first = flights[0]
    name = first.plot_id[:DESIGNATOR_MAX]
    area = str(round(first.area_m2))
    field = _add(root, "PFD", A=f"PFD{number}", C=name, D=area)
    _polygons(field, BOUNDARY, first.parts)
    _point(field, HOMEBASE, first.launch)
    lines = [line for one in flights for line in one.lines]
    _guidance(field, number, lines, first.swath_cm)


def _task(root: Element, number: int, flights: Sequence[Mission], product: str) -> None:
    """Append the task of one plot: product, litres, and the rate over the whole of it."""
    first = flights[0]
    task = _add(
        root,
        "TSK",
        A=f"TSK{number}",
        B=first.plot_id[:DESIGNATOR_MAX],
        E=f"PFD{number}",
        G=PLANNED,
        H="1",
    )
    zone = _add(task, "TZN", A="1", B="plot")
    _polygons(zone, TREATMENT_ZONE, first.parts)
    rate = _add(zone, "PDV", A=RATE_DDI, B=str(rate_of(first.liquid_ml_per_mu)))
    if product:
        rate.set("C", product)
        volume = str(sum(one.liquid_ml for one in flights))
        _add(task, "PAN", A=product, B=VOLUME_DDI, C=volume, D=FILLING)


def to_taskdata(missions: Sequence[Mission], *, version: str = "1") -> bytes:
    """Return TASKDATA.XML of a day's missions in UTF-8.

    The flights of one plot and product share a partfield and a task, in the order of their first
    flight. ``version`` is the management software's. Designators are cut to the standard's 32
    characters; a plot is told by its whole id in the other formats.
    """
    root = Element(
        "ISO11783_TaskData",
        {
            "VersionMajor": "4",
            "VersionMinor": "3",
            "ManagementSoftwareManufacturer": "Tianguanjia",
            "ManagementSoftwareVersion": version[:DESIGNATOR_MAX],
            "DataTransferOrigin": "1",
        },
    )
    plots: dict[tuple[str, str], list[Mission]] = {}
    for one in missions:
        plots.setdefault((one.plot_id, one.product), []).append(one)
    names = sorted({one.product for one in missions if one.product})
    products = {name: f"PDT{number}" for number, name in enumerate(names, 1)}
    for name, key in products.items():
        _add(root, "PDT", A=key, B=name[:DESIGNATOR_MAX])
    for number, flights in enumerate(plots.values(), 1):
        _partfield(root, number, flights)
    for number, ((_, product), flights) in enumerate(plots.items(), 1):
        _task(root, number, flights, products.get(product, ""))
    indent(root)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()
