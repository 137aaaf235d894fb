"""Small SVG vocabulary shared by the map and the Gantt chart."""

from html import escape

PALETTE = (
    "#1f77b4",
    "#d9730d",
    "#2c8a3d",
    "#2b2f8f",
    "#7b52ab",
    "#7a5038",
    "#c94f9f",
    "#4d6472",
    "#8f9a12",
    "#0f9aa8",
)
INK = "#24292f"
MUTED = "#66707a"
GRID = "#e3e6e9"
FONT = "Noto Sans CJK SC, Noto Sans SC, Microsoft YaHei, PingFang SC, SimHei, sans-serif"


def colour(index: int) -> str:
    """Return the colour of the drone with this index; ten differ, then they repeat."""
    return PALETTE[index % len(PALETTE)]


def clock(instant_s: int) -> str:
    """Return seconds since midnight as ``HH:MM``."""
    return f"{instant_s // 3600:02d}:{instant_s % 3600 // 60:02d}"


def mu(area_centimu: int) -> str:
    """Return hundredths of a mu as mu with one decimal."""
    return f"{area_centimu / 100:,.1f}"


def text(
    place: tuple[float, float],
    words: str,
    *,
    size: int = 12,
    fill: str = INK,
    anchor: str = "start",
    bold: bool = False,
) -> str:
    """Return one line of text with its baseline at a place."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" font-size="{size}" fill="{fill}" '
        f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
    )


def box(
    corner: tuple[float, float],
    size: tuple[float, float],
    fill: str,
    *,
    stroke: str = "none",
    title: str = "",
) -> str:
    """Return a rectangle; its title shows when pointed at."""
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect x="{corner[0]:.2f}" y="{corner[1]:.2f}" width="{max(0.0, size[0]):.2f}" '
        f'height="{size[1]:.2f}" fill="{fill}" stroke="{stroke}">{inner}</rect>'
    )


def line(a: tuple[float, float], b: tuple[float, float], stroke: str, width: float = 1.0) -> str:
    """Return a straight line."""
    return (
        f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" '
        f'stroke="{stroke}" stroke-width="{width}"/>'
    )


def page(width: float, height: float, title: str, parts: list[str]) -> str:
    """Return a whole document with the hatch for what is not planned."""
    hatch = (
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" fill="#ffffff"/>'
        '<line x1="0" y1="0" x2="0" y2="6" stroke="#c0392b" stroke-width="2"/></pattern></defs>'
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="{FONT}">'
        f"<title>{escape(title)}</title>{hatch}"
    )
    paper = box((0, 0), (width, height), "#ffffff")
    return "\n".join([head, paper, *parts, "</svg>\n"])
