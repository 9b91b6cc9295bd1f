// The script that holds the tests against the checklist of SECURITY.md, on texts.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { compare, idsIn, readChecklist } from "../../scripts/security.mjs";

const HEAD = "### RFC 0\n\n| id | section | what is asserted | not yet, because |\n| --- | --- | --- | --- |\n";

/** @param {string} file @param {string[]} ids */
const carried = (file, ...ids) => ids.map((id) => ({ file, id }));

test("a line is an id, a section, an assertion and perhaps a reason, under its standard", () => {
  const { lines, faults } = readChecklist(`| B9 | no | table |\n${HEAD}| B1 | 2.1 | is refused | |\n| X12 | 3 | \`a\` is refused | there is none |\n`);
  assert.deepEqual(faults, ["B9: its row has not four columns"]);
  assert.deepEqual(lines.slice(1), [
    { id: "B1", standard: "RFC 0", section: "2.1", assertion: "is refused", reason: "" },
    { id: "X12", standard: "RFC 0", section: "3", assertion: "`a` is refused", reason: "there is none" },
  ]);
});

test("a line that is there twice, or whose row is broken, is a fault", () => {
  const rows = "| B1 | 2 | a | |\n| B1 | 2 | b | |\n| B2 | 2 | |\n| B3 | 2 | a \\| b | | |\n| B4 | | a | |\n";
  assert.deepEqual(readChecklist(HEAD + rows).faults, [
    "B1 is there twice",
    "B2: its row has not four columns",
    "B3: its row has not four columns",
    "B4: its row has not four columns",
  ]);
});

test("a test in Rust carries what its name ends in, whatever stands between attribute and name", () => {
  const source = `
    #[test]
    fn one_b2() {}
    #[wasm_bindgen_test]
    async fn two_x12_i5() {}
    #[test]
    #[allow(dead_code)]
    // A reason.
    pub fn three_par1() {}
    proptest! {
      #[test]
      fn four_c17(text in ".*") {}
    }
    #[test]
    fn by_rfc_7636_4_1() {}
    #[test]
    fn with_utf_8_and_rs256() {}
    #[test]
    fn at_the_limits_of_i64() {}
    #[test]
    fn at_the_limits_of_i64_x21() {}
    fn no_test_b3() {}`;
  assert.deepEqual(idsIn("a.rs", source), ["B2", "X12", "I5", "PAR1", "C17", "X21"]);
});

test("a test in JavaScript carries what stands in brackets at the end of its name, and a row of a table its ids", () => {
  const source = `
    it("one [B2]", () => {});
    test('two [X12, I5]', async () => {});
    describe(\`three of \${kind} [C1]\`, () => {});
    it("four, which is \\"quoted\\" [D1]", () => {});
    it("five [B3] is not at the end", () => {});
    it("six [not ids]", () => {});
    it("seven", () => assert.equal(a, "x [B4]"));
    const rows = [{ module: "a", ids: ["J1", "J2"] }, { ids: [] }];`;
  assert.deepEqual(idsIn("a.test.mjs", source), ["B2", "X12", "I5", "C1", "D1", "J1", "J2"]);
  assert.deepEqual(idsIn("rows.json", JSON.stringify([{ ids: ["M1"] }, { name: "ids" }, { ids: [] }])), ["M1"]);
});

test("a line without test and reason, one with both, and an id that nobody knows are faults", () => {
  const { lines } = readChecklist(`${HEAD}| B1 | 1 | a | |\n| B2 | 1 | b | |\n| B3 | 1 | c | there is none |\n| B4 | 1 | d | there is none |\n`);
  const { counts, waiting, faults } = compare(lines, [...carried("a.rs", "B1", "B3"), ...carried("b.rs", "B1", "Z9")]);
  assert.deepEqual([...counts], [["B1", 2], ["B2", 0], ["B3", 1], ["B4", 0]]);
  assert.deepEqual(waiting.map(({ id }) => id), ["B4"]);
  assert.deepEqual(faults, [
    "Z9, in b.rs, is not in SECURITY.md",
    "B2 has no test: b",
    "B3 has a test, and still says that it has none because there is none",
  ]);
});

test("the checklist of this repository is readable, and has every group", async () => {
  const { lines, faults } = readChecklist(await readFile(new URL("../../SECURITY.md", import.meta.url), "utf8"));
  assert.deepEqual(faults, []);
  const groups = new Set(lines.map(({ id }) => id.replace(/\d+$/, "")));
  assert.deepEqual([...groups].sort().join(" "), "ATJ B C D DEV I INT J L M O P PAR RES REV TEX W X");
  const attacks = lines.filter(({ id }) => id.startsWith("X")).map(({ id }) => Number(id.slice(1)));
  assert.deepEqual(attacks, Array.from({ length: 38 }, (_, index) => index + 1));
});
