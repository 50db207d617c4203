"""The spec: from YAML or the shorthand inputs to what is desired at each target."""
