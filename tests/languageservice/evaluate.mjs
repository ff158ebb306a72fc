// Usage: node evaluate.mjs
// Evaluates expressions with GitHub's own package: each line of the input is a JSON object {expression, contexts, status},
// and its line of the output {kind, value}, or {error}. Status is that of the job, "success" or "failure".
import {createInterface} from "node:readline";
import {data, Evaluator, Lexer, Parser} from "@actions/expressions";
import {replacer} from "@actions/expressions/data/replacer";
import {reviver} from "@actions/expressions/data/reviver";

function evaluate({expression, contexts, status}) {
  const statusFunctions = {always: true, cancelled: false, failure: status === "failure", success: status === "success"};
  const functions = Object.entries(statusFunctions).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  }));
  const tree = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), functions).parse();
  const scope = JSON.parse(JSON.stringify(contexts), reviver);
  const result = new Evaluator(tree, scope, new Map(functions.map((f) => [f.name, f]))).evaluate();
  const value = result.primitive ? result.coerceString() : JSON.parse(JSON.stringify(result, replacer));
  return {kind: data.Kind[result.kind], value};
}

for await (const line of createInterface({input: process.stdin})) {
  let answer;
  try {
    answer = evaluate(JSON.parse(line));
  } catch (error) {
    answer = {error: error.message};
  }
  console.log(JSON.stringify(answer));
}
