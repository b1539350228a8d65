"""All cases of a Spec, found by what it can do, or of a whole shelf."""

from synthesist import catalog
from synthesist.core import Spec
from synthesist.errors import SpecError
from synthesist.testing.adapting import adapting_cases, adapts
from synthesist.testing.case import Case, limited
from synthesist.testing.knobs import example
from synthesist.testing.methods import method_cases
from synthesist.testing.metrics import metric_cases
from synthesist.testing.samplers import sampler_cases
from synthesist.testing.tables import TABLES
from synthesist.testing.transforms import transform_cases

__all__ = ["cases"]


def _fit_cases(spec: Spec) -> list[Case]:
    return adapting_cases(spec) if adapts(spec) else method_cases(spec)


VERBS = {"fit": _fit_cases, "sample": sampler_cases, "apply": transform_cases, "score": metric_cases}


def cases(what: str | Spec | type[Spec]) -> list[Case]:
    """Every conformance case of a Spec, of its class with its defaults, or of all on a shelf.

    >>> from synthesist.methods.marginals import Marginals
    >>> sorted({case.check for case in cases(Marginals)})[:3]
    ['blocks', 'fill', 'first_rows']
    """
    if isinstance(what, str):
        return [case for name in catalog.names(what) for case in cases(catalog.load(what, name))]
    spec = what if isinstance(what, Spec) else example(what)
    for verb, made in VERBS.items():
        if callable(getattr(spec, verb, None)):
            return limited(made(spec), {check: why for check, why in spec.limits.items() if check not in TABLES})
    raise SpecError(f"{spec.name()} has none of the verbs {', '.join(VERBS)}: it is no arrow.")
