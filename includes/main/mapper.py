"""Run the mapper with `python -m`."""

from .mapper import {{ plugin_class }}

if __name__ == "__main__":
    {{ plugin_class }}.cli()
