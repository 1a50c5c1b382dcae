"""How a figure is printed: the median of its rounds with their spread."""

import statistics
from collections.abc import Sequence


def tell(what: str, values: Sequence[float], unit: str) -> None:
    print(f"{what:32} {statistics.median(values):10.2f} {unit}  ({min(values):.2f} to {max(values):.2f})")
