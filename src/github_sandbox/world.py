"""`World`: the state of the fake GitHub in memory, which requests and tests change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from github_sandbox.accounts import Account, utc_now
from github_sandbox.comment_store import Comment, CommentStore
from github_sandbox.file_store import FILE, Blob, FileStore
from github_sandbox.issue_store import Issue, IssueStore, State
from github_sandbox.query_budget import QueryBudget
from github_sandbox.release_store import Release, ReleaseStore
from github_sandbox.secret_store import ActionsSecret, KeyPair, SecretStore, StoredSecret
from github_sandbox.tokens import TokenStore
from github_sandbox.variable_store import VariableStore

ScopeKind = Literal["organization", "repository", "user"]


@dataclass(frozen=True)
class SecretScope:
    """The account or repository that secrets belong to, by its id."""

    kind: ScopeKind
    id: int


@dataclass(frozen=True)
class Secret:
    """A Codespaces secret with its decrypted value and its repositories' current names."""

    name: str
    value: bytes
    created_at: datetime
    updated_at: datetime
    visibility: str | None
    repositories: tuple[str, ...]


class World(TokenStore):
    """Accounts, repositories, tokens, secrets, variables and files; thread-safe.

    A target is written `organization:octo-org`, `repository:octo-org/app` or `user:octocat`.
    `now` is GitHub's clock, which dates secrets and variables, expires tokens and sets the `Date`
    header.
    `updated_at_lag` is subtracted from the `updated_at` of Codespaces secrets in responses.
    `max_per_page` limits the pages of lists, in addition to GitHub's own limit.
    `query_budget` is the rate limit of GraphQL.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self.updated_at_lag = timedelta(0)
        self.max_per_page = 100
        self.query_budget = QueryBudget()
        self._secret_stores: dict[SecretScope, SecretStore] = {}
        self._actions_secrets: dict[SecretScope, dict[str, ActionsSecret]] = {}
        self._actions_keys: dict[SecretScope, KeyPair] = {}
        self._variable_stores: dict[int, VariableStore] = {}
        self._issue_stores: dict[int, IssueStore] = {}
        self._comment_stores: dict[int, CommentStore] = {}
        self._file_stores: dict[int, FileStore] = {}
        self._release_stores: dict[int, ReleaseStore] = {}

    def scope(self, target: str) -> SecretScope:
        """The scope of a target; KeyError if the account or repository does not exist."""
        kind, _, name = target.partition(":")
        if kind == "repository":
            return SecretScope("repository", self.repository(name).id)
        account = self.account(name)
        account_kind: ScopeKind = "organization" if account.kind == "Organization" else "user"
        if kind != account_kind:
            raise KeyError(target)
        return SecretScope(account_kind, account.id)

    def secret_store(self, scope: SecretScope) -> SecretStore:
        """The Codespaces secrets of a scope; the first call generates its key pair."""
        with self.lock:
            if scope not in self._secret_stores:
                self._secret_stores[scope] = SecretStore()
            return self._secret_stores[scope]

    def put_secret(
        self,
        target: str,
        name: str,
        value: bytes,
        *,
        visibility: str | None = None,
        repositories: Iterable[str] = (),
        updated_at: datetime | None = None,
    ) -> None:
        """Store a Codespaces secret; `visibility` defaults to `private` for an organization."""
        with self.lock:
            scope = self.scope(target)
            secret_store, at = self.secret_store(scope), updated_at or self.now()
            defaults = {"organization": "private", "repository": None, "user": "selected"}
            old = secret_store.secrets.get(name.upper())
            secret = StoredSecret(
                name=name.upper(),
                value=value,
                created_at=old.created_at if old else at,
                updated_at=at,
                visibility=visibility or defaults[scope.kind],
                repositories=self._ordered_ids(repositories),
            )
            secret_store.put(secret)

    def secrets(self, target: str) -> dict[str, Secret]:
        """The Codespaces secrets of a target by name."""
        with self.lock:
            stored = self.secret_store(self.scope(target)).secrets
            return {name: self._to_secret(stored[name]) for name in sorted(stored)}

    def _to_secret(self, secret: StoredSecret) -> Secret:
        listed = filter(None, map(self.repository_by_id, secret.repositories))
        names = tuple(repository.full_name for repository in listed)
        return Secret(
            secret.name,
            secret.value,
            secret.created_at,
            secret.updated_at,
            secret.visibility,
            names,
        )

    def delete_secret(self, target: str, name: str) -> None:
        """Delete a Codespaces secret."""
        with self.lock:
            del self.secret_store(self.scope(target)).secrets[name.upper()]

    def set_repositories(self, target: str, name: str, repositories: Iterable[str]) -> None:
        """Replace the selected repositories of a Codespaces secret."""
        with self.lock:
            secrets = self.secret_store(self.scope(target)).secrets
            listed = self._ordered_ids(repositories)
            secrets[name.upper()] = replace(secrets[name.upper()], repositories=listed)

    def _ordered_ids(self, full_names: Iterable[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.repository(name).id for name in full_names))

    def put_actions_secret(
        self,
        target: str,
        name: str,
        *,
        updated_at: datetime | None = None,
        repositories: Iterable[str] | None = None,
        value: bytes | None = None,
    ) -> None:
        """Store an Actions secret of a repository or an organization.

        `repositories` have access to an organization's secret; None is all of them.
        """
        with self.lock:
            stored, at = self.actions_secrets(self.scope(target)), updated_at or self.now()
            old = stored.get(name.upper())
            stored[name.upper()] = ActionsSecret(
                name=name.upper(),
                created_at=old.created_at if old else at,
                updated_at=at,
                repositories=self._repository_ids(repositories),
                value=value,
            )

    def actions_secret_value(self, target: str, name: str) -> bytes | None:
        """The value of an Actions secret; None if there is none."""
        with self.lock:
            secret = self.actions_secrets(self.scope(target)).get(name.upper())
            return secret.value if secret else None

    def delete_actions_secret(self, target: str, name: str) -> None:
        """Delete an Actions secret; KeyError if it does not exist."""
        with self.lock:
            del self.actions_secrets(self.scope(target))[name.upper()]

    def actions_key(self, scope: SecretScope) -> KeyPair:
        """The key pair of the Actions secrets of a scope."""
        return self._actions_keys.setdefault(scope, KeyPair())

    def actions_secrets(self, scope: SecretScope) -> dict[str, ActionsSecret]:
        """The Actions secrets of a scope by name."""
        return self._actions_secrets.setdefault(scope, {})

    def put_variable(
        self, repository: str, name: str, value: str, *, updated_at: datetime | None = None
    ) -> None:
        """Create or update an Actions variable of a repository, given by its full name."""
        with self.lock:
            store = self.variable_store(self.repository(repository).id)
            store.put(name, value, updated_at or self.now())

    def variables(self, repository: str) -> dict[str, str]:
        """The values of a repository's Actions variables by name."""
        with self.lock:
            store = self.variable_store(self.repository(repository).id)
            return {variable.name: variable.value for variable in store.list()}

    def delete_variable(self, repository: str, name: str) -> None:
        """Delete an Actions variable of a repository; KeyError if it does not exist."""
        with self.lock:
            self.variable_store(self.repository(repository).id).delete(name)

    def variable_store(self, repository_id: int) -> VariableStore:
        """The Actions variables of a repository."""
        return self._variable_stores.setdefault(repository_id, VariableStore())

    def add_pull_request(self, repository: str) -> int:
        """Add a pull request of the repository's owner, and return its number."""
        with self.lock:
            home = self.repository(repository)
            store = self.issue_store(home.id)
            return store.create(home.owner, "title", None, self.now(), is_pull_request=True).number

    def add_issue(
        self, repository: str, title: str, body: str, *, author: str, state: State = "open"
    ) -> Issue:
        """Add an issue of a user or a bot to a repository."""
        with self.lock:
            store, now = self.issue_store(self.repository(repository).id), self.now()
            issue = store.create(self.author(author), title, body, now)
            return store.update(replace(issue, state=state), now)

    def issues(self, repository: str) -> list[Issue]:
        """The issues of a repository without its pull requests, oldest first."""
        with self.lock:
            issues = self.issue_store(self.repository(repository).id).list()
            return [issue for issue in issues if not issue.is_pull_request]

    def disable_issues(self, repository: str) -> None:
        """Turn the setting *Issues* of a repository off."""
        with self.lock:
            self.issue_store(self.repository(repository).id).enabled = False

    def issue_store(self, repository_id: int) -> IssueStore:
        """The issues and pull requests of a repository."""
        return self._issue_stores.setdefault(repository_id, IssueStore())

    def add_comment(self, repository: str, number: int, body: str, *, author: str) -> Comment:
        """Add a comment of a user or a bot to a pull request."""
        with self.lock:
            store = self.comment_store(self.repository(repository).id)
            return store.create(number, self.author(author), body, self.now())

    def comments(self, repository: str, number: int) -> list[Comment]:
        """The comments on a pull request, oldest first."""
        with self.lock:
            return self.comment_store(self.repository(repository).id).list(number)

    def author(self, login: str) -> Account:
        """The account with this login; a bot's is created when it is first needed."""
        return self.find_account(login) or self._add_account(login, "Bot", "free")

    def comment_store(self, repository_id: int) -> CommentStore:
        """The comments on the issues and pull requests of a repository."""
        issues = self.issue_store(repository_id)
        return self._comment_stores.setdefault(repository_id, CommentStore(issues))

    def put_file(
        self, repository: str, path: str, content: str | bytes, *, mode: int = FILE
    ) -> None:
        """Commit a file to the default branch of a repository; text is encoded as UTF-8.

        `mode` is git's. The content of a symlink is its target, of a submodule its commit's id.
        """
        encoded = content.encode() if isinstance(content, str) else content
        with self.lock:
            store = self.file_store(self.repository(repository).id)
            store.put(path, Blob(encoded, mode))

    def put_files(self, repository: str, files: Mapping[str, str | bytes]) -> None:
        """Commit files by path; without any, the repository gets its first, empty commit."""
        with self.lock:
            self.file_store(self.repository(repository).id).commit()
            for path, content in files.items():
                self.put_file(repository, path, content)

    def delete_file(self, repository: str, path: str) -> None:
        """Delete a file of the default branch; KeyError if it does not exist."""
        with self.lock:
            self.file_store(self.repository(repository).id).delete(path)

    def files(self, repository: str) -> dict[str, bytes]:
        """The files of the default branch by path."""
        with self.lock:
            return self.file_store(self.repository(repository).id).files()

    def file_store(self, repository_id: int) -> FileStore:
        """The files of a repository, which is empty without a commit."""
        return self._file_stores.setdefault(repository_id, FileStore())

    def releases(self, repository: str) -> list[Release]:
        """The drafts and releases of a repository, newest first."""
        with self.lock:
            return self.release_store(self.repository(repository).id).list()

    def release_store(self, repository_id: int) -> ReleaseStore:
        """The drafts and releases of a repository."""
        return self._release_stores.setdefault(repository_id, ReleaseStore())

    def replace_key(self, target: str) -> None:
        """Replace a target's key pair; values sealed with the old public key are rejected."""
        with self.lock:
            self.secret_store(self.scope(target)).replace_key()
