"""Reading the files people write: TOML in, frozen values out, and one plain sentence for every mistake."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

ID_PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOST_BYTES = 1_000_000

_NOUNS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
}
_TABLE_TYPES = ("dataclass_type", "dict_type", "model_type")

T = TypeVar("T")


class PlaylistFileError(ValueError):
    """A preset or program has mistakes. The message has one sentence for each: file, key, what is wrong, what is allowed."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def toml_files(folders: Iterable[Path]) -> dict[str, Path]:
    """The TOML files of `folders` by id: the name without `.toml`; a later folder's file stands for an earlier one's."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            found[path.stem] = path
    return found


def read_toml(path: Path) -> dict[str, Any]:
    """The table in `path`; raises PlaylistFileError where it cannot be read, is no TOML, or its name cannot be an id."""
    if not ID_PATTERN.fullmatch(path.stem):
        allowed = "allowed are small letters, digits and single hyphens, as in my-program.toml"
        raise PlaylistFileError([f'{path}: the name "{path.stem}" cannot be an id; {allowed}'])
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            raise PlaylistFileError([f"{path}: has {len(data)} bytes; allowed are {MOST_BYTES} at most"])
        return tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise PlaylistFileError([f"{path}: cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise PlaylistFileError([f"{path}: is not UTF-8 text: {error.reason} at byte {error.start}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise PlaylistFileError([f"{path}: is not TOML: {error}"]) from error


def validated(adapter: TypeAdapter[T], shape: Any, data: Any, path: Path, key: str = "") -> T:
    """`data` as the value that `adapter` makes of it; raises PlaylistFileError with a sentence for every mistake.

    `shape` is the type behind `adapter`, for naming the keys that are allowed; `key` is where in the file `data` stands.
    """
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        raise PlaylistFileError([_sentence(path, key, shape, dict(item)) for item in error.errors()]) from error


def _sentence(path: Path, key: str, shape: Any, error: dict[str, Any]) -> str:
    location = tuple(part for part in error["loc"] if not _is_tag(part))
    where = _dotted(key, location)
    kind = error["type"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        allowed = ", ".join(_keys_at(shape, location[:-1])) or "none"
        return f"{path}: {where}: there is no such key; allowed here are {allowed}"
    if kind in ("missing", "missing_argument"):
        return f"{path}: {where}: is missing"
    if kind == "value_error":
        return f"{path}: {where}: {error['ctx']['error']}" if where else f"{path}: {error['ctx']['error']}"
    return f"{path}: {where}: {_shown(error['input'])} is not allowed; {_allowed(error, shape, location)}"


def _is_tag(part: Any) -> bool:
    """Names pydantic puts into a location for the branch of a union, which are no keys of the file."""
    return isinstance(part, str) and (
        part.startswith(("constrained-", "function-", "literal[")) or part in ("int", "float", "none")
    )


def _dotted(key: str, location: Iterable[Any]) -> str:
    text = key
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _allowed(error: dict[str, Any], shape: Any, location: Sequence[Any]) -> str:
    limits, noun = _limits(_at(shape, location)), _NOUNS.get(error["type"])
    if noun is not None:
        return f"allowed is {noun}" + (f", {limits}" if limits else "")
    if error["type"] in _TABLE_TYPES and (keys := _keys_at(shape, location)):
        return f"it must hold keys; allowed are {', '.join(keys)}"
    if limits:
        return f"allowed is {limits}"
    context = error.get("ctx", {})
    bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    parts = [f"{words} {context[name]:g}" for name, words in bounds.items() if name in context]
    if parts:
        return "allowed is " + " and ".join(parts)
    message = str(error["msg"])
    return message.replace("Input should be", "allowed is", 1) if message.startswith("Input should be") else message


def _limits(shape: Any) -> str:
    """The range that `shape` is annotated with; empty where there is none."""
    low = high = None
    for mark in _marks(shape):
        low = getattr(mark, "ge", None) if low is None else low
        high = getattr(mark, "le", None) if high is None else high
    return "" if low is None or high is None else f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def _marks(shape: Any) -> Iterator[Any]:
    if get_origin(shape) is Annotated:
        yield from get_args(shape)[1:]
    for inner in get_args(shape) if get_origin(shape) in (Annotated, Union, UnionType) else ():
        yield from _marks(inner)


def _keys_at(shape: Any, location: Sequence[Any]) -> list[str]:
    """The keys of the table that stands at `location` inside `shape`."""
    table = _table(_at(shape, location))
    return [item.name for item in fields(table) if item.init] if table is not None else []


def _at(shape: Any, location: Sequence[Any]) -> Any:
    """What may stand at `location` inside `shape`, annotations included; None where nothing is known of it."""
    for part in location:
        if isinstance(part, int):
            shape = _items(shape, part)
        else:
            table = _table(shape)
            shape = get_type_hints(table, include_extras=True).get(part) if table is not None else None
    return shape


def _items(shape: Any, index: int) -> Any:
    """What may stand at `index` of the list that `shape` is."""
    while get_origin(shape) is Annotated:
        shape = get_args(shape)[0]
    items = get_args(shape)
    return None if not items else items[index] if index < len(items) and items[-1] is not Ellipsis else items[0]


def _table(shape: Any) -> Any:
    """The dataclass that `shape` is, or that an annotation or union in it holds."""
    if isinstance(shape, type) and is_dataclass(shape):
        return shape
    return next((found for each in get_args(shape) if (found := _table(each)) is not None), None)
