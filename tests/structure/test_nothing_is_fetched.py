"""The site fetches nothing from any address: what people write down can never make it ask somebody else."""

import ast

from tests.structure.source import APP, place, tree

OPENS_ADDRESSES = {"socket", "http.client", "urllib.request", "urllib3", "requests", "httpx", "aiohttp", "ftplib"}
# The first asks its own /healthz whether it is up, the second looks for a free port of this machine, the third takes
# the names of two settings; `doctor` asks BASE_URL and the policy on bounces, which stand in the settings.
ITS_OWN = {"app/serve.py", "app/mailbox/catcher.py", "app/email/pipelining.py", "app/doctor/fetch.py"}


def test_no_module_imports_an_http_client() -> None:
    found = set()
    for path in APP:
        for node in ast.walk(tree(path)):
            named = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            named |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
            if named & OPENS_ADDRESSES:
                found.add(place(path))
    assert found == ITS_OWN
