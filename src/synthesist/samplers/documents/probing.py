"""Ways that can only be tried out are tried out before anything is drawn: those that never succeed are taken out."""

from math import inf

import numpy as np

from synthesist.core import Context
from synthesist.errors import SpecError
from synthesist.samplers.documents.drawing import Habits, once
from synthesist.samplers.documents.planning import Node, Plan, Way

__all__ = ["probed"]

FEW, MANY = 24, 240  # values that a way is tried with: one of several, and the only one
ROUNDS = 12
HABITS = Habits(optional=0.5, edges=0.0, size=20)


def probed(plan: Plan) -> Plan:
    """The plan without ways that come to nothing.

    Raises:
        SpecError: none is left for the root; the message says where and why.
    """
    for _ in range(ROUNDS):
        hopeless = False
        for node in sorted(plan.looked_at(), key=lambda node: node.least):
            for way in [way for way in node.ways if way.checks and way.least < inf]:
                if not _succeeds(plan, node, way, FEW if len(node.ways) > 1 else MANY):
                    named = sorted({place.path for place, _ in way.checks})
                    node.ways.remove(way)
                    node.reasons.append(f"no value tried met {', '.join(named[:3])}, which can only be tried out")
                    hopeless = True
        if not hopeless:
            break
        plan.settle()
    return plan


def _succeeds(plan: Plan, node: Node, way: Way, n: int) -> bool:
    """Whether any of some values made in this way is right."""
    alone = Node(node.number, node.goal, node.path, [way], least=way.least)
    budget = np.full(n, max(2.0 * way.least, float(HABITS.size)))
    try:
        _, wrong = once(plan, alone, HABITS, Context(("probe", str(node.number))), budget)
    except SpecError:
        return False
    return len(wrong) < n
