"""Shares of messages beside each other, and how clearly they differ."""

from math import sqrt


def more_often(count: int, messages: int, count_beside: int, messages_beside: int) -> float:
    """Return by how many standard errors a share of messages is larger than that of others.

    With one message with it and one without added to each side. Source: Agresti and Caffo 2000.
    """
    shares, variances = [], []
    for with_it, total in ((count, messages), (count_beside, messages_beside)):
        share = (with_it + 1) / (total + 2)
        shares.append(share)
        variances.append(share * (1 - share) / (total + 2))
    return (shares[0] - shares[1]) / sqrt(sum(variances))


def lesser(errors: float, errors_elsewhere: float) -> float:
    """Return which of two differences, in standard errors, is nearer to none; none where they are
    of two directions."""
    is_torn = errors * errors_elsewhere < 0
    return 0.0 if is_torn else min(errors, errors_elsewhere, key=abs)
