"""Text that a notebook shows as markdown or HTML, and everything else as text."""


class Markdown(str):
    """Text that a notebook shows as markdown."""

    def _repr_markdown_(self) -> str:
        return str(self)


class Html(str):
    """Text that a notebook shows as HTML."""

    def _repr_html_(self) -> str:
        return str(self)
