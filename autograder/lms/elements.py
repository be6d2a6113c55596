"""XML written element by element; what is text is escaped by the library, never by hand."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring


def child(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """A new last child.  A trailing _ keeps an attribute's name apart from a word of Python."""
    made = SubElement(parent, tag, {name.rstrip("_"): value for name, value in attributes.items()})
    made.text = text or None
    return made


def written(root: Element) -> str:
    """The document, indented; texts stay as they are."""
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"
