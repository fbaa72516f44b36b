"""Whoever acts on a petition for an organiser asks for their role in that transaction: it comes from `acting`."""

import ast
from collections.abc import Iterator

from tests.structure.source import APP, ROOT, place, tree

FOLDERS = (
    "organisers",
    "publishing",
    "moderation",
    "export",
    "watching",
    "pages",
    "sharing",
    "petition_files",
    "audit",
)
# What begins a transaction itself, and why.
ITSELF = {
    "app/organisers/acting.py": {"acting": "asks"},
    "app/organisers/accounts.py": {
        "invite": "asks by lock_petition_for or lock_administrators: it may be about a petition or not",
        "join": "who joins is asked for by the link, under the account's lock",
        "forget_expired_invitations": "the worker's",
    },
    "app/organisers/members.py": {
        "set_administrator": "asks by lock_administrators",
        "set_may_open": "asks by lock_administrators",
        "end_account": "asks by lock_administrators, or it is one's own",
        "erase_again": "a command's, after a restore",
    },
    "app/organisers/views.py": {
        "answer_offer": "the offer itself is locked and looked at",
        "change_language": "one's own account",
        "change_name": "one's own account",
        "sign_out_everywhere": "one's own account",
    },
    "app/publishing/create.py": {
        "create_petition": "asks for the account, as there is no role yet",
        "import_upload": "asks by role_now, as the file says which petition it is",
    },
    "app/petition_files/importing.py": {"import_file": "a command's"},
    "app/moderation/bursts.py": {"_add_suspicions": "the worker's"},
    "app/export/pdf_job.py": dict.fromkeys(
        ("_claim", "_heartbeat", "_store_volume", "_finish", "_release"), "the worker's"
    ),
    "app/export/sending.py": {"recorded_stream": "records what was sent, whatever became of the role"},
    "app/watching/hourly.py": {"_write": "the worker's"},
    "app/watching/trace.py": {"trace_search": "records who looked"},
    "app/audit/log.py": {"record_visit": "records who looked"},
}
ASKING = {"lock_petition_for", "lock_administrators", "role_now", "lock_organiser"}


def calls(node: ast.AST) -> Iterator[str]:
    """Yield the names of the functions that are called in a piece of code."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            yield ast.unparse(part.func).rpartition(".")[2]


def functions() -> Iterator[tuple[str, str, set[str]]]:
    """Yield file, name and calls of each function in the organisers' folders."""
    for path in APP:
        if path.relative_to(ROOT).parts[1] in FOLDERS:
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.FunctionDef):
                    yield place(path), node.name, set(calls(node))


def test_transactions_that_do_not_ask_by_acting_are_these() -> None:
    found: dict[str, set[str]] = {}
    for file, name, called in functions():
        if "transaction" in called:
            found.setdefault(file, set()).add(name)
    assert found == {file: set(reasons) for file, reasons in ITSELF.items()}


def test_those_that_say_they_ask_do() -> None:
    asks = {(file, name) for file, reasons in ITSELF.items() for name, why in reasons.items() if why.startswith("asks")}
    assert asks <= {(file, name) for file, name, called in functions() if called & ASKING}
