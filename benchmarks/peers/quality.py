"""Column shapes and pair trends by SDMetrics, run by the Python of its own environment.

python benchmarks/peers/quality.py REAL.parquet SYNTHETIC.parquet     prints one line of JSON
"""

import json
import sys
import time

import pandas as pd
from sdmetrics.reports.single_table import QualityReport


def main() -> None:
    """Score once, and say what it cost."""
    real, synthetic = (pd.read_parquet(path) for path in sys.argv[1:3])
    columns = {
        name: {"sdtype": "numerical" if pd.api.types.is_numeric_dtype(cells) else "categorical"}
        for name, cells in real.items()
    }
    begin = time.process_time()
    report = QualityReport()
    report.generate(real, synthetic, {"columns": columns}, verbose=False)
    took = time.process_time() - begin
    scores = report.get_properties().set_index("Property")["Score"]
    print(json.dumps({"cpu_s": took, "shapes": scores["Column Shapes"], "pairs": scores["Column Pair Trends"]}))


if __name__ == "__main__":
    main()
