"""Tables as they come from a spreadsheet or a word processor: tabs between cells."""

from markdown_it.rules_block import StateBlock


def tabbed_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Make a table of two lines or more with the same number of tabs (a rule of the parser). None is its heading."""
    tabs = _tabs(state, start)
    if not tabs or start + 1 >= end or _tabs(state, start + 1) != tabs:
        return False
    if silent:
        return True
    line = start
    state.push("table_open", "table", 1)
    state.push("tbody_open", "tbody", 1)
    while line < end and _tabs(state, line) == tabs:
        state.push("tr_open", "tr", 1)
        for words in _words(state, line).split("\t"):
            state.push("td_open", "td", 1)
            cell = state.push("inline", "", 0)
            cell.content, cell.children, cell.map = words.strip(), [], [line, line + 1]
            state.push("td_close", "td", -1)
        state.push("tr_close", "tr", -1)
        line += 1
    state.push("tbody_close", "tbody", -1)
    state.push("table_close", "table", -1)
    state.line = line
    return True


def _tabs(state: StateBlock, line: int) -> int:
    """Return how many tabs the line has between its words; none where it ends the block, or is code."""
    if state.sCount[line] < state.blkIndent or state.is_code_block(line):
        return 0
    return _words(state, line).count("\t")


def _words(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
