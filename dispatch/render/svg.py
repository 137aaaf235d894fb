"""Small SVG vocabulary shared by the maps and the Gantt chart."""

import colorsys
import re
from html import escape
from math import floor

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
"""Dark enough for white letters on them; red is kept for what is left out or forbidden."""
GOLDEN = 0.618_033_988_75
INK = "#24292f"
MUTED = "#66707a"
GRID = "#e3e6e9"
RED = "#c0392b"
WATER = "#2aa7a0"
FONT = "Noto Sans CJK SC, Noto Sans SC, Microsoft YaHei, PingFang SC, SimHei, sans-serif"
DASHES = ("", "7 4", "2 3", "10 3 2 3", "14 4", "5 2 1 2 1 2")
"""Lines of the first day are whole, of the others broken; they repeat after six days."""
_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def colour(index: int) -> str:
    """Return the colour of the drone with this index, dark enough for white letters.

    Ten are chosen by hand; further hues follow by golden-ratio steps in two depths, keeping away
    from red.
    """
    if index < len(PALETTE):
        return PALETTE[index]
    step = index - len(PALETTE)
    hue = 0.06 + 0.88 * ((0.08 + GOLDEN * step) % 1.0)
    light, depth = ((0.40, 0.60), (0.28, 0.75))[step % 2]
    return _hex(colorsys.hls_to_rgb(hue, light, depth))


def tone(fill: str, share: float) -> str:
    """Return a colour mixed with white: share 0 is the colour itself, 1 is white."""
    channels = [int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    mixed = [one + (1.0 - one) * share for one in channels]
    return _hex((mixed[0], mixed[1], mixed[2]))


def on(fill: str) -> str:
    """Return the letters' colour that reads on a fill: white or ink."""
    red, green, blue = (int(fill[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.6 else "#ffffff"


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{floor(one * 255 + 0.5):02x}" for one in channels)


def safe(words: str) -> str:
    """Return text for XML: escaped, and characters that XML cannot hold shown as U+FFFD."""
    return escape(_UNPRINTABLE.sub("\ufffd", words))


def clock(instant_s: int) -> str:
    """Return seconds since midnight of the first day as the ``HH:MM`` of their own day."""
    in_day_s = instant_s % 86_400
    return f"{in_day_s // 3600:02d}:{in_day_s % 3600 // 60:02d}"


def mu(area_centimu: int) -> str:
    """Return hundredths of a mu as mu with one decimal."""
    return f"{area_centimu / 100:,.1f}"


def width_of(words: str, size: float) -> float:
    """Return about how wide text is: a Chinese character is square, others 0.58 of that."""
    return size * sum(1.0 if ord(one) > 0x2E7F else 0.58 for one in words)


def text(
    place: tuple[float, float],
    words: str,
    *,
    size: float = 12,
    fill: str = INK,
    anchor: str = "start",
    bold: bool = False,
    halo: bool = False,
) -> str:
    """Return one line of text with its baseline at a place; a halo keeps it readable on a map."""
    weight = ' font-weight="600"' if bold else ""
    if halo:
        # A second, stroked copy: paint-order is not known to every reader of SVG.
        under = (
            f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" font-size="{size:g}" fill="#ffffff" '
            f'stroke="#ffffff" stroke-width="3" stroke-linejoin="round" text-anchor="{anchor}"'
            f"{weight}>{safe(words)}</text>"
        )
        return under + text(place, words, size=size, fill=fill, anchor=anchor, bold=bold)
    return (
        f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" font-size="{size:g}" fill="{fill}" '
        f'text-anchor="{anchor}"{weight}>{safe(words)}</text>'
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
    inner = f"<title>{safe(title)}</title>" if title else ""
    return (
        f'<rect x="{corner[0]:.2f}" y="{corner[1]:.2f}" width="{max(0.0, size[0]):.2f}" '
        f'height="{size[1]:.2f}" fill="{fill}" stroke="{stroke}">{inner}</rect>'
    )


def line(
    a: tuple[float, float],
    b: tuple[float, float],
    stroke: str,
    width: float = 1.0,
    dash: str = "",
) -> str:
    """Return a straight line, broken where a dash is given."""
    broken = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" '
        f'stroke="{stroke}" stroke-width="{width:g}"{broken}/>'
    )


def hatch(name: str, stroke: str, angle: int) -> str:
    """Return a pattern of slanted lines to be filled with as ``url(#name)``."""
    return (
        f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({angle})"><rect width="6" height="6" fill="#ffffff"/>'
        f'<line x1="0" y1="0" x2="0" y2="6" stroke="{stroke}" stroke-width="2"/></pattern>'
    )


def page(width: float, height: float, title: str, parts: list[str]) -> str:
    """Return a whole document with the hatches for plots left out, no-spray and no-fly zones."""
    hatches = hatch("hatch", RED, 45) + hatch("no-spray", "#e0a19a", -45)
    hatches += hatch("no-fly", "#8c6bb1", 0)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="{FONT}">'
        f"<title>{safe(title)}</title><defs>{hatches}</defs>"
    )
    paper = box((0, 0), (width, height), "#ffffff")
    return "\n".join([head, paper, *parts, "</svg>\n"])
