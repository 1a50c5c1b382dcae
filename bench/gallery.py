"""Every template with three invented sets of facts, as one HTML page to read aloud: `make gallery`."""

import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

from followupd.render import Renderer
from followupd.rules.choosing import language_of
from followupd.rules.drafts import invent_facts, read_rendered
from followupd.rules.message import render_html
from followupd.template_files import find_templates, read_template, shipped_templates

_HEAD = """<!doctype html><meta charset="utf-8"><title>followupd: the templates</title>
<style>
body { font: 16px/1.5 Georgia, serif; margin: 2rem; background: #f4f1ea; color: #222 }
section { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem }
article { background: #fff; padding: 1rem 1.25rem; border-radius: 4px }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
h3 { font-size: 1rem; margin: 0 0 .75rem; border-bottom: 1px solid #ddd; padding-bottom: .5rem }
</style>
<h1>The templates: all facts known, some, none</h1>
"""


def main(page: Path) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    with Renderer() as renderer:
        page.write_text(_HEAD + "".join(_write_sections(renderer)), encoding="utf-8")
    print(f"Wrote {page}.")


def _write_sections(renderer: Renderer) -> Iterator[str]:
    sources = {name: read_template(paths[0]) for name, paths in find_templates([shipped_templates()]).items()}
    for name in sorted(sources):
        language = language_of(name)
        mails = (
            read_rendered(renderer.render(name, sources, facts), name) for facts in invent_facts(language)
        )
        articles = "".join(
            f"<article><h3>{escape(subject)}</h3>{render_html(body)}</article>" for subject, body in mails
        )
        yield f'<h2>{name}</h2><section lang="{language}">{articles}</section>\n'


if __name__ == "__main__":
    main(Path(sys.argv[1]))
