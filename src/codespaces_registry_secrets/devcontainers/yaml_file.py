"""Parse the YAML of a Compose file into plain data. Pure.

Every scalar is a text, because numbers are only parts of names and values here. Merge keys (`<<`)
and the tags `!reset` and `!override` of Compose are applied or kept. Aliases are limited.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from codespaces_registry_secrets.spec.yaml_document import MAX_DEPTH, NodeComposer

# Far above what Compose files have, because services can multiply what others have.
MAX_NODES = 10_000
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True)
class Override:
    """A value that replaces what earlier files say, instead of being merged with it.

    `!reset` has the value None: it removes what earlier files say.
    """

    value: object


class InvalidYamlError(ValueError):
    """The text is no YAML, or too large."""


def parse_yaml(text: str) -> list[object]:
    """Parse all documents: mappings with text as keys, lists, texts, None and `Override`.

    Raises:
        InvalidYamlError: the text is not valid, nested too deeply, or its aliases expand to too
            much.
    """
    try:
        composer = NodeComposer(text)
        walker = _Walker()
        documents: list[object] = []
        while composer.check_node():
            node = composer.get_node()
            documents.append(None if node is None else walker.convert(node))
    except (yaml.YAMLError, UnicodeEncodeError, RecursionError):
        raise InvalidYamlError from None
    return documents


class _Walker:
    def __init__(self) -> None:
        self._nodes = 0

    def convert(self, node: yaml.Node, depth: int = 0) -> object:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise InvalidYamlError
        if node.tag == "!reset":
            return Override(None)
        value = self._value(node, depth)
        return Override(value) if node.tag == "!override" else value

    def _value(self, node: yaml.Node, depth: int) -> object:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.convert(child, depth + 1) for child in node.value]
        return None if node.tag == _NULL else str(node.value)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, object]:
        """The keys of a mapping, after those that it merges."""
        data: dict[str, object] = {}
        own: dict[str, object] = {}
        for key, child in node.value:
            value = self.convert(child, depth + 1)
            if key.tag == _MERGE:
                merged = value if isinstance(value, list) else [value]
                for mapping in reversed(merged):
                    data.update(mapping if isinstance(mapping, dict) else {})
            elif isinstance(key, yaml.ScalarNode):
                own[str(key.value)] = value
        return {**data, **own}
