"""The gates of a report as a test run in JUnit's XML, which every build server reads."""

from collections.abc import Sequence
from xml.etree import ElementTree

from synthesist.errors import OutputError
from synthesist.report.charts import printable
from synthesist.report.gates import Outcome
from synthesist.report.privacy import CURATOR, Privacy

__all__ = ["junit"]


def junit(title: str, gates: Sequence[Outcome], privacy: Privacy | None = None) -> str:
    """One test case for each gate; of private rows, what is promised of them stands first.

    Raises:
        OutputError: there are no gates.
    """
    if not gates:
        raise OutputError("There is no gate to write as a test run. Require a score, as in 'c2st<=0.6'.")
    failed = sum(not gate.holds for gate in gates)
    counts = {"tests": str(len(gates)), "failures": str(failed), "errors": "0", "skipped": "0"}
    suite = ElementTree.Element("testsuite", {"name": printable(title), **counts})
    if privacy is not None:
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in (("privacy", privacy.claim), ("curator_only", CURATOR)):
            ElementTree.SubElement(properties, "property", {"name": name, "value": value})
    for gate in gates:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "synthesist.evaluate", "name": gate.gate})
        if not gate.holds:
            told = "\n".join(gate.failures)
            ElementTree.SubElement(case, "failure", {"message": told, "type": "GateError"}).text = told
    root = ElementTree.Element("testsuites", {"name": "synthesist", **counts})
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
