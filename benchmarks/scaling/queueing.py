"""How many workers steady arrivals need: the formula of Erlang for a queue with several servers."""

from __future__ import annotations


def waiting_share(load: float, workers: int) -> float:
    """The share of runs that have to wait (Erlang C).

    Args:
        load: runs that arrive while one is worked on: arrivals a second times seconds of a run.
        workers: runs that are worked on at once.

    Returns:
        1 where there are fewer workers than load: the queue grows without end.
    """
    if load >= workers:
        return 1.0
    blocked = 1.0
    for number in range(1, workers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / workers * (1 - blocked))


def mean_wait(arrivals: float, seconds: float, workers: int) -> float:
    """Seconds that a run waits on the average.

    Args:
        arrivals: runs a second, at random moments.
        seconds: that a run takes, on the average.
        workers: runs that are worked on at once.
    """
    load = arrivals * seconds
    if load >= workers:
        return float("inf")
    return waiting_share(load, workers) * seconds / (workers - load)


def workers_for(arrivals: float, seconds: float, most_wait: float) -> int:
    """The fewest workers with which runs wait no longer, on the average.

    Args:
        arrivals: runs a second.
        seconds: that a run takes.
        most_wait: seconds.
    """
    workers = int(arrivals * seconds) + 1
    while mean_wait(arrivals, seconds, workers) > most_wait:
        workers += 1
    return workers
