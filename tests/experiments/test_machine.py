"""The machine's description says what costs depend on, and nothing of whose it is."""

import getpass
import json
import platform

from shoal.experiments import machine


def test_it_has_processor_cores_and_versions_and_no_name():
    found = machine.describe("cpu")
    assert found["cores"] >= 1 and found["processor"] and found["device"] == "cpu"
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"].keys() >= {"shoal", "torch", "numpy"}
    text = json.dumps({key: value for key, value in found.items() if key != "processor"})
    assert platform.node() not in text
    assert getpass.getuser() not in text or len(getpass.getuser()) < 5
