# SPDX-License-Identifier: LGPL-2.1-or-later
"""page.py PAGE [DOCUMENT]: a page is well formed and needs nothing else; its values are those of the JSON document.

Prints the text of its title and, with a DOCUMENT, fails unless both have the same values in the same order.
"""

import html.parser
import json
import sys

VOID = {"meta", "br", "hr"}
TAGS = VOID | set(
    "html head title style body header main section nav footer details summary p h1 h2 h3 h4 h5 h6 a code span div "
    "dl dt dd table thead tbody tr th td".split()
)
ATTRIBUTES = set(
    "class id lang charset name content http-equiv href role tabindex aria-label aria-hidden scope data-key".split()
)
FORM = ("kind", "version", "minor", "command")


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.values, self.title, self.ids, self.links = [], [], "", set(), set()
        self.hidden = self.legend = False

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS, f"tag {tag}"
        for name, value in attributes:
            assert name in ATTRIBUTES, f"{tag} has {name}"
            assert name != "href" or value.startswith("#"), value
        attributes = dict(attributes)
        self.ids |= {attributes.get("id")}
        self.links |= {attributes["href"][1:]} if "href" in attributes else set()
        self.hidden = "aria-hidden" in attributes
        self.legend = self.legend or tag == "details"
        if tag in ("td", "dd") and not self.legend:
            self.values.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open}"
        self.open.pop()
        self.hidden = False

    def handle_data(self, data):
        if "h1" in self.open:
            self.title += data
        if not self.hidden and not self.legend and ("td" in self.open or "dd" in self.open):
            self.values[-1] += data

    def handle_comment(self, data):
        raise AssertionError("a comment")


def is_rows(value):
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def is_section(value):
    return is_rows(value) or isinstance(value, dict)


def shown(value):
    if value is None or value == "" or value == []:
        return "-"
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def values_of(tree):
    """As the page has them: the lines of an object first, then its sections; a table row by row."""
    for value in tree.values():
        if not is_section(value):
            yield shown(value)
    for value in tree.values():
        if isinstance(value, dict):
            yield from values_of(value)
        elif is_rows(value) and not any(is_section(cell) for row in value for cell in row.values()):
            keys = list(dict.fromkeys(key for row in value for key in row))
            yield from (shown(row.get(key)) for row in value for key in keys)
        elif is_rows(value):
            for row in value:
                yield from values_of(row)


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        text = file.read()
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, page.open
    assert text.startswith("<!DOCTYPE html>\n") and text.endswith("</html>\n")
    assert "://" not in text and "url(" not in text and "@import" not in text
    assert all(character.isprintable() or character == "\n" for character in text.replace("\xa0", "")), "not printable"
    assert page.links <= page.ids, page.links - page.ids
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            document = json.load(file)
        wanted = list(values_of({key: document[key] for key in document if key not in FORM}))
        found = [value.replace("\xa0", "") for value in page.values]
        assert found == wanted, [pair for pair in zip(found, wanted) if pair[0] != pair[1]][:3]
    print(" ".join(page.title.split()))


main()
