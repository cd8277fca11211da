#!/usr/bin/env python3
"""Holds the numbers of README.md, GUIDE.md and docs/ to what the commands they name printed last.

    python3 docs/numbers.py          check; exit code 1 where a number differs or is unmarked
    python3 docs/numbers.py fill     write what is recorded into every marked number
    python3 docs/numbers.py test     the rules themselves, on made-up text

A marked number stands before an HTML comment that says where it is recorded:

    ln P -93<!-- n: tour > local > redraw-40k > 0.01 > ln_p -->

`tour` is docs/numbers/tour.json, which `docs/record.sh tour` writes; a path ending in .json is a file
of this repository. Each further step is a key, an index, or the entry of a list one of whose fields
has this value, or begins with it. `* 100` at the end scales the record. A recorded number must equal
the written one to the digits written (`n~:` to its significant ones); a recorded text must hold it.

A line `<!-- n-table: PATH -->` before a table holds each of its rows to the entry called by the row's
first cell: every number of the row must be among that entry's, to the digits written.

Numbers in a sentence or table row that names a command, or in the sentence after a block of
commands, must be marked, or stand in docs/numbers/exceptions.txt with the reason.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "docs" / "numbers"
NUMBER = r"[−+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:e[−+-]?\d+)?"
MARKED = re.compile(rf"({NUMBER})([\s*  ]*)<!-- n(~?): (.+?) -->")
TABLE = re.compile(r"<!-- n-table: (.+?) -->\n+((?:\|.*\n?)+)")
MARKER = re.compile(r"<!-- n~?: .+? -->")
COMMAND = re.compile(r"`(?:basinscope |cargo (?:run|bench|test)\b|benches/|engine time)[^`]*`")
# Dates, names with a number in them, and how many cores a machine has.
NOT_PRINTED = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}|\b[A-Za-z]+[-–]\d[\w.]*|\d+ (?:virtual )?cores\b")
BLOCK = re.compile(r"^\s*(?:\$ )?(?:basinscope |cargo (?:run|bench|test)\b|benches/|\(?cd )")
FOUND = re.compile(r"(?<![\w.,])" + NUMBER + r"(?![\w]|[.,]\d)")


def documents():
    return [ROOT / "README.md", ROOT / "GUIDE.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def value(text):
    return float(text.replace("−", "-").replace(",", ""))


def lookup(path, records=None):
    """What is recorded at a path, or a KeyError that says what is missing."""
    path, _, scale = path.partition(" * ")
    name, *steps = [step.strip() for step in path.split(" > ")]
    file = ROOT / name if name.endswith(".json") else RECORDS / f"{name}.json"
    if records is not None:
        found = records[name]
    elif file.is_file():
        found = json.loads(file.read_text())
    else:
        raise KeyError(f"no {file.relative_to(ROOT)}")
    for step in steps:
        found = descend(found, step)
    return found * float(scale) if scale else found


def descend(found, step):
    if isinstance(found, dict):
        if step in found:
            return found[step]
        raise KeyError(f"no {step!r} among {', '.join(list(found)[:12])}")
    if isinstance(found, list):
        if re.fullmatch(r"\d+", step):
            if int(step) < len(found):
                return found[int(step)]
            raise KeyError(f"no entry {step} of {len(found)}")
        for same in (lambda field: str(field) == step, lambda field: isinstance(field, str) and field.startswith(step)):
            for entry in found:
                if isinstance(entry, dict) and any(same(field) for field in entry.values() if not isinstance(field, bool)):
                    return entry
    raise KeyError(f"nothing called {step!r}")


def agrees(written, recorded, significant):
    if isinstance(recorded, str):
        return any(agrees(written, value(token), significant) for token in re.findall(NUMBER, recorded) if token)
    return value(written) == value(shown(written, recorded, significant))


def shown(written, recorded, significant):
    """A recorded number with the digits that the written one has."""
    digits = written.lstrip("−+-").replace(",", "")
    if significant and "." not in digits and "e" not in digits:
        zeros = len(digits) - len(digits.rstrip("0"))
        recorded = round(recorded, -zeros)
    if "e" in digits:
        mantissa = digits.split("e")[0].partition(".")[2]
        text = f"{recorded:.{len(mantissa)}e}"
        mantissa, power = text.split("e")
        return f"{mantissa}e{int(power)}"
    decimals = len(digits.partition(".")[2])
    comma = "," if "," in written or abs(recorded) >= 1000 else ""
    text = f"{abs(recorded):{comma}.{decimals}f}"
    if digits.startswith(".") and text.startswith("0."):
        text = text[1:]
    negative = recorded < 0 and value(text) != 0
    sign = ("−" if "-" not in written else "-") if negative or written[:1] in "−-" and value(text) == 0 else ""
    return sign + text


def blocks(text):
    """Paragraphs, list items and table rows with their first line; then whether a block of commands
    stands before."""
    found, lines, fenced, after, start = [], [], False, False, 0

    def close():
        nonlocal lines, after
        if lines:
            found.append((start, " ".join(lines), after))
            after = False
        lines = []

    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("```"):
            close()
            fenced = not fenced
        elif fenced or (line.startswith("    ") and not lines):
            if BLOCK.match(line):
                after = True
                comment = line.partition("#")[2]
                if comment and re.search(r"\d+ (?:s|seconds?|minutes?|MB)\b", comment):
                    found.append((number, f"`basinscope ` {comment}", False))
        elif not stripped:
            close()
        elif stripped.startswith(("|", "- ", "* ", "#", ">")):
            close()
            if re.fullmatch(r"[|:\- ]+", stripped):
                continue
            start, lines = number, [stripped]
            if stripped.startswith(("|", "#")):
                keep = after
                close()
                after = keep and stripped.startswith("|")
        else:
            if not lines:
                start = number
            lines.append(stripped)
    close()
    return found


def sentences(block):
    if block.startswith("|"):
        return [block]
    return re.split(r"(?<=[.!?])(?:<!--.*?-->)*\s+(?=[A-Z*`(\[])", block)


def unmarked(text):
    """Numbers that a command is named for and that no marker stands behind."""
    announced = False
    for line, block, after in blocks(text):
        row = block.startswith("|")
        announced = announced and row or not row and block.endswith(":") and COMMAND.search(block)
        for place, sentence in enumerate(sentences(block)):
            if not (COMMAND.search(sentence) or (after and place == 0) or (announced and row)):
                continue
            plain = re.sub(rf"{NUMBER}[\s*  ]*<!-- n~?: .+? -->", "", sentence)
            plain = re.sub(r"<!--.*?-->|`[^`]*`|\]\([^)]*\)|https?://\S+", " ", plain)
            plain = NOT_PRINTED.sub(" ", plain)
            numbers = [number for number in FOUND.findall(plain) if number]
            if numbers:
                yield line, sentence, numbers


def numbers_in(found):
    """Every number in a record, texts included."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list):
        return [number for entry in found for number in numbers_in(entry)]
    if isinstance(found, str):
        return [value(token) for token in re.findall(NUMBER, found) if token]
    return [] if isinstance(found, bool) or found is None else [float(found)]


def tables(text):
    """The rows of marked tables: line, path, first cell, the numbers of the other cells."""
    for match in TABLE.finditer(text):
        line = text[: match.start(2)].count("\n") + 1
        for offset, row in enumerate(match.group(2).splitlines()):
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            if offset < 2:
                continue
            plain = MARKER.sub("", " | ".join(cells[1:]))
            yield line + offset, match.group(1), cells[0], [n for n in FOUND.findall(plain) if n]


def exceptions():
    file = RECORDS / "exceptions.txt"
    lines = file.read_text().splitlines() if file.is_file() else []
    return [line.split(" | ")[:2] for line in lines if line.strip() and not line.startswith("#")]


def check(fill=False):
    wrong, marked, used = [], 0, set()
    excepted = exceptions()
    for file in documents():
        name = str(file.relative_to(ROOT))
        text = file.read_text()

        def one(match):
            nonlocal marked
            written, gap, significant, path = match.groups()
            marked += 1
            line = text[: match.start()].count("\n") + 1
            try:
                recorded = lookup(path)
            except (KeyError, json.JSONDecodeError) as error:
                wrong.append(f"{name}:{line}: {written}: {path}: {error.args[0]}")
                return match.group()
            if not isinstance(recorded, (str, int, float)) or isinstance(recorded, bool):
                wrong.append(f"{name}:{line}: {written}: {path} is no number")
                return match.group()
            if agrees(written, recorded, significant):
                return match.group()
            if fill and not isinstance(recorded, str):
                return match.group().replace(written, shown(written, recorded, significant), 1)
            wrong.append(f"{name}:{line}: {written} is written, {recorded} recorded ({path})")
            return match.group()

        filled = MARKED.sub(one, text)
        if fill and filled != text:
            file.write_text(filled)
        for line, path, name_of_row, numbers in tables(text):
            try:
                recorded = numbers_in(descend(lookup(path), name_of_row))
            except (KeyError, json.JSONDecodeError) as error:
                wrong.append(f"{name}:{line}: {path}: {error.args[0]}")
                continue
            for number in numbers:
                marked += 1
                if not any(agrees(number, known, "~") for known in recorded):
                    wrong.append(f"{name}:{line}: {number} is not among what is recorded of {name_of_row} ({path})")
        whole = len(MARKER.findall(text)) - len(MARKED.findall(text))
        if whole:
            wrong.append(f"{name}: {whole} markers with no number before them")
        for line, sentence, numbers in unmarked(TABLE.sub(lambda found: "\n" * found.group().count("\n"), text)):
            for index, (where, part) in enumerate(excepted):
                if where == name and part in sentence:
                    used.add(index)
                    break
            else:
                listed = ", ".join(numbers)
                wrong.append(f"{name}:{line}: unmarked beside a command: {listed}: {sentence[:100]}")
    for index, (where, part) in enumerate(excepted):
        if index not in used:
            wrong.append(f"docs/numbers/exceptions.txt: nothing left to except: {where} | {part}")
    return marked, wrong


def test():
    records = {"r": {"list": [{"minimum": "clean", "ln_p": -0.01}, {"sigma": 0.01, "ln_p": -92.97}], "text": "39 of 40", "big": 4421.3}}
    look = lambda path: lookup(path, records)
    assert look("r > list > clean > ln_p") == -0.01
    assert look("r > list > 0.01 > ln_p * 100") == -9297.0
    assert agrees("−93", look("r > list > 0.01 > ln_p"), "")
    assert not agrees("−92", look("r > list > 0.01 > ln_p"), "")
    assert agrees("4,420", look("r > big"), "~") and not agrees("4,420", look("r > big"), "")
    assert agrees("39", look("r > text"), "") and not agrees("38", look("r > text"), "")
    assert shown(".5", 0.123, "") == ".1" and shown("1,000", 1234.6, "") == "1,235"
    assert shown("4.3e-6", 5.21e-5, "") == "5.2e-5" and agrees("4e-7", 4e-7, "~")
    text = "Takes 83 s by `basinscope tour`. Other 5.\n\n| 4 | `basinscope tour` |\n|---|---|\n\n`cargo test` has 7<!-- n: r --> tests.\n"
    assert [numbers for _, _, numbers in unmarked(text)] == [["83"], ["4"]], list(unmarked(text))
    text = "By `cargo run`, on 2 virtual cores with AVX-512, 3 May 2026:\n\n| a | 10 |\n|---|---|\n"
    assert [numbers for _, _, numbers in unmarked(text)] == [["10"]], list(unmarked(text))
    text = "    basinscope verify\n\nfound 21 in all. And 22.\n\n    basinscope x  # 4 minutes\n"
    assert [numbers for _, _, numbers in unmarked(text)] == [["21"], ["4"]], list(unmarked(text))
    rows = list(tables("<!-- n-table: r > rows -->\n\n| a | b |\n|---|---|\n| x | 1.9 × |\n| y | 5 |\n"))
    assert rows == [(5, "r > rows", "x", ["1.9"]), (6, "r > rows", "y", ["5"])], rows
    assert agrees("1.9", 1.89, "~") and numbers_in({"a": "1,200 (73 %)", "b": [True, 2]}) == [1200.0, 73.0, 2.0]
    for missing in ("r > none", "r > list > 9"):
        try:
            look(missing)
        except KeyError:
            continue
        raise AssertionError(missing)


def main():
    asked = sys.argv[1:] or ["check"]
    if asked == ["test"]:
        test()
        print("the rules of docs/numbers.py hold")
        return 0
    if asked not in (["check"], ["fill"]):
        print(__doc__, file=sys.stderr)
        return 2
    test()
    marked, wrong = check(fill=asked == ["fill"])
    for line in wrong:
        print(line)
    print(f"{marked} marked numbers, {len(wrong)} wrong or unmarked")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
