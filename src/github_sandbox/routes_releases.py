"""Endpoints for the releases of a repository and their assets.

Sources: docs.github.com/rest/releases/releases and /assets. GitHub takes uploads on another host,
which `upload_url` names.
"""

from __future__ import annotations

from github_sandbox.accounts import Repository
from github_sandbox.authorization import (
    PermissionRule,
    find_login,
    find_repository,
    require_not_archived,
    require_permission,
)
from github_sandbox.errors import not_found
from github_sandbox.json_types import JsonObject
from github_sandbox.release_store import Asset, Release, ReleaseStore
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.schemas import WEB, format_time, id_fields, simple_user
from github_sandbox.secret_validation import read_string
from github_sandbox.tokens import Token

CONTENTS = PermissionRule(("repo",), "contents", "read")
NOT_ADMIN = "Must have push access to Repository."
PREFIXES = ("/repos/{owner}/{repository}", "/repositories/{repository_id}")


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    endpoints = (
        ("GET", "", list_releases, "releases/releases"),
        ("POST", "", create_release, "releases/releases"),
        ("GET", "/tags/{tag}", get_release_by_tag, "releases/releases"),
        ("PATCH", "/{release_id}", update_release, "releases/releases"),
        ("DELETE", "/{release_id}", delete_release, "releases/releases"),
        ("POST", "/{release_id}/assets", upload_asset, "releases/assets"),
    )
    return [
        TokenRoute(method, f"{prefix}/releases{tail}", handler, docs)
        for prefix in PREFIXES
        for method, tail, handler, docs in endpoints
    ]


def list_releases(request: ApiRequest[Token]) -> ApiResponse:
    """List releases and drafts, newest first."""
    page, headers = request.paginate(authorize_store(request).list())
    return ApiResponse(200, [render(release, request) for release in page], headers)


def create_release(request: ApiRequest[Token]) -> ApiResponse:
    """Create a draft, or a release."""
    store, body, now = authorize_store(request), request.body, request.world.now()
    tag = read_string(body, "tag_name", "Release")
    target = str(body.get("target_commitish") or "main")
    name, text = str(body.get("name") or tag), str(body.get("body") or "")
    author = request.world.author(find_login(request))
    release = store.create(author, tag, target=target, name=name, body=text, now=now)
    if not body.get("draft"):
        release = store.publish(release, now)
    return ApiResponse(201, render(release, request))


def get_release_by_tag(request: ApiRequest[Token]) -> ApiResponse:
    """Get a published release."""
    release = authorize_store(request).find_tag(request.params["tag"])
    if release is None:
        raise not_found()
    return ApiResponse(200, render(release, request))


def update_release(request: ApiRequest[Token]) -> ApiResponse:
    """Publish a draft with `draft: false`, the only change that the sandbox supports."""
    store = authorize_store(request)
    release = store.find(request.path_id("release_id"))
    if request.body.get("draft") is False:
        release = store.publish(release, request.world.now())
    return ApiResponse(200, render(release, request))


def delete_release(request: ApiRequest[Token]) -> ApiResponse:
    """Delete a draft or a release."""
    store = authorize_store(request)
    store.delete(store.find(request.path_id("release_id")))
    return ApiResponse(204)


def upload_asset(request: ApiRequest[Token]) -> ApiResponse:
    """Add a file to a draft; the sandbox accepts JSON files only."""
    store, name = authorize_store(request), request.query.get("name", "")
    release = store.find(request.path_id("release_id"))
    kind = "application/json"
    asset = store.add_asset(release, name, request.raw_body, kind, request.world.now())
    return ApiResponse(201, render_asset(asset, release, request))


def authorize_store(request: ApiRequest[Token]) -> ReleaseStore:
    """Authorize access to the releases of the repository in the path, and find them."""
    repository: Repository = find_repository(request)
    require_permission(request, CONTENTS, repository.owner, role_message=NOT_ADMIN)
    require_not_archived(request, repository)
    return request.world.release_store(repository.id)


def render(release: Release, request: ApiRequest[Token]) -> JsonObject:
    """`release`: a draft or a release with its assets."""
    path = request.path.partition("/releases")[0]
    url = f"{request.base_url}{path}/releases/{release.id}"
    published = release.published_at
    return {
        **id_fields("RE", release.id),
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "html_url": f"{WEB}{path.removeprefix('/repos')}/releases/tag/{release.tag_name}",
        "tarball_url": f"{request.base_url}{path}/tarball/{release.tag_name}",
        "zipball_url": f"{request.base_url}{path}/zipball/{release.tag_name}",
        "tag_name": release.tag_name,
        "target_commitish": release.target,
        "name": release.name,
        "body": release.body,
        "draft": release.draft,
        "prerelease": False,
        "immutable": not release.draft,
        "created_at": format_time(release.created_at),
        "published_at": format_time(published) if published else None,
        "author": simple_user(release.author, request.base_url),
        "assets": [render_asset(asset, release, request) for asset in release.assets],
    }


def render_asset(asset: Asset, release: Release, request: ApiRequest[Token]) -> JsonObject:
    """`release-asset`: a file of a release."""
    path = request.path.partition("/releases")[0]
    return {
        **id_fields("RA", asset.id),
        "url": f"{request.base_url}{path}/releases/assets/{asset.id}",
        "browser_download_url": (
            f"{WEB}{path.removeprefix('/repos')}/releases/download/{release.tag_name}/{asset.name}"
        ),
        "name": asset.name,
        "label": "",
        "state": "uploaded",
        "content_type": asset.content_type,
        "size": len(asset.content),
        "digest": None,
        "download_count": 0,
        "created_at": format_time(asset.created_at),
        "updated_at": format_time(asset.created_at),
        "uploader": simple_user(release.author, request.base_url),
    }
