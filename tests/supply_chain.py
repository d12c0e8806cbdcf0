"""What the program is made of: `make sbom` lists it, and `make audit` asks for known faults of it.

`python -m tests.supply_chain sbom FILE` writes the packages that are shipped, with their licences,
as CycloneDX 1.6 (ECMA-424); the same file for the same lock. `python -m tests.supply_chain audit`
asks OSV for advisories about all locked packages. Its status is 1 if there are any, and 2 if it
could not ask.
"""

import json
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

import click
import httpx

ROOT: Final = Path(__file__).parents[1]
LOCKS: Final = ("requirements.lock", "requirements-dev.lock", "requirements-spark.lock")
OSV: Final = "https://api.osv.dev"
TIMEOUT_S: Final = 30
UNKNOWN: Final = "not declared"
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_REQUIRED: Final = re.compile(r"[A-Za-z0-9._-]+")


def locked(*locks: str) -> dict[str, str]:
    """Return the versions of all packages in the lock files."""
    return dict(pair for lock in locks for pair in _PINNED.findall((ROOT / lock).read_text()))


def bill_of_materials() -> dict[str, Any]:
    """Return what is shipped and installed here. Raises ValueError if it is not what is locked."""
    found = dict(_installed(locked(LOCKS[0])))
    own = distribution("saywho")
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component(own, "application")},
        "components": [_component(each, "library") for each in found.values()],
        "dependencies": [
            {"ref": _purl(each), "dependsOn": sorted(_needed(each, found))}
            for each in (own, *found.values())
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill, sort_keys=True))
    return bill | {"serialNumber": f"urn:uuid:{serial}"}


def _installed(versions: dict[str, str]) -> Iterator[tuple[str, Distribution]]:
    for name, version in sorted(versions.items()):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # It is locked for another platform.
        if found.version != version:
            raise ValueError(f"{name} {found.version} is installed, and {version} locked")
        yield _normal(name), found


def _component(package: Distribution, kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
        "licenses": _licences(package),
    }


def _licences(package: Distribution) -> list[dict[str, Any]]:
    """Return the licences as the package declares them, in the newest of three ways."""
    about = package.metadata
    if "License-Expression" in about:
        return [{"expression": about["License-Expression"]}]
    kinds = [each for each in about.get_all("Classifier", []) if each.startswith("License ::")]
    names = [each.rpartition(" :: ")[2] for each in kinds]
    text = (about.get_all("License") or [""])[0].strip().partition("\n")[0]
    return [{"license": {"name": name}} for name in names or [text or UNKNOWN]]


def _needed(package: Distribution, among: dict[str, Distribution]) -> set[str]:
    needed = (each for each in package.requires or () if "extra ==" not in each)
    names = {_normal(match[0]) for each in needed if (match := _REQUIRED.match(each))}
    return {_purl(among[name]) for name in names & among.keys()}


def _purl(package: Distribution) -> str:
    return f"pkg:pypi/{_normal(package.name)}@{package.version}"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def advisories(versions: dict[str, str], source: str) -> dict[str, list[str]]:
    """Return the advisories of each package that has some. Raises httpx.HTTPError, ValueError."""
    packages = list(versions.items())
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in packages
    ]
    answer = httpx.post(f"{source}/v1/querybatch", json={"queries": queries}, timeout=TIMEOUT_S)
    results = answer.raise_for_status().json()["results"]
    return {
        f"{name} {version}": [each["id"] for each in result["vulns"]]
        for (name, version), result in zip(packages, results, strict=True)
        if result.get("vulns")
    }


def audit(source: str) -> int:
    versions = locked(*LOCKS)
    try:
        found = advisories(versions, source)
    except (httpx.HTTPError, ValueError, LookupError) as error:
        click.echo(f"audit: {source} could not be asked, so nothing is known: {error}", err=True)
        return 2
    for package, names in found.items():
        click.echo(f"{package}: {', '.join(names)}")
    click.echo(f"{len(versions)} locked packages, {len(found)} with known advisories ({source})")
    return 1 if found else 0


def main(arguments: Iterable[str]) -> int:
    command, *rest = arguments
    if command == "audit":
        return audit(*rest or [OSV])
    (target,) = rest
    Path(target).write_text(json.dumps(bill_of_materials(), indent=2, ensure_ascii=False) + "\n")
    click.echo(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
