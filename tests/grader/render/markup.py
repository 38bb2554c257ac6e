"""What is in a page: its elements, their attributes and its text, as a browser's parser would read them."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "base"}


class Page(HTMLParser):
    """`elements` as (tag, attributes), `texts` outside the style sheet; every element must be closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.open = [], [], []
        self.sheet = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.sheet += data
        else:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "footer",
        "section",
        "aside",
        "article",
    ),
    *(
        "div",
        "p",
        "h1",
        "h2",
        "h3",
        "dl",
        "dt",
        "dd",
        "ol",
        "ul",
        "li",
        "a",
        "b",
        "i",
        "span",
        "strong",
        "small",
    ),
    *("code", "pre", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
    *("svg", "path", "line", "rect", "circle", "text"),
}


def assert_inert(page):
    """Nothing in the page acts, loads or leads elsewhere, and its policy allows just its own style sheet."""
    import base64
    import hashlib

    assert {tag for tag, _ in page.elements} <= ELEMENTS
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src")], tag
    for link in page.all("a"):
        assert link["href"].startswith(("#", "./")), link
    digest = base64.b64encode(hashlib.sha256(page.sheet.encode()).digest()).decode()
    policies = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]
    assert "url(" not in page.sheet
    assert "@import" not in page.sheet


def assert_links_lead_somewhere(page):
    """Every link within the page has its target, and no id stands twice."""
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = {link["href"][1:] for link in page.all("a") if link["href"].startswith("#")}
    assert inner <= set(ids)
