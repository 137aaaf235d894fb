"""KML 2.2 of missions: plots, spray lines and ways, to look at or to load as a boundary."""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from dispatch.coverage import Parts, Point
from dispatch.missions.model import Mission

NAMESPACE = "http://www.opengis.net/kml/2.2"
STYLES = {"plot": "ff3fa535", "spray": "ffd06000", "way": "ff808080"}
"""Line colours as aabbggrr: green plots, blue lines, grey ways."""

register_namespace("", NAMESPACE)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    """Append an element of the KML namespace."""
    child = SubElement(parent, _tag(name))
    child.text = text
    return child


def _coordinates(parent: Element, points: Iterable[Point], height_m: float | None) -> None:
    """Append a coordinates element: longitude, latitude and, where given, height."""
    tail = "" if height_m is None else f",{height_m:.2f}"
    _add(parent, "coordinates", " ".join(f"{lon:.8f},{lat:.8f}{tail}" for lon, lat in points))


def _placemark(folder: Element, name: str, style: str) -> Element:
    """Append a named, styled placemark."""
    mark = _add(folder, "Placemark")
    _add(mark, "name", name)
    _add(mark, "styleUrl", f"#{style}")
    return mark


def _boundary(mark: Element, parts: Parts) -> None:
    """Append a plot's polygons; several stand in one MultiGeometry."""
    parent = mark if len(parts) == 1 else _add(mark, "MultiGeometry")
    for part in parts:
        polygon = _add(parent, "Polygon")
        for number, ring in enumerate(part):
            border = _add(polygon, "outerBoundaryIs" if number == 0 else "innerBoundaryIs")
            _coordinates(_add(border, "LinearRing"), ring, None)


def _way(folder: Element, name: str, style: str, way: tuple[Sequence[Point], float]) -> None:
    """Append a line at a height above the ground."""
    line = _add(_placemark(folder, name, style), "LineString")
    _add(line, "altitudeMode", "relativeToGround")
    _coordinates(line, way[0], way[1])


def _mission(document: Element, mission: Mission) -> None:
    """Append the folder of one mission."""
    folder = _add(document, "Folder")
    _add(folder, "name", mission.name)
    _boundary(_placemark(folder, mission.plot_id, "plot"), mission.parts)
    launch = _add(_placemark(folder, "起降点 launch", "way"), "Point")
    _coordinates(launch, [mission.launch], None)
    height_m, transit_m = mission.height_cm / 100, mission.transit_height_cm / 100
    first, last = mission.lines[0][0], mission.lines[-1][1]
    _way(folder, "出航 out", "way", ((mission.launch, first), transit_m))
    for number, line in enumerate(mission.lines, 1):
        _way(folder, f"航线 line {number}", "spray", (line, height_m))
    for number, link in enumerate(mission.links, 1):
        _way(folder, f"转场 link {number}", "way", (link, height_m))
    _way(folder, "返航 back", "way", ((last, mission.launch), transit_m))


def to_kml(missions: Sequence[Mission], *, boundaries_only: bool = False) -> str:
    """Return missions as one KML document, to be written in UTF-8.

    ``boundaries_only`` leaves out all but the plots, each once: what the planning software of DJI's
    farm drones imports.
    """
    root = Element(_tag("kml"))
    document = _add(root, "Document")
    _add(document, "name", "田管家 Tianguanjia")
    for style, colour in STYLES.items():
        element = _add(document, "Style")
        element.set("id", style)
        line = _add(element, "LineStyle")
        _add(line, "color", colour)
        _add(line, "width", "2")
        if style == "plot":
            _add(_add(element, "PolyStyle"), "fill", "0")
    if boundaries_only:
        for plot_id, parts in {one.plot_id: one.parts for one in missions}.items():
            _boundary(_placemark(document, plot_id, "plot"), parts)
    else:
        for one in missions:
            _mission(document, one)
    indent(root)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0"?>\n{text}\n'
