"""Boxes on a screen: (left, top, right, bottom), and perhaps what is in them."""


def overlaps(boxes, slack=1.0):
    """The pairs of boxes that cover each other by more than the slack, in both directions."""
    return [
        (a, b)
        for k, a in enumerate(boxes)
        for b in boxes[:k]
        if min(a[2], b[2]) - max(a[0], b[0]) > slack and min(a[3], b[3]) - max(a[1], b[1]) > slack
    ]
