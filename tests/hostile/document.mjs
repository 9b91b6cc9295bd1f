// @ts-check
// The table for readers, docs/hostile-provider.md: `WRITE_TABLE=1 node --test tests/hostile/table.test.mjs` writes it anew
// from what all rows came to.
import { readFileSync } from "node:fs";

export const DOCUMENT = new URL("../../docs/hostile-provider.md", import.meta.url);

/** @typedef {import("../op/table.mjs").Row} Row */
/** @typedef {{row: Row, seen: string, peers: Record<string, string>}} Line */

export const PEERS = ["oidc-client-ts", "oauth4webapi"];

const HEAD = `# A provider that lies

What the tests' hostile provider injects, one fault a row, and what this package makes of it. Each row runs in Node on the
packed package against a provider on loopback, with a real sign-in; a refused row also shows that nothing was stored, that
no request followed, and that no address was asked which a token names. The rows that need no network run on
\`protocol\` natively, too. The two last columns are observations, made in the same test with the same injection; they say
what oidc-client-ts VERSION_A and oauth4webapi VERSION_B do when they are used as their examples show
(oauth4webapi: with \`validateApplicationLevelSignature\`). \`n/a\` says why a row was not tried. oidc-client-ts checks no
signatures: it relies on TLS to the token endpoint, as OpenID Connect Core 3.1.3.7 allows for the code flow.

*Module* is the module of the OpenID Foundation's conformance suite that injects the same, \`—\` where there is none. The
modules of form post are those of the basic profile; authorization responses run natively in all three response modes.

This file is generated, never edited: \`npm run build\`, then \`WRITE_TABLE=1 node --test tests/hostile/table.test.mjs\`.
`;

/** What a row has to come to, in words. @param {Row} row */
export function expectation({ expected }) {
  return Array.isArray(expected) ? `refused: ${expected.join(" ")}` : expected;
}

/** @param {Row} row */
export function modules(row) {
  return row.modules?.join(", ") ?? "—";
}

/** The three columns that are decided, as the document has them. @param {Row} row */
export function decided(row) {
  return [modules(row).split(", ").map(quoted).join(", "), row.says, expectation(row)].map(cell);
}

/** @param {Line[]} lines @param {Record<string, string>} versions of the peers */
export function written(lines, versions) {
  let text = HEAD.replace("VERSION_A", versions["oidc-client-ts"]).replace("VERSION_B", versions.oauth4webapi);
  let chapter = "";
  for (const { row, seen, peers } of lines) {
    if (row.chapter !== chapter) {
      chapter = row.chapter;
      text += `\n## ${chapter}\n\n| module | injected | expected | seen | ${PEERS.join(" | ")} |\n| --- | --- | --- | --- | --- | --- |\n`;
    }
    text += `| ${[...decided(row), ...[seen, ...PEERS.map((peer) => peers[peer])].map(cell)].join(" | ")} |\n`;
  }
  return `${text}\n${lines.length} rows, ${lines.filter(({ row, seen }) => seen === expectation(row)).length} as expected.\n`;
}

/** The decided columns of every row of the document. @returns {string[][]} */
export function readDocument() {
  const lines = readFileSync(DOCUMENT, "utf8").split("\n");
  const rows = lines.filter((line) => line.startsWith("| ") && !/^\| (module|---) /.test(line));
  return rows.map((line) => line.split(/(?<!\\) ?\| ?/).slice(1, 4));
}

/** The table as a terminal shows it. @param {Line[]} lines */
export function printed(lines) {
  return lines
    .map(({ row, seen, peers }) => [`${row.chapter}/${row.fault}`, modules(row), row.says, expectation(row), seen, ...PEERS.map((peer) => peers[peer])])
    .map((columns) => columns.join(" | "))
    .join("\n");
}

/** @param {string} module */
function quoted(module) {
  return module === "—" ? module : `\`${module}\``;
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("__", "\\_\\_");
}
