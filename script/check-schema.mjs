// Checks that editors use the schema of a spec: the YAML language server accepts the example, reports errors with their
// lines, and completes keys and values. Prints a line for each difference; exits with 1 if there are any.
//
//   node script/check-schema.mjs
import { readFileSync } from "node:fs";
import { TextDocument, getLanguageService } from "yaml-language-server";

const schema = readFileSync("schema/spec.v1.json", "utf8");
const example = readFileSync("examples/codespaces-registries.yml", "utf8");
const modeline = example.split("\n")[0]; // it names the URL of the schema
const requests = [];

const service = getLanguageService({
  schemaRequestService: async (url) => (requests.push(url), schema),
  workspaceContext: { resolveRelativePath: (path) => path },
});
service.configure({ completion: true, hover: true, validate: true, yamlVersion: "1.2" });

let version = 0; // the server keeps what it parsed for a file and its version
const open = (text) => TextDocument.create("file:///spec.yml", "yaml", ++version, `${modeline}\n${text}`);
const failures = [];
const expect = (name, holds, actual) => {
  if (!holds) failures.push(`schema/spec.v1.json: ${name}: ${JSON.stringify(actual)}`);
};

// The labels that the server offers at the `|` in a text.
async function complete(text) {
  const document = open(text.replace("|", ""));
  const position = document.positionAt(modeline.length + 1 + text.indexOf("|"));
  return (await service.doComplete(document, position, false)).items.map(({ label }) => label);
}

const valid = await service.doValidation(open(example), false);
expect("the example is valid", valid.length === 0, valid);

const registry = "version: 1\nregistries:\n  - id: ACR\n    server: ghcr.io\n    username: octocat\n";
const invalid = await service.doValidation(open(`${registry}    pasword: {env: P}\n    rotate: never\n`), false);
const lines = [...new Set(invalid.map(({ range }) => range.start.line))].sort();
expect("a misspelled key and a wrong value are reported on their lines", `${lines}` === "6,7", invalid);

const keys = await complete(`${registry}    |`);
expect("keys are completed", ["password", "rotate", "targets"].every((key) => keys.includes(key)), keys);
const kinds = await complete("version: 1\nregistries:\n  - id: ACR\n    registry: |");
expect("registry kinds are completed", ["acr", "ghcr"].every((kind) => kinds.includes(kind)), kinds);

const document = open(registry);
const hover = await service.doHover(document, document.positionAt(document.getText().indexOf("server: ghcr")));
expect("a key is explained", JSON.stringify(hover).includes("exactly as Codespaces matches it"), hover);
expect("the schema is the one that the example names", requests.every((url) => modeline.endsWith(url)), requests);

for (const failure of failures) console.log(failure);
process.exit(failures.length ? 1 : 0);
