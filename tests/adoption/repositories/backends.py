"""Repositories by their build backend: which it is, how it is required, and where the version comes from."""

from tests.adoption.repositories.case import RELEASED, Case
from tests.adoption.repositories.remedies import take_version_from_tag, write_lock
from tests.support.repositories import (
    PDV,
    PEP_621,
    REPOSITORIES,
    STATIC,
    Repository,
    build_system,
    metadata,
)

FOREIGN = "the template's lock of build backends does not have that: run `uvx --from git+https://github.com/"
LOCK = "`meltano-release lock`, as the message has it"
STATIC_VERSION = '[project]\nname = "{name}"\nversion = "0.3.1"\ndescription = "A tap"\nreadme = "README.md"\n'
HATCH_VCS = '\n[tool.hatch.version]\nsource = "vcs"\n'
PDV_BACKEND = build_system("poetry_dynamic_versioning.backend", "poetry-core>=2", "poetry-dynamic-versioning>=1,<2")
DYNAMIC = "the tutorial's lines for {}"
SETUP_PY = """\
from setuptools import find_packages, setup

setup(
    name="tap-sigma",
    version="0.3.1",
    description="A tap",
    packages=find_packages(),
    entry_points={"console_scripts": ["tap-sigma = tap_sigma.tap:main"]},
)
"""
SETUP_CFG = """\
[metadata]
name = tap-tau
description = A tap

[options]
packages = find:
"""


def project(name: str, *parts: str) -> str:
    """Return a pyproject.toml of a tap with a dynamic version."""
    return metadata(PEP_621, name, name.replace("-", "_")) + "".join(parts)


def static(name: str, *parts: str) -> str:
    """Return a pyproject.toml of a tap with a static version."""
    return STATIC_VERSION.format(name=name) + "".join(parts)


BACKENDS = [
    Case("PEP 621 with poetry-dynamic-versioning", REPOSITORIES["PEP 621 with PDV"]),
    Case("classic `[tool.poetry]` with poetry-dynamic-versioning", REPOSITORIES["classic with PDV"]),
    Case("poetry-dynamic-versioning without a bound", REPOSITORIES["poetry.lock and its own CI"]),
    Case("hatch-vcs", REPOSITORIES["hatch-vcs with uv.lock"]),
    Case(
        "setuptools with `[project]`, and old tags without `v`",
        REPOSITORIES["setuptools-scm, one job with every permission, tags without v"],
        on_act=RELEASED,
    ),
    Case(
        "exact backend pins",
        Repository(
            "tap-kappa",
            "tap-kappa",
            project("tap-kappa", HATCH_VCS, build_system("hatchling.build", "hatchling==1.30.1", "hatch-vcs==0.5.0")),
        ),
        message=FOREIGN,
        advice=LOCK,
        remedy=write_lock,
        on_act=RELEASED,
    ),
    Case(
        "an older backend than the template's",
        Repository(
            "tap-lambda",
            "tap-lambda",
            project("tap-lambda", "\n[tool.setuptools_scm]\n")
            + build_system("setuptools.build_meta", "setuptools>=64,<80", "setuptools-scm<9", "wheel<0.46"),
        ),
        message=FOREIGN,
        advice=LOCK,
        remedy=write_lock,
    ),
    Case(
        "a build plugin that the template's lock does not have",
        Repository(
            "tap-mu",
            "tap-mu",
            project(
                "tap-mu", HATCH_VCS, build_system("hatchling.build", "hatchling", "hatch-vcs", "hatch-nodejs-version")
            ),
        ),
        message=FOREIGN,
        advice=LOCK,
        remedy=write_lock,
    ),
    Case(
        "`wheel` among the requirements",
        Repository(
            "tap-nu",
            "tap-nu",
            project("tap-nu", "\n[tool.setuptools_scm]\n")
            + build_system("setuptools.build_meta", "setuptools>=61", "wheel", "setuptools_scm[toml]>=6.2"),
        ),
    ),
    Case(
        "hatch-fancy-pypi-readme",
        Repository(
            "tap-xi",
            "tap-xi",
            project("tap-xi", HATCH_VCS)
            .replace('readme = "README.md"\n', "")
            .replace('dynamic = ["version"]', 'dynamic = ["version", "readme"]')
            + '\n[tool.hatch.metadata.hooks.fancy-pypi-readme]\ncontent-type = "text/markdown"\n'
            + '\n[[tool.hatch.metadata.hooks.fancy-pypi-readme.fragments]]\npath = "README.md"\n'
            + build_system("hatchling.build", "hatchling", "hatch-vcs", "hatch-fancy-pypi-readme"),
        ),
    ),
    Case(
        "uv-dynamic-versioning",
        Repository(
            "tap-omicron",
            "tap-omicron",
            project("tap-omicron", '\n[tool.hatch.version]\nsource = "uv-dynamic-versioning"\n')
            + build_system("hatchling.build", "hatchling", "uv-dynamic-versioning"),
        ),
    ),
    Case(
        "pdm-backend",
        Repository(
            "tap-pi",
            "tap-pi",
            project("tap-pi", '\n[tool.pdm.version]\nsource = "scm"\n')
            + build_system("pdm.backend", "pdm-backend>=2.4"),
        ),
    ),
    Case(
        "setuptools without `[project]`",
        Repository(
            "tap-tau",
            "tap-tau",
            "[tool.setuptools_scm]\n" + build_system("setuptools.build_meta", "setuptools>=64", "setuptools_scm>=8"),
            files={"setup.cfg": SETUP_CFG},
        ),
    ),
    Case(
        "`setup.py` alone",
        Repository("tap-sigma", "tap-sigma", "", files={"setup.py": SETUP_PY}),
        message="setuptools does not read tags",
        advice=DYNAMIC.format("setuptools"),
        remedy=take_version_from_tag("setuptools.build_meta"),
    ),
    Case(
        "classic `[tool.poetry]` with a static version",
        STATIC["classic with a static version"],
        message="the build backend is poetry-core's own",
        advice=DYNAMIC.format("Poetry"),
        remedy=take_version_from_tag("poetry_dynamic_versioning.backend"),
    ),
    Case(
        "poetry-core without poetry-dynamic-versioning",
        Repository(
            "tap-rho",
            "tap-rho",
            static("tap-rho", build_system("poetry.core.masonry.api", "poetry-core>=2.0.0,<3.0.0")),
        ),
        message="the build backend is poetry-core's own",
        advice=DYNAMIC.format("Poetry"),
        remedy=take_version_from_tag("poetry_dynamic_versioning.backend"),
    ),
    Case(
        "poetry-dynamic-versioning beside a static version",
        Repository("tap-phi", "tap-phi", static("tap-phi", PDV, PDV_BACKEND)),
        message="[project] of pyproject.toml has a static `version`",
        advice=DYNAMIC.format("Poetry"),
        remedy=take_version_from_tag("poetry_dynamic_versioning.backend"),
    ),
    Case(
        "hatchling with a static version",
        STATIC["hatchling with a static version"],
        message="hatchling does not read tags",
        advice=DYNAMIC.format("hatchling"),
        remedy=take_version_from_tag("hatchling.build"),
    ),
    Case(
        "uv's backend",
        STATIC["uv's backend"],
        message="uv's build backend does not read tags",
        advice=DYNAMIC.format("hatchling"),
        remedy=take_version_from_tag("hatchling.build"),
    ),
    Case(
        "flit",
        Repository("tap-chi", "tap-chi", static("tap-chi", build_system("flit_core.buildapi", "flit_core>=3.2,<5"))),
        message="flit does not read tags",
        advice=DYNAMIC.format("hatchling"),
        remedy=take_version_from_tag("hatchling.build"),
    ),
]
