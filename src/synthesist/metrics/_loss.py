"""How much learners lose on the same test rows when they learnt from synthetic rows."""

from typing import Any

import numpy as np

from synthesist.core import Context, Evidence, Score
from synthesist.metrics._estimate import Estimate, estimate
from synthesist.metrics._learners import Learner
from synthesist.metrics._scale import Scale
from synthesist.metrics._task import SIDES, Task, taught

__all__ = ["loss"]


def loss(scale: Scale, case: Evidence, task: Task, learners: tuple[Learner, ...], ctx: Context) -> Score:
    """The mean loss over learners as a Score, its interval paired over the test rows; parts tell each learner's."""
    found = taught(case, task, learners, ctx)
    parts: list[dict[str, Any]] = []
    influences = []
    for learner in learners:
        (real, of_real), (made, of_made) = (task.score(found[learner, side].guess) for side in SIDES)
        gap = estimate(real - made, of_real - of_made, within=(-np.inf, np.inf))
        parts.append({"learner": learner, "real": real, "synthetic": made, **gap._asdict()})
        influences.append(of_real - of_made)
    mean = {key: float(np.mean([part[key] for part in parts])) for key in ("real", "synthetic")}
    gap = estimate(mean["real"] - mean["synthetic"], np.mean(influences, axis=0), within=(-np.inf, np.inf))
    rows = {side: len(task.learn[side]) for side in SIDES} | {"test": len(task.test)}
    details = {"measure": task.measure, **mean, "rows": rows, "parts": parts}
    return scale.score(gap, Estimate(0.0, 0.0, 0.0), details)
