"""When spraying is allowed: weather windows less pauses, as lists of (start, end) seconds."""

from collections.abc import Iterable, Sequence

from dispatch.land import Window
from dispatch.resources import Crew
from dispatch.shapes import DAY_S

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the union of spans in order, without empty ones."""
    made: list[Span] = []
    for start_s, end_s in sorted(span for span in spans if span[0] < span[1]):
        if made and start_s <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end_s))
        else:
            made.append((start_s, end_s))
    return made


def clip(spans: Iterable[Span], start_s: int, end_s: int) -> list[Span]:
    """Return what of the spans lies within ``start_s`` … ``end_s``."""
    cut = [(max(one, start_s), min(other, end_s)) for one, other in spans]
    return [span for span in cut if span[0] < span[1]]


def day_spans(windows: Sequence[Window], crew: Crew, day: int) -> list[Span]:
    """Return each window's share of a crew's day, in order; its pauses are cut out.

    A visit has to lie within one window: windows that touch are not joined here.
    """
    midnight_s = day * DAY_S
    found: list[Span] = []
    for window in windows:
        pieces = clip([(window.start_s, window.end_s)], midnight_s, midnight_s + DAY_S)
        for rest in crew.rests:
            pieces = [
                part
                for start_s, end_s in pieces
                for part in (
                    (start_s, min(end_s, midnight_s + rest.start_s)),
                    (max(start_s, midnight_s + rest.end_s), end_s),
                )
                if part[0] < part[1]
            ]
        found += pieces
    return sorted(found)
