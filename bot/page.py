"""A web page to an article's text, for pages that come without a feed."""

from __future__ import annotations


def page_text(content: bytes, url: str | None) -> tuple[str, str]:
    """Title and main text of a page, without menus and comments; empty where there is no article. ``url`` only helps to
    find them."""
    import trafilatura

    found = trafilatura.bare_extraction(
        content, url=url, include_comments=False, include_tables=False, with_metadata=True
    )
    if found is None or isinstance(found, dict):  # a dict only where one was asked for
        return "", ""
    title = (found.title or "").strip()
    lines = (found.text or "").split("\n")
    if title and lines[0].strip() == title:  # the headline stands above the text, too
        del lines[0]
    # Paragraphs come one to a line; rules see a blank line between paragraphs, as in texts from feeds.
    return title, "\n\n".join(lines)
