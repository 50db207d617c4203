"""Build the image twice, and report the files that differ."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from image_build.dockerfile import BASE, ROOT
from image_build.layers import Image, compare, read_image

# What the build reads, as .dockerignore lists it.
CONTEXT = ("Dockerfile", ".dockerignore", "entrypoint.py", "requirements", "script", "src")


def main() -> int:
    """Return 0 if both builds have the same files, modes and configuration, else 1."""
    parser = argparse.ArgumentParser(prog="script/reproduce", description=__doc__)
    parser.add_argument("--base", default=BASE, metavar="IMAGE", help=f"default: {BASE}")
    base = parser.parse_args().base
    try:
        with TemporaryDirectory() as folder:
            first = _build(base, Path(folder, "first"), umask=0o022)
            second = _build(base, Path(folder, "second"), umask=0o002)
    except subprocess.CalledProcessError as error:
        print(f"{error.stdout}{error.stderr}", file=sys.stderr)
        print(f"script/reproduce: {' '.join(error.cmd[:2])} failed", file=sys.stderr)
        return 1
    differences = list(compare(first, second))
    for line in differences:
        print(line)
    if differences:
        print(f"script/reproduce: {len(differences)} differences", file=sys.stderr)
        return 1
    print("Both builds are equal.")
    return 0


def _build(base: str, context: Path, umask: int) -> Image:
    """Build in a new copy of the checkout, whose files have other times and modes."""
    _copy_context(context, umask)
    started = time.monotonic()
    id_file, archive = context.with_suffix(".id"), context.with_suffix(".tar")
    # On some machines only the host's network can reach the package index.
    options = ["--no-cache", "--network", "host", "--iidfile", str(id_file)]
    _docker("build", *options, "--build-arg", f"BASE={base}", str(context))
    image_id = id_file.read_text(encoding="utf-8").strip()
    try:
        _docker("save", "--output", str(archive), image_id)
    finally:
        _docker("image", "rm", image_id)
    image = read_image(archive)
    archive.unlink()
    files = sum(map(len, image.layers))
    seconds = time.monotonic() - started
    print(f"{context.name} build: {image.digest}, {files} files, {seconds:.0f} s", flush=True)
    return image


def _copy_context(context: Path, umask: int) -> None:
    context.mkdir()
    for name in CONTEXT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, context / name, copy_function=shutil.copy)
        else:
            shutil.copy(ROOT / name, context)
    for path in context.rglob("*"):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod((0o777 if executable else 0o666) & ~umask)


def _docker(*arguments: str) -> str:
    command = ["docker", *arguments]
    # Two builds at different times must be equal even if no time is set.
    environment = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    process = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    return process.stdout


if __name__ == "__main__":
    sys.exit(main())
