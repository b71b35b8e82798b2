#!/usr/bin/env python3
"""Checks that every sentence quoted in cases/*.cases stands in the standard that its rule names.

    tools/quotes.py FOLDER      FOLDER has the texts: rfc6455.txt, rfc7692.txt, rfc8441.txt, rfc9220.txt, rfc9110.txt, rfc9112.txt

They are at rfc-editor.org; Debian's doc-rfc-std and doc-rfc-std-proposed have them, too.

A quotation may have gaps, written [...] or […]. Each piece between gaps has to occur in the text of the rule's RFC, or in another of the texts where
a rule rests on two. Page breaks, line ends and runs of blanks do not matter. Standards whose text is not there are named, and not checked.
Exit status: 0 all found, 1 something is not there, 2 nothing was checked.
"""
import pathlib
import re
import sys


def folded(text):
    """The words of a text, without page breaks, and with words that were cut at a line end joined."""
    text = re.sub(r"\n\n*[^\n]*\[Page \d+\]\n\f?\n*[^\n]*\d{4}\n", "\n", text)
    text = re.sub(r"(\w-)\n\s+(?=\w)", r"\1", text)
    return re.sub(r"\s+", " ", text)


def quotations(path):
    """(line, rule, quotation) of a case file; the lines of one quotation are joined."""
    rule, line, lines = None, 0, []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if text.startswith("@"):
            if lines:
                yield line, rule, " ".join(lines)
            rule, lines = text[1:].split()[0], []
        elif re.match(r'\s+"', text):
            if not lines:
                line = number
            lines.append(text.strip()[1:-1])
    if lines:
        yield line, rule, " ".join(lines)


def main():
    folder = pathlib.Path(sys.argv[1])
    texts = {path.stem[3:]: folded(path.read_text()) for path in folder.glob("rfc????.txt")}
    here = pathlib.Path(__file__).resolve().parent.parent / "cases"
    checked, wrong, missing = 0, 0, {}
    for path in sorted(here.glob("*.cases")):
        for line, rule, quotation in quotations(path):
            standard = rule.split("-")[0]
            pieces = [re.sub(r"\s+", " ", piece).strip() for piece in re.split(r"\[\.\.\.\]|\[…\]", quotation)]
            for piece in filter(None, pieces):
                if piece in texts.get(standard, "") or any(piece in text for text in texts.values()):
                    checked += 1
                elif standard not in texts and standard.isdigit():
                    missing[standard] = missing.get(standard, 0) + 1
                else:
                    wrong += 1
                    print(f"{path.name}:{line}: {rule}: not in the text: {piece}")
    for standard, count in sorted(missing.items()):
        print(f"rfc{standard}.txt is not there: {count} pieces are not checked")
    print(f"{checked} pieces found, {wrong} not")
    return 1 if wrong else 0 if checked else 2


if __name__ == "__main__":
    sys.exit(main())
