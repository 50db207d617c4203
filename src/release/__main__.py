"""The command line of `script/release`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from release.action_files import MAIN_IMAGES, pin_actions, unpin_actions
from release.checks import check
from release.image import build, build_with_buildx, build_with_docker
from release.publish import notes, publish, push_image
from release.sbom import write_sbom
from release.settings import ReleaseError, Settings

BUILDERS = {"buildx": build_with_buildx, "docker": build_with_docker}


def main() -> int:
    """Run the step that the arguments name; return 1, with a line for each error, if it fails."""
    options = parse_arguments(sys.argv[1:])
    settings = Settings.from_environment(Path.cwd(), os.environ)
    try:
        run(settings, options)
    except (ReleaseError, ValueError) as error:
        for line in str(error).splitlines():
            print(f"script/release: {line}", file=sys.stderr)
        return 1
    return 0


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Parse the command line; `--dry-run TAG` is a step, too."""
    parser = argparse.ArgumentParser(prog="script/release", description="The steps of a release.")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    add = steps.add_parser
    add("check", help="check that a tag can be released").add_argument("tag")
    step = add("build", help="build the image into dist/release/image")
    step.add_argument("--builder", choices=sorted(BUILDERS), default="buildx")
    add("sbom", help="write dist/release/sbom.cdx.json")
    add("push", help="push the image by digest, and print its name and digest")
    step = add("action-yml", help="write the image into the action files")
    step.add_argument("image", nargs="?", metavar="IMAGE@DIGEST")
    step.add_argument("--main", action="store_true", help="the form that builds the image")
    add("notes", help="print the release notes of a version").add_argument("version")
    add("publish", help="publish the release, and move the tags").add_argument("tag")
    step = add("dry-run", help="run all steps on this machine, also as --dry-run")
    step.add_argument("tag")
    step.add_argument("--image", type=Path, help="an OCI layout to publish instead of building")
    return parser.parse_args(["dry-run" if text == "--dry-run" else text for text in arguments])


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Run one step, and print its result."""
    match options.step:
        case "check":
            check(settings, options.tag)
        case "build":
            build(settings, BUILDERS[options.builder])
        case "sbom":
            write_sbom(settings)
        case "push":
            print(push_image(settings))
        case "action-yml":
            write_actions(settings, options.image, main_form=options.main)
        case "notes":
            print(notes(settings, options.version))
        case "publish":
            print(publish(settings, options.tag))
        case "dry-run":
            # Its servers take a second to import, and no other step needs them.
            from release.dry_run import dry_run  # noqa: PLC0415

            dry_run(settings, options.tag, options.image, print)


def write_actions(settings: Settings, image: str | None, *, main_form: bool) -> None:
    """Write the action files of the checkout in one of the two forms."""
    if main_form == bool(image):
        raise ReleaseError("give either IMAGE@DIGEST or --main")
    texts = {path: settings.read(path) for path in MAIN_IMAGES}
    changed = pin_actions(texts, image) if image else unpin_actions(texts)
    for path, text in changed.items():
        (settings.root / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
