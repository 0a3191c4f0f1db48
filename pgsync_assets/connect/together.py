"""Things that wait for different servers, done side by side: each in a thread of its own.

A login is five messages and as many thousands of hashes, through a tunnel a second handshake before
them; what one server is asked does not depend on the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

T = TypeVar("T")


def opened_together(stack: ExitStack, *openings: AbstractContextManager[T]) -> list[T]:
    """Enters several at once; whatever was entered is left with the stack, also where one failed.

    Args:
        stack: of the caller.
        openings: such as `Endpoint.session`.

    Returns:
        What each of them gives.

    Raises:
        BaseException: of the first of them that failed, in their order.
    """
    with ThreadPoolExecutor(len(openings), "pgsync opening") as pool:
        # To enter is one append at its end, which no other thread can come between.
        opened = [pool.submit(stack.enter_context, opening) for opening in openings]
    return [future.result() for future in opened]


@contextmanager
def meanwhile(do: Callable[[], T]) -> Iterator[Future[T]]:
    """Does something while the block does something else; both are over at the end of the block.

    Args:
        do: on a session that the block leaves alone until it asks for the result.
    """
    with ThreadPoolExecutor(1, "pgsync meanwhile") as pool:
        yield pool.submit(do)
