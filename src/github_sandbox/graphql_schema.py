"""The part of GitHub's GraphQL schema that the sandbox knows.

Source: GitHub's public schema, in the npm package @octokit/graphql-schema. `script/check` compares
the two, so a query that this schema allows is one that GitHub allows.
"""

from __future__ import annotations

from graphql import build_schema

SDL = """
scalar DateTime
scalar GitObjectID

type Query {
  rateLimit: RateLimit
  repository(followRenames: Boolean = true, name: String!, owner: String!): Repository
  viewer: User!
}

type RateLimit {
  cost: Int!
  limit: Int!
  nodeCount: Int!
  remaining: Int!
  resetAt: DateTime!
  used: Int!
}

type User {
  login: String!
}

type Repository {
  databaseId: Int
  defaultBranchRef: Ref
  isArchived: Boolean!
  isEmpty: Boolean!
  isPrivate: Boolean!
  name: String!
  nameWithOwner: String!
  object(expression: String, oid: GitObjectID): GitObject
}

type Ref {
  name: String!
  prefix: String!
  target: GitObject
}

interface GitObject {
  abbreviatedOid: String!
  oid: GitObjectID!
}

type Blob implements GitObject {
  abbreviatedOid: String!
  byteSize: Int!
  isBinary: Boolean
  isTruncated: Boolean!
  oid: GitObjectID!
  text: String
}

type Tree implements GitObject {
  abbreviatedOid: String!
  entries: [TreeEntry!]
  oid: GitObjectID!
}

type TreeEntry {
  extension: String
  mode: Int!
  name: String!
  object: GitObject
  oid: GitObjectID!
  path: String
  size: Int!
  type: String!
}

type Commit implements GitObject {
  abbreviatedOid: String!
  oid: GitObjectID!
  tree: Tree!
}
"""

SCHEMA = build_schema(SDL)
