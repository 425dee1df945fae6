"""Resume: where to go on in a log that may be shorter than what was reached."""


def resume_at(reached: int, *, begin: int, end: int) -> tuple[int, str]:
    """Return the offset to go on from, and what was lost; empty where nothing was.

    `begin` and `end` are those of the log now. A log that ends before what was
    reached began anew, or Kafka has lost its end: it is read from its beginning,
    since what is new in it cannot be told; repeats are dropped by their origins.

    >>> resume_at(7, begin=0, end=9)
    (7, '')
    >>> resume_at(0, begin=0, end=0)
    (0, '')
    """
    if reached > end:
        return begin, (
            f"the log ends at {end}, and {reached} was reached: Kafka has lost "
            f"{reached - end} records or more; reading again from {begin}"
        )
    if reached and reached < begin:
        return begin, (
            f"the log begins at {begin}, and {reached} was reached: {begin - reached} "
            "records expired before they were read"
        )
    return max(reached, begin), ""
