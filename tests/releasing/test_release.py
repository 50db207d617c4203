"""A whole release to servers on this machine: what it publishes, and what it leaves if it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml

from github_sandbox import Fault, Sandbox
from release.action_files import MAIN_IMAGES
from release.dry_run import copy_layout, run_steps
from release.git import Git
from release.image import MANIFEST, add_blob
from release.publish import publish, push_image
from release.registry import Registry, blob
from release.settings import ReleaseError, Settings
from releasing.checkout import TAG, git
from releasing.flaky_registry import FlakyRegistry

pytestmark = pytest.mark.registry

REPOSITORY = "octo-org/codespaces-registry-secrets"
WORKFLOW = ".github/workflows/provision.yml"


def run_release(settings: Settings, layout: Path) -> None:
    """Run all steps with a finished image and a finished SBOM."""
    builds = (partial(copy_layout, layout), write_small_sbom)
    run_steps(settings, TAG, builds, lambda _: None)


def write_small_sbom(settings: Settings) -> None:
    """Write an SBOM without packages; the real one takes seconds."""
    settings.sbom.write_text('{"bomFormat": "CycloneDX"}')


def remote(settings: Settings, *arguments: str) -> str:
    """Run git in the bare repository that stands for GitHub's."""
    return git(Path(settings.remote), *arguments)


def assert_nothing_is_published(settings: Settings, sandbox: Sandbox) -> None:
    """No release, no moved tag, no release commit on a ref of the remote, no tag of the image."""
    head = Git(settings).head()
    assert [release for release in sandbox.world.releases(REPOSITORY) if not release.draft] == []
    assert Git(settings).remote_tags("*") == {TAG: head}
    assert remote(settings, "rev-list", "--all").splitlines() == [head]
    assert Registry(settings.image).find_digest("0.1.0") is None


def test_everything_is_published(local: Settings, sandbox: Sandbox, layout: Path) -> None:
    """The image by digest, the release with its notes and SBOM, and the tags, in this order."""
    run_release(local, layout)

    registry, tags = Registry(local.image), Git(local).remote_tags("*")
    digest = registry.find_digest("0.1.0")
    [release] = sandbox.world.releases(REPOSITORY)
    assert digest is not None
    assert registry.find_digest(digest) == digest
    assert (release.tag_name, release.draft) == (TAG, False)
    assert release.body == "### Added\n\n- The first version."
    assert [asset.name for asset in release.assets] == ["sbom.cdx.json"]
    assert json.loads(release.assets[0].content)["bomFormat"] == "CycloneDX"
    assert tags.keys() == {TAG, "v0"}
    assert len(set(tags.values())) == 1
    for path in MAIN_IMAGES:
        action = yaml.safe_load(remote(local, "show", f"{TAG}:{path}"))
        assert action["runs"]["image"] == f"docker://{local.image}@{digest}"


def test_the_release_commit_changes_only_image_and_refs(local: Settings, layout: Path) -> None:
    """The workflow names the commit below the release, whose action files have the image."""
    head = Git(local).head()
    run_release(local, layout)

    log = remote(local, "log", "--format=%H %s", TAG).splitlines()
    commits = {line[41:]: line[:40] for line in log}
    image_commit = commits[f"Use the image of {TAG}"]
    changed = remote(local, "diff", "--name-only", head, TAG).splitlines()
    assert list(commits) == [
        f"Release {TAG}",
        f"Use the image of {TAG}",
        "Prepare the release",
    ]
    assert sorted(changed) == sorted([*MAIN_IMAGES, WORKFLOW])
    workflow = remote(local, "show", f"{TAG}:{WORKFLOW}")
    assert workflow.count(f"@{image_commit} # {TAG}\n") == 3
    assert f"{REPOSITORY}@v0" not in workflow
    assert remote(local, "diff", "--stat", image_commit, head, "--", WORKFLOW) == ""
    assert git(local.root, "status", "--porcelain") == ""  # the checkout stays on main's form


def test_a_published_version_is_refused(local: Settings, layout: Path) -> None:
    """With every reason at once."""
    run_release(local, layout)

    with pytest.raises(ReleaseError) as caught:
        run_release(local, layout)

    text = str(caught.value)
    assert f"the tag {TAG} of {local.remote} points to" in text
    assert f"the release {TAG} already exists" in text
    assert f"the image {local.image}:0.1.0 already exists" in text


def test_a_published_release_is_not_replaced_by_another_image(
    local: Settings, sandbox: Sandbox, layout: Path
) -> None:
    """Even if the check is left out."""
    run_release(local, layout)
    tags = Git(local).remote_tags("*")
    index = local.layout / "index.json"
    [descriptor] = json.loads(index.read_text())["manifests"]
    content = blob(local.layout, descriptor).read_bytes() + b"\n"
    index.write_text(json.dumps({"manifests": [add_blob(local.layout, MANIFEST, content)]}))

    push_image(local)
    with pytest.raises(ReleaseError, match="already exists with another image"):
        publish(local, TAG)

    assert Git(local).remote_tags("*") == tags
    assert len(sandbox.world.releases(REPOSITORY)) == 1


def test_every_step_can_be_repeated(local: Settings, sandbox: Sandbox, layout: Path) -> None:
    """The second time, nothing changes: a job that failed at its end can run again."""
    run_release(local, layout)
    tags, releases = Git(local).remote_tags("*"), sandbox.world.releases(REPOSITORY)

    write_small_sbom(local)
    push_image(local)
    publish(local, TAG)

    assert Git(local).remote_tags("*") == tags
    assert sandbox.world.releases(REPOSITORY) == releases


@pytest.fixture
def flaky(local: Settings) -> Iterator[tuple[FlakyRegistry, Settings]]:
    """A registry that fails, and the settings that use it."""
    flaky = FlakyRegistry(local.registry)
    with flaky.serve() as host:
        yield flaky, replace(local, registry=host)


# An image with two layers needs four writes: three blobs, and the manifest.
@pytest.mark.parametrize("status", [503, 401, 0], ids=["503", "401", "dropped"])
@pytest.mark.parametrize("allowed", range(4))
def test_a_push_that_fails_halfway_publishes_nothing(
    flaky: tuple[FlakyRegistry, Settings],
    sandbox: Sandbox,
    layout: Path,
    allowed: int,
    status: int,
) -> None:
    """The manifest is missing, so nothing can be pulled; the next attempt sends only the rest."""
    registry, settings = flaky
    registry.allowed, registry.status = allowed, status
    digest = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]

    with pytest.raises(ReleaseError, match="localhost:"):
        run_release(settings, layout)

    assert Registry(settings.image).find_digest(digest) is None
    assert_nothing_is_published(settings, sandbox)

    registry.allowed, registry.puts = 100, []
    run_release(settings, layout)
    assert len(registry.puts) == 4 - allowed + 1  # the last one is the tag
    assert not sandbox.world.releases(REPOSITORY)[0].draft


FAILURES = {
    "check": ("GET", "/releases/tags/"),
    "list": ("GET", r"/releases\?"),
    "draft": ("POST", "/releases$"),
    "upload": ("POST", "/assets"),
    "publish": ("PATCH", "/releases/"),
}


@pytest.mark.parametrize("drop", [False, True], ids=["500", "dropped"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_request_that_github_refuses_publishes_nothing(
    local: Settings, sandbox: Sandbox, layout: Path, failure: str, drop: bool
) -> None:
    """The tag is moved back; the next attempt publishes, and leaves no draft."""
    method, path = FAILURES[failure]
    sandbox.fail(Fault(method, path, drop=drop))

    with pytest.raises(ReleaseError, match="GitHub's releases"):
        run_release(local, layout)

    assert_nothing_is_published(local, sandbox)
    run_release(local, layout)
    assert [release.draft for release in sandbox.world.releases(REPOSITORY)] == [False]


def test_a_release_that_was_published_without_a_response_is_finished(
    local: Settings, sandbox: Sandbox, layout: Path
) -> None:
    """The tag is not moved back, because GitHub has the release."""
    sandbox.fail(Fault("PATCH", "/releases/", drop=True, when="after"))

    run_release(local, layout)

    assert Git(local).remote_tags("*").keys() == {TAG, "v0"}
    assert Registry(local.image).find_digest("0.1.0") is not None


def test_a_tag_that_the_remote_refuses_publishes_nothing(
    local: Settings, sandbox: Sandbox, layout: Path
) -> None:
    """As GitHub does without permission to change workflows, or with a ruleset."""
    hook = Path(local.remote) / "hooks" / "update"
    hook.write_text("#!/bin/sh\necho 'refusing to update the tag' >&2\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(ReleaseError, match="refusing to update the tag"):
        run_release(local, layout)

    assert_nothing_is_published(local, sandbox)
    hook.unlink()
    run_release(local, layout)


def test_a_tag_that_cannot_be_moved_back_is_reported(
    local: Settings, sandbox: Sandbox, layout: Path
) -> None:
    """With what to look at; the next attempt of the same image succeeds."""
    sandbox.fail(Fault("PATCH", "/releases/"))
    hook = Path(local.remote) / "hooks" / "update"
    # $2 is the commit before the update: only the tag that a person pushed can be moved.
    hook.write_text(f"#!/bin/sh\n[ $2 = {Git(local).head()} ]\n")
    hook.chmod(0o755)

    with pytest.raises(ReleaseError, match=f"the tag {TAG} may point to .* without a release"):
        run_release(local, layout)

    hook.unlink()
    commit = publish(local, TAG)
    assert Git(local).remote_tags("*") == {TAG: commit, "v0": commit}


def test_a_failure_after_an_interrupted_attempt_moves_the_tag_back(
    local: Settings, sandbox: Sandbox, layout: Path
) -> None:
    """To the commit of main, where the tag was before that attempt."""
    head = Git(local).head()
    sandbox.fail(Fault("PATCH", "/releases/", nth=2))
    run_release(local, layout)
    commit = Git(local).remote_tags(TAG)[TAG]
    store = sandbox.world.release_store(sandbox.world.repository(REPOSITORY).id)
    store.delete(store.list()[0])

    with pytest.raises(ReleaseError, match="nothing was published"):
        publish(local, TAG)

    assert Git(local).remote_tags(TAG) == {TAG: head} != {TAG: commit}


def test_a_tag_of_the_image_that_fails_is_finished_by_the_next_attempt(
    flaky: tuple[FlakyRegistry, Settings], sandbox: Sandbox, layout: Path
) -> None:
    """The release is published, but the major tag stays until everything before it worked."""
    registry, settings = flaky
    registry.allowed = 4

    with pytest.raises(ReleaseError, match=r"manifests/0\.1\.0 returned 503"):
        run_release(settings, layout)

    assert [release.draft for release in sandbox.world.releases(REPOSITORY)] == [False]
    assert Git(settings).remote_tags("*").keys() == {TAG}
    registry.allowed = 100
    commit = publish(settings, TAG)
    assert Git(settings).remote_tags("*") == {TAG: commit, "v0": commit}
    assert Registry(settings.image).find_digest("0.1.0") is not None


def test_the_major_tag_moves_to_a_newer_version_only(local: Settings, layout: Path) -> None:
    """A fix of an older version does not replace the newest one."""
    newer = remote(local, "rev-parse", TAG)
    for tag in ("v0.2.0", "v0", "v1.0.0", "v0.9.0-rc.1"):
        remote(local, "tag", tag, newer)

    run_release(local, layout)

    assert Git(local).remote_tags("v0") == {"v0": newer}


def test_the_major_tag_moves_from_the_version_before(local: Settings, layout: Path) -> None:
    """Also if the older version sorts after it as a text."""
    older = remote(local, "rev-parse", TAG)
    for tag in ("v0.0.10", "v0"):
        remote(local, "tag", tag, older)

    run_release(local, layout)

    tags = Git(local).remote_tags("*")
    assert tags["v0"] == tags[TAG] != older


def test_a_tag_that_somebody_moved_is_not_overwritten(
    local: Settings, sandbox: Sandbox, layout: Path
) -> None:
    """Between the check and the publication."""
    copy_layout(layout, local)
    write_small_sbom(local)
    push_image(local)
    author = ("-c", "user.name=mallory", "-c", "user.email=mallory@example.com")
    tree = remote(local, "rev-parse", f"{TAG}^{{tree}}")
    other = remote(local, *author, "commit-tree", tree, "-m", "other")
    remote(local, "tag", "--force", TAG, other)

    with pytest.raises(ReleaseError, match=f"was moved to {other}"):
        publish(local, TAG)

    assert Git(local).remote_tags("*") == {TAG: other}
    assert sandbox.world.releases(REPOSITORY) == []


def test_an_image_that_was_not_pushed_is_not_published(
    local: Settings, sandbox: Sandbox, layout: Path
) -> None:
    """No release names an image that nobody can pull."""
    copy_layout(layout, local)
    write_small_sbom(local)

    with pytest.raises(ReleaseError, match="does not exist; run `script/release push`"):
        publish(local, TAG)

    assert_nothing_is_published(local, sandbox)
