"""A Bayesian network over the codes of a table: small tables of probabilities, any condition answered exactly."""

import numpy as np

from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.graphical.families import Families
from synthesist.methods.bayes_net.structure import learnt_network

__all__ = ["BayesNet"]


class BayesNet(Spec):
    """Learns which few columns each column depends on, and how: a model that can be read, in seconds.

    Every column has at most `parents` parents, of which it sees groups of values. Columns join the network one by
    one, each with the parents that predict it best in rows their table did not count; its tables lean on
    those with fewer parents where rows are few. With one parent this is the tree of Chow and Liu. Parents always stand
    together in one family, so families form a junction tree: conditions and imputation are exact,
    whatever is given, and nothing is rejected.

    When not to use: where columns depend on many others at once, or finely on numbers; `trees` is closer to
    the data there. When a formal guarantee is needed, which only differential privacy gives.

    Reference: Chow and Liu, IEEE Transactions on Information Theory 14(3), 1968, doi:10.1109/TIT.1968.1054142;
    scores: Heckerman, Geiger and Chickering, Machine Learning 20, 1995, doi:10.1007/BF00994016; bounded
    treewidth: Elidan and Gould, Journal of Machine Learning Research 9, 2008, doi:10.5555/1390681.1442804.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i // 2 for i in range(600)], "y": [i // 200 for i in range(600)]})
    >>> rows = sy.fit(frame, "bayes_net").sample(100, where={"x": (">=", 250)})
    >>> rows.height, rows["x"].min() >= 250
    (100, True)
    """

    accepts = TABLE_KINDS

    bins: int = knob(250, "codes a column may have at most", tries=(8, 64), ge=2, le=250)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    parents: int = knob(3, "parents a column may have at most", tries=(1, 2), ge=1, le=4)
    groups: int = knob(12, "groups of a parent's values that its children see", tries=(2, 8), ge=2, le=64)

    def fit(self, data: Dataset, ctx: Context) -> Families:
        """Learn the codes, the structure and the tables."""
        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        ordered = np.array([column.ordered > 0 for column in codec.modelled.values()], bool)
        codes = codec.shuffled(data, ctx)
        return Families(codec, learnt_network(codes, codec.sizes, ordered, self.parents, self.groups))
