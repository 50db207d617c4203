"""Two builds of the image are compared file by file, without the times."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from image_build.layers import compare, read_image

FILES = {"opt": (0o755, None), "opt/file": (0o644, b"content"), "opt/other": (0o644, b"other")}
CONFIG = {"Entrypoint": ["/opt/file"], "Env": ["PATH=/bin"]}
Files = Mapping[str, tuple[int, bytes | None]]


def add(archive: tarfile.TarFile, name: str, mode: int, content: bytes | None, time: int) -> None:
    """Add a file, or a folder without content."""
    member = tarfile.TarInfo(name)
    member.mode, member.mtime = mode, time
    member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    member.size = len(content or b"")
    archive.addfile(member, io.BytesIO(content or b""))


def layer(files: Files, time: int) -> bytes:
    """A layer whose files have a time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, (mode, content) in files.items():
            add(archive, name, mode, content, time)
    return buffer.getvalue()


def save(path: Path, *layers: Files, time: int = 0, config: Mapping[str, object] = CONFIG) -> Path:
    """Write an image as `docker save` does."""
    names = [f"{n}/layer.tar" for n in range(len(layers))]
    contents = [layer(files, time) for files in layers]
    described = {"created": str(time), "config": config}
    with tarfile.open(path, "w") as archive:
        manifest = [{"Config": "config.json", "Layers": names}]
        add(archive, "manifest.json", 0o644, json.dumps(manifest).encode(), time)
        add(archive, "config.json", 0o644, json.dumps(described).encode(), time)
        for name, content in zip(names, contents, strict=True):
            add(archive, name, 0o644, content, time)
    return path


def test_times_and_the_order_do_not_matter(tmp_path: Path) -> None:
    """Builds that differ in nothing else have one digest."""
    first = read_image(save(tmp_path / "first", FILES, time=1))
    turned = dict(reversed(FILES.items()))
    second = read_image(save(tmp_path / "second", turned, time=2))

    assert list(compare(first, second)) == []
    assert first.digest == second.digest


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"opt/file": (0o644, b"CONTENT")}, "/opt/file: digest "),
        ({"opt/file": (0o644, b"contents")}, "/opt/file: size 7 and 8"),
        ({"opt/file": (0o664, b"content")}, "/opt/file: mode 644 and 664"),
        ({"opt/file": (0o644, None)}, "/opt/file: kind 0 and 5"),
        ({"opt/third": (0o644, b"")}, "/opt/third: only in the second image"),
    ],
)
def test_a_file_that_differs_is_named(tmp_path: Path, changed: Files, line: str) -> None:
    """With what differs, and with another digest."""
    first = read_image(save(tmp_path / "first", FILES))
    second = read_image(save(tmp_path / "second", {**FILES, **changed}))

    [difference] = compare(first, second)
    assert difference.startswith(line)
    assert first.digest != second.digest


def test_the_configuration_and_the_number_of_layers_matter(tmp_path: Path) -> None:
    """Another entry point is another image."""
    first = read_image(save(tmp_path / "first", FILES))
    config = {**CONFIG, "Entrypoint": ["/opt/other"]}
    started = read_image(save(tmp_path / "second", FILES, config=config))
    layered = read_image(save(tmp_path / "third", FILES, {}))

    assert list(compare(first, started)) == ["Entrypoint: ['/opt/file'] and ['/opt/other']"]
    assert list(compare(first, layered)) == ["1 and 2 layers"]
    assert len({image.digest for image in (first, started, layered)}) == 3
