// Usage: node check.mjs WORKFLOW…
// Prints what GitHub's language service says of the workflow files, one finding a line; exit code 1 if it says anything.
// Needs Node 23.5 or newer (registerHooks): the service imports JSON files without saying that they are JSON.
import {readFileSync} from "node:fs";
import {registerHooks} from "node:module";
import path from "node:path";

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return specifier.endsWith(".json") ? {...resolved, importAttributes: {type: "json"}} : resolved;
  },
});
const {validate} = await import("@actions/languageservice");
const {TextDocument} = await import("vscode-languageserver-textdocument");

let findings = 0;
for (const file of process.argv.slice(2)) {
  const document = TextDocument.create(`file://${path.resolve(file)}`, "yaml", 1, readFileSync(file, "utf8"));
  const root = path.resolve(path.dirname(file), "../..");
  const fileProvider = {
    getFileContent: async (reference) => ({
      name: reference.path,
      content: readFileSync(path.join(root, reference.path), "utf8"),
    }),
  };
  for (const {range, message} of await validate(document, {fileProvider})) {
    console.log(`${file}:${range.start.line + 1}: ${message}`);
    findings += 1;
  }
}
process.exitCode = findings ? 1 : 0;
