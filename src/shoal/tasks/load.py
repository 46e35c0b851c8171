"""From what stands on the command line to a task. Imports torch only when a task is loaded."""

import ast
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from shoal.errors import UserError, unknown
from shoal.tasks import built_in
from shoal.tasks.frames import ENDINGS, is_table
from shoal.tasks.text_files import ENDING, is_text_folder

if TYPE_CHECKING:
    from shoal.tasks.target import Kind
    from shoal.tasks.task import Task

PATHS = (
    f"or the path of a table ({', '.join(ENDINGS)}), of arrays (.npz), of a folder with a folder of images "
    "or of .txt files for each class, of IDX or CIFAR files, of plain text (.txt), or of your own code "
    "(file.py:function)"
)


def names() -> dict[str, str]:
    """The built-in tasks: name → one-line summary, read from their files without running them."""
    return {name: _summary(file) for name, file in sorted(_files().items())}


def load(
    task: Any,
    target: str | None = None,
    *,
    kind: "Kind | None" = None,
    ignore: Collection[str] = (),
    group: str | None = None,
    time: str | None = None,
    test: Any = None,
    text: Collection[str] = (),
    length: int | None = None,
    image_size: int | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> "Task":
    """The task called ``task``: a built-in name, the path of a table or of arrays, or ``file.py:function``.

    The function takes nothing and returns a Task, ``(x, y)`` or ``(x, y, network)`` (see ``from_arrays``).
    A table may also be a polars or pandas frame. A folder of text files has a folder for each class; it takes
    group, test and length (see ``from_text_folder``). A text file (.txt) is a task of predicting its next
    characters and takes length (see ``from_text_file``). A folder of images, or of IDX or CIFAR files, takes
    image_size, of images by class also group and test (see ``shoal.tasks.folders``), and tells on_progress in
    words how far it is. All else is for tables (see ``from_table``); ``test`` also for arrays, and image_size
    for arrays of images. Raises UserError for everything that names no task and for options that it does not
    take.
    """
    options = {
        "target": target, "kind": kind, "group": group, "time": time, "test": test, "length": length,
        "image_size": image_size,
    }  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    given |= {name: some for name, some in {"ignore": ignore, "text": text}.items() if len(some)}
    if is_table(task):
        from shoal.tasks.tables import from_table

        if image_size is not None:
            raise UserError(f"a table has no images, so it takes no image_size ({image_size})")
        return from_table(task, **{"target": None, **given})
    if isinstance(task, Path):
        task = str(task)
    if not isinstance(task, str):
        raise UserError(f"a task is a name, a path or a frame, not {type(task).__name__}")
    if task.endswith(".npz"):
        from shoal.tasks.archives import from_npz

        return from_npz(Path(task).expanduser(), **_only(task, given, "test", "image_size"))
    if task not in _files() and Path(task).expanduser().exists() and ".py:" not in task:
        return _of_path(task, given, on_progress)
    _only(task, given)
    if task in _files():
        return importlib.import_module(f"{built_in.__name__}.{_files()[task].stem}").task()
    file, colon, function = task.rpartition(":")
    if colon and file.endswith(".py"):
        return _own(Path(file).expanduser(), function)
    raise UserError(f"{unknown('task', task, names())}; {PATHS}")


def _of_path(task: str, given: dict[str, Any], on_progress: Callable[[str], None] | None) -> "Task":
    """The task of a folder, or of a file of images."""
    path = Path(task).expanduser()
    if is_text_folder(path):
        from shoal.tasks.text_folder import from_text_folder

        return from_text_folder(path, **_only(task, given, "test", "group", "length"))
    if path.is_dir():
        from shoal.tasks.folders import from_folder

        return from_folder(path, **_only(task, given, "test", "group", "image_size"), on_progress=on_progress)
    if path.suffix == ENDING:
        from shoal.tasks.language import from_text_file

        return from_text_file(path, **_only(task, given, "length"))
    from shoal.tasks.idx import from_idx, is_images

    if not is_images(path.name):
        raise UserError(
            f"{task} is a file that no task is made of; a task is one of {', '.join(names())}, {PATHS}"
        )
    return from_idx(path, **_only(task, given, "image_size"))


def _only(task: str, given: dict[str, Any], *taken: str) -> dict[str, Any]:
    """``given``, if the task takes all of it; else UserError."""
    others = [name for name in given if name not in taken]
    if others:
        takes = f"; it takes {', '.join(taken)}" if taken else ""
        raise UserError(f"task {task!r} is no table, so it takes no {' and no '.join(others)}{takes}")
    return given


def _files() -> dict[str, Path]:
    """Task name → its file: the folder ``built_in`` is the register."""
    folder = Path(built_in.__path__[0])
    found = pkgutil.iter_modules(built_in.__path__)
    return {each.name.replace("_", "-"): folder / f"{each.name}.py" for each in found}


def _summary(file: Path) -> str:
    for line in ast.parse(file.read_text(encoding="utf-8")).body:
        if (
            isinstance(line, ast.Assign)
            and isinstance(line.targets[0], ast.Name)
            and line.targets[0].id == "SUMMARY"
        ):
            return ast.literal_eval(line.value)
    raise LookupError(f"{file.name} has no SUMMARY")


def _own(file: Path, function: str) -> "Task":
    from shoal.tasks import loaders
    from shoal.tasks.arrays import from_arrays
    from shoal.tasks.own_network import call
    from shoal.tasks.task import Task

    if not file.is_file():
        raise UserError(f"there is no file {file}")
    module = call(f"{file}", _run, file)
    assert isinstance(module, ModuleType)
    makers = {
        name: value for name, value in vars(module).items() if callable(value) and not name.startswith("_")
    }
    if function not in makers:
        raise unknown(f"function in {file}", function, makers)
    made: Any = call(f"{file}:{function}", makers[function])
    if isinstance(made, Task):
        return made
    if isinstance(made, tuple) and 2 <= len(made) <= 4:
        try:
            if callable(made[0]):
                return loaders.Task(*made, name=function)
            if len(made) < 4:
                return from_arrays(*made, name=function)
        except UserError as error:
            raise UserError(f"{file}:{function}: {error}") from None
    raise UserError(
        f"{file}:{function} returned {type(made).__name__}; a Task, (x, y), (x, y, network) or (network, "
        "train[, valid[, test]]) is needed"
    )


def _run(file: Path) -> ModuleType:
    """Import a user's file under a name that shadows nothing; it finds the modules beside it."""
    path = file.resolve()
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    name = f"shoal_own_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
