"""Figures of the code's structure: what `make house` prints and `test_directions.py` holds."""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final, NamedTuple

import saywho
from app import part_list

ROOT: Final = Path(__file__).parents[1]
APP: Final = ROOT / "app"
LIBRARY: Final = ROOT / "saywho"
DESIGN: Final = ROOT / "docs" / "design.md"
LIMITS: Final = {
    "lines of app and saywho": 103_219,
    "lines of tests": 106_115,
    "lines of saywho/formats": 26_656,
    "parts": 12,
    "options of import": 22,
    "settings": 25,
    "operations of the API": 54,
    "hidden contexts": 5,
    "modules with a single importer": 77,
    "constants at the top of modules": 2_419,
}
"""The most of each. A number falls when less is left; who raises one says in a commit of its own
which user asked, and what goes next (docs/refused.md).
"""
MOST_PARAMETERS: Final = 6
"""Of a function; what belongs together is a value."""
CONTAINERS: Final = frozenset(
    (
        *("dict", "list", "set", "bytearray", "defaultdict", "deque", "Counter"),
        *("WeakKeyDictionary", "WeakValueDictionary", "WeakSet"),
    )
)
TEST_SECONDS: Final = ROOT / ".venv" / ".test-seconds"
"""Where `make test` leaves how long it took, and the processor time of users and of the system."""


class Import(NamedTuple):
    """One module imports another, or one of another distribution."""

    path: str
    line: int
    source: str
    """The room that imports (`room_of`)."""
    target: str
    """The same of what is imported; for other distributions the name of their package."""
    is_ours: bool


@cache
def sources() -> dict[Path, str]:
    """Return the text of each module of both packages, migrations' versions left out."""
    modules = (path for package in (APP, LIBRARY) for path in package.rglob("*.py"))
    paths = (path for path in modules if path.parent.name != "versions")
    return {path: path.read_text() for path in sorted(paths)}


@cache
def trees() -> dict[Path, ast.Module]:
    """Return each module of both packages as Python reads it."""
    return {path: ast.parse(text) for path, text in sources().items()}


def sentences(tree: ast.Module) -> list[str]:
    """Return the texts of a module that are no docstrings, and have a blank."""
    documents = {id(node.value) for node in nodes(tree) if isinstance(node, ast.Expr)}
    values = (node for node in nodes(tree) if isinstance(node, ast.Constant))
    texts = (node.value for node in values if id(node) not in documents)
    return [text for text in texts if isinstance(text, str) and " " in text]


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return all nodes of a module, walked once for all figures."""
    return tuple(ast.walk(tree))


def room_of(path: Path) -> str:
    """Return the package or module at the top of `app/` or `saywho/` that holds this file.

    Those of the library have its name: `saywho/formats`. Each part is a room of its own, and so is
    their door: `parts/games`, `parts/__init__`.
    """
    top, *names = path.relative_to(ROOT).with_suffix("").parts
    if top == LIBRARY.name:
        return f"{top}/{names[0]}"
    return "/".join(names[:2]) if names[0] == "parts" else names[0]


@cache
def imports() -> tuple[Import, ...]:
    """Return every import between rooms, those inside of functions and for types too."""
    return tuple(
        Import(str(path.relative_to(ROOT)), line, room_of(path), target, is_ours)
        for path, tree in trees().items()
        for line, target, is_ours in _targets(tree)
        if not (is_ours and target == room_of(path))
    )


def _targets(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module in {"app", "app.parts", "saywho"}:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        else:
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first == LIBRARY.name:
                room = rest.partition(".")[0]
                is_room = (LIBRARY / room).is_dir() or (LIBRARY / f"{room}.py").exists()
                yield node.lineno, f"{first}/{room if room and is_room else '__init__'}", True
            elif first == "app":
                room, _, inner = rest.partition(".")
                is_room = (APP / room).is_dir() or (APP / f"{room}.py").exists()
                if room == "parts":
                    part = inner.partition(".")[0]
                    room = f"parts/{part if part and (APP / room / part).is_dir() else '__init__'}"
                yield node.lineno, room if room and is_room else "__init__", True
            else:
                yield node.lineno, first, False


def floors() -> dict[str, int]:
    """Return the floor of each room, 0 at the bottom: its row in the table of `docs/design.md`."""
    rows = [
        rooms
        for line in DESIGN.read_text().splitlines()
        if line.startswith(("| `app/", "| `saywho/"))
        and (
            rooms := re.findall(
                r"`(?:app/(?=\w)|(?=saywho/))(parts/\w+|saywho/\w+|\w+)(?:/|\.py)`",
                line.split("|")[1],
            )
        )
    ]
    return {room: floor for floor, rooms in enumerate(reversed(rows)) for room in rooms}


def upward_imports() -> list[Import]:
    """Return the imports that run from a lower floor to a higher one."""
    floor = floors()
    return [
        each
        for each in imports()
        if each.is_ours and floor.get(each.target, 0) > floor.get(each.source, 99)
    ]


def imports_of_parts() -> list[str]:
    """Return the imports of a part by the core, or by another part that does not name it."""
    named = {f"parts/{part.name}": {*part.needs, *part.uses} for part in part_list.PARTS}
    return [
        f"{each.path}:{each.line}: {each.source} imports {each.target}"
        for each in imports()
        if each.is_ours and each.target in named
        if each.target.removeprefix("parts/") not in named.get(each.source, ())
    ]


def inner_floors(package: str) -> dict[str, int]:
    """Return the floor of each subject inside a package, 0 at the bottom, as the design says."""
    listed = DESIGN.read_text().partition(f"The subjects inside `{Path(package).name}`")[2]
    names = re.findall(r"`(\w+)`", listed.partition("From the bottom:")[2].partition(" Each ")[0])
    return {name: floor for floor, name in enumerate(names)}


def inner_modules(package: str) -> list[tuple[str, Path]]:
    """Return the modules inside a package, each with its subject: a folder or a module there."""
    paths = [path for path in sources() if room_of(path) == package]
    folder = ROOT / package if package.startswith(LIBRARY.name) else APP / package
    subjects = [path.relative_to(folder).parts[0].removesuffix(".py") for path in paths]
    return [pair for pair in zip(subjects, paths, strict=True) if pair[0] != "__init__"]


def upward_inner_imports(package: str) -> list[str]:
    """Return the imports inside a package that run to a higher floor.

    Modules without a floor serve all and stand below: they import from each other alone.
    """
    floors, upward = inner_floors(package), list[str]()
    name = package.replace("/", ".") if package.startswith(LIBRARY.name) else f"app.{package}"
    for subject, path in inner_modules(package):
        for line, target in _inner_targets(name, trees()[path]):
            if target != subject:
                floor = floors.get(target, -1)
                if floor >= 0 and floor >= floors.get(subject, -1):
                    upward.append(f"{path.relative_to(ROOT)}:{line}: {subject} → {target}")
    return upward


def _inner_targets(package: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in nodes(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        if node.module == package:
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif node.module.startswith(f"{package}."):
            yield node.lineno, node.module.split(".")[2]


def circle() -> list[str]:
    """Return the rooms of a circle of imports, if there is one."""
    arrows = defaultdict(set)
    for each in imports():
        if each.is_ours:
            arrows[each.source].add(each.target)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def repeated_classes() -> dict[str, list[str]]:
    """Return the public class names that stand in several modules, with these.

    Users of the library do not see the site, so that its names may be those of the site.
    """
    homes = defaultdict(list)
    for path, tree in trees().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(ROOT)))
    return {
        name: paths
        for name, paths in sorted(homes.items())
        if len(paths) > 1 and name not in saywho.__all__
    }


class Declared(NamedTuple):
    """A class at the top of a module."""

    module: str
    fields: frozenset[str]
    bases: tuple[str, ...]


def repeated_structs() -> list[str]:
    """Return the classes of equal fields, by name, that stand in several modules.

    Those that share a base are one: what the base says is said once.
    """
    classes, alike = _classes(), defaultdict(list)
    lines = {name: _lineage(name, classes) for name in classes}
    for name, line in lines.items():
        if fields := frozenset[str]().union(*(classes[part].fields for part in line)):
            alike[fields].append(name)
    return [
        " = ".join(f"{classes[name].module}: {name}" for name in names)
        for names in alike.values()
        if len({classes[name].module for name in names}) > 1
        and not any("Protocol" in classes[name].bases for name in names)
        and not set.intersection(*(lines[name] for name in names))
    ]


def _lineage(name: str, classes: dict[str, Declared]) -> set[str]:
    """Return the names of a class and of all classes of ours that it is made of."""
    ours = (base for base in classes[name].bases if base in classes)
    return {name}.union(*(_lineage(base, classes) for base in ours))


def _classes() -> dict[str, Declared]:
    """Return the classes of both packages, and what `PlainPost = PostContent[…]` makes, by name."""
    classes = {}
    for path, tree in trees().items():
        module = str(path.relative_to(ROOT))
        for node in tree.body:
            match node:
                case ast.ClassDef(name=name, body=body, bases=bases):
                    fields = frozenset(_fields_in(body))
                    classes[name] = Declared(module, fields, tuple(map(_base, bases)))
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript() as value):
                    classes.setdefault(name, Declared(module, frozenset(), (_base(value),)))
    return classes


def _base(node: ast.expr) -> str:
    return ast.unparse(node.value if isinstance(node, ast.Subscript) else node).rpartition(".")[2]


def _fields_in(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                if not ast.unparse(annotation).startswith("ClassVar"):
                    yield name


def self_named_fields() -> list[str]:
    """Return the fields with the name of their type. From Python 3.14 on, annotations are read
    when the class has its fields, so `date: date` names the field.
    """
    return [
        f"{path.relative_to(ROOT)}:{field.lineno}"
        for path, tree in trees().items()
        for declared in nodes(tree)
        if isinstance(declared, ast.ClassDef) and "NamedTuple" not in map(_base, declared.bases)
        for field in declared.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        for part in ast.walk(field.annotation)
        if isinstance(part, ast.Name) and part.id in _fields_in(declared.body)
    ]


def state_at_import() -> list[str]:
    """Return the containers that a module makes empty, to be filled while the program runs."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path, tree in trees().items()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_empty(node.value)
    ]


def _is_empty(value: ast.expr | None) -> bool:
    match value:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)), args=[]):
            return name in CONTAINERS
        case ast.Call(func=ast.Name(id=name)):
            return name in CONTAINERS - {"dict", "list", "set"}
    return False


def function_lengths() -> list[int]:
    """Return the lines of each function, in ascending order."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in trees().values()
        for node in nodes(tree)
        if isinstance(node, kinds)
    )


HOOKS: Final = frozenset(("before_request", "after_request", "context_processor"))


def values_in_g() -> list[str]:
    """Return where a value is put into `g`, but in hooks of the request."""
    places = []
    for path, tree in trees().items():
        hooks = {id(node) for function in _hooks(tree) for node in ast.walk(function)}
        places += [
            f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
            for node in nodes(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and ast.unparse(node.value) == "g"
            and id(node) not in hooks
        ]
    return places


def _hooks(tree: ast.Module) -> Iterator[ast.AST]:
    for node in nodes(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
            if names & HOOKS:
                yield node


def untyped_contexts() -> list[str]:
    """Return where a template gets names that no struct declares."""
    renders = re.compile(r"\brender_template(_string)?\(|\bdict\[str, object\]")
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path, text in sources().items()
        if room_of(path) == "views" or "from app.views.page import" in text
        if path != APP / "views" / "page.py"
        for number, line in enumerate(text.splitlines(), 1)
        if renders.search(line)
    ]


def long_signatures() -> list[str]:
    """Return the functions of more than six parameters, beside `self` and `cls`."""
    long: list[str] = []
    for path, tree in trees().items():
        for node in nodes(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                names = [argument.arg for argument in taken if argument.arg not in {"self", "cls"}]
                if len(names) > MOST_PARAMETERS:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}")
    return long


def module_name(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def rings() -> list[str]:
    """Return the modules that import each other, for types too."""
    names = {module_name(path) for path in sources() if path.name != "__init__.py"}
    arrows = {
        (module_name(path), target)
        for path, tree in trees().items()
        for target in _imported(tree)
        if target in names
    }
    return [
        f"{one} ↔ {other}"
        for one, other in sorted(arrows)
        if one < other and (other, one) in arrows
    ]


def single_importers() -> dict[str, str]:
    """Return the modules that exactly one other module imports, with the name of that module."""
    names = {module_name(path) for path in sources() if path.name != "__init__.py"}
    importers = defaultdict[str, set[str]](set)
    for path, tree in trees().items():
        for target in _imported(tree):
            if target in names:
                importers[target].add(module_name(path))
    return {name: min(users) for name, users in importers.items() if len(users) == 1}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def constants() -> int:
    """Return the number of constants at the top of modules."""
    targets = (
        node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        for tree in trees().values()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
    )
    return sum(ast.unparse(target).isupper() for target in targets)


def docstring_words() -> int:
    """Return the number of words in docstrings, those of constants and fields too."""
    return sum(
        len(node.value.value.split())
        for tree in trees().values()
        for node in nodes(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def lines_in(*folders: str) -> int:
    """Return the lines of all Python files in folders, migrations' versions too."""
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sum(path.read_bytes().count(b"\n") for path in paths)


def limited() -> dict[str, int]:
    """Return what a newcomer meets, by name: none of it may grow past `LIMITS`."""
    from app.blueprints import API
    from app.cli.imports import import_command
    from app.config import Config
    from app.views.blueprints import operations_of

    loaded = part_list.load_all(frozenset())
    brought = [blueprint for part in loaded.values() for blueprint in part.api]
    contexts = (text.count("ContextVar(") for text in sources().values())
    options = [each for each in import_command.params if each.param_type_name == "option"]
    return {
        "lines of app and saywho": lines_in("app", "saywho"),
        "lines of tests": lines_in("tests"),
        "lines of saywho/formats": lines_in("saywho/formats"),
        "parts": len(part_list.PARTS),
        "options of import": len(options),
        "settings": len(fields(Config)),
        "operations of the API": len(operations_of([*API, *brought])),
        "hidden contexts": sum(contexts),
        "modules with a single importer": len(single_importers()),
        "constants at the top of modules": constants(),
    }


def test_seconds() -> tuple[str, str]:
    """Return how long the last `make test` took, and its processor time with all its children."""
    if not TEST_SECONDS.exists():
        return "not run here", "not run here"
    elapsed, user, system = map(float, TEST_SECONDS.read_text().split())
    return f"{elapsed:.0f}", f"{user + system:.0f}"


def figures() -> dict[str, str]:
    """Return the figures of the structure that have no limit, by name."""
    elapsed, processor = test_seconds()
    functions = function_lengths()
    return {
        "make test, seconds": elapsed,
        "make test, seconds of processor time": processor,
        "files": str(len(sources())),
        "words in docstrings": f"{docstring_words():,}",
        "functions, median and 90th percentile": (
            f"{functions[len(functions) // 2]} and {functions[len(functions) * 9 // 10]} lines"
        ),
    }


def main() -> None:
    """Print what has a limit, further figures, and what each of twelve requests runs."""
    from tests.footprint import footprints

    print(f"{'':<40}{'now':<20}at most")
    for name, count in (limits := limited()).items():
        print(f"{name:<40}{count:<20,}{LIMITS[name]:,}")
    print()
    for name, value in figures().items():
        print(f"{name:<40}{value}")
    by_room = Counter[str]()
    for path, text in sources().items():
        by_room[room_of(path)] += text.count("\n")
    print("lines by package: " + ", ".join(f"{room} {n:,}" for room, n in by_room.most_common()))
    print("files that a request runs, and calls")
    for name, footprint in footprints().items():
        print(f"  {name:<38}{len(footprint.files)}, {footprint.calls:,}")
    above = [name for name, count in limits.items() if count > LIMITS[name]]
    sys.exit(f"above the limit: {', '.join(above)}" if above else 0)


if __name__ == "__main__":
    main()
