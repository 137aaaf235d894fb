"""Processes that do the heavy work: started from a server of forks, listened to, let go."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from typing import Any
from weakref import WeakKeyDictionary

from backend.operations import planning
from backend.operations.errors import AnswerTookTooLong, QuestionRefused, SolversBusy

POLL_S = 0.25
_GRACE_S = 10.0
_QUESTIONS_MAX = 2
_QUEUED_MAX_S = 10.0
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(slots=True)
class Child:
    """A process with its line to us; ``finish`` asks it to stop."""

    process: ForkServerProcess
    line: Connection
    finish: Event | None


def start(
    target: Callable[..., None], *arguments: Any, stoppable: bool = True, parent: bool = False
) -> Child:
    """Start ``target(*arguments, line, finish)``; ``finish`` is only given when stoppable.

    The server of forks has the solver's modules loaded: a child starts in milliseconds, and
    inherits no thread and no connection of ours. A child that is to have children (``parent``)
    is no daemon: `end` it.
    """
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["backend.operations.planning"])
    ours, theirs = processes.Pipe(duplex=False)
    finish = processes.Event() if stoppable else None
    given = (*arguments, theirs) if finish is None else (*arguments, theirs, finish)
    process = processes.Process(target=target, args=given, daemon=not parent)
    process.start()
    theirs.close()
    return Child(process=process, line=ours, finish=finish)


def receive(child: Child) -> tuple[str, Any]:
    """Wait a moment for the child's next word; silence and death are words too."""
    if not child.line.poll(POLL_S):
        return "quiet", None
    try:
        word: tuple[str, Any] = child.line.recv()
    except EOFError:
        return "died", "solver-died"
    return word


def end(child: Child) -> None:
    """Let the child go: ask, listen till it is quiet, and stop it by force if it is not."""
    if child.finish is not None:
        child.finish.set()
        late_s = time.monotonic() + _GRACE_S
        with suppress(EOFError):
            while time.monotonic() < late_s:
                if child.line.poll(0.1):
                    child.line.recv()
    child.line.close()
    if child.process.is_alive():
        child.process.terminate()
    child.process.join()
    child.process.close()


async def ask(
    documents: planning.Documents, question: planning.Question, *, seconds_max: float
) -> Any:
    """Return the answer to a question about a stored plan, found in a process of its own.

    Raises `QuestionRefused` for what the plan does not have, `AnswerTookTooLong` after
    ``seconds_max``, and `SolversBusy` when others' questions keep the machine for long.
    """
    gate = _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_QUESTIONS_MAX))
    try:
        await asyncio.wait_for(gate.acquire(), _QUEUED_MAX_S)
    except TimeoutError as error:
        raise SolversBusy from error
    try:
        return await _answer(documents, question, seconds_max)
    finally:
        gate.release()


async def _answer(
    documents: planning.Documents, question: planning.Question, seconds_max: float
) -> Any:
    child = await asyncio.to_thread(
        start, planning.answer_in_child, documents, question, stoppable=False
    )
    late_s = time.monotonic() + seconds_max
    try:
        kind: str = "quiet"
        answer: Any = None
        while kind == "quiet":
            if time.monotonic() > late_s:
                raise AnswerTookTooLong(seconds=round(seconds_max))
            kind, answer = await asyncio.to_thread(receive, child)
    finally:
        await asyncio.shield(asyncio.to_thread(end, child))
    if kind == "refused":
        raise QuestionRefused(**answer)
    if kind != "answer":
        raise AnswerTookTooLong(seconds=round(seconds_max))
    return answer
