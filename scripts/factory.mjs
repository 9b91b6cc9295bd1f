// Makes the generated glue of wasm-bindgen (`--target web`) into a factory: each wasm instance gets glue of its own, so
// that closures of an instance that died can never reach the one that took its place, and everything that crosses the
// boundary passes the guard of pkg-template/instance.js.
//
// It rewrites text. So each pattern has to be there exactly as often as it was when this was written; otherwise
// wasm-bindgen has changed, and somebody has to look.

const HEADER = `// @ts-nocheck
// The glue of wasm-bindgen, made into a factory by scripts/factory.mjs. Do not edit.

/** The glue for one new instance of \`module\`, whose imports and exports pass \`guard\`. */
export function instantiate(module, guard) {
`;

/** What the tail of the glue consists of: its own loader, which assumes that there is one instance for ever. */
const LOADER = [
  "let wasmModule, wasmInstance, wasm;\n",
  "function __wbg_finalize_init(instance, module) {\n",
  "async function __wbg_load(module, imports) {\n",
  "function initSync(module) {\n",
  "async function __wbg_init(module_or_path) {\n",
  "async function __wbg_init_once(module_or_path) {\n",
  "export { initSync, __wbg_init as default };\n",
];

/** Where the glue copies a text, character by character as long as they are ASCII. */
const COPY_OF_TEXT = `    let offset = 0;

    for (; offset < len; offset++) {
        const code = arg.charCodeAt(offset);`;

/** Above so many characters the host's encoder is quicker: for a token thirty times. */
const LONG_TEXT = 64;

/**
 * @param {string} glue what `wasm-bindgen --target web --out-name NAME` wrote
 * @param {string} name the NAME
 * @returns {string} a module that exports `instantiate(module, guard)`
 */
export function toFactory(glue, name) {
  const loader = LOADER.map((part) => positionOfOnly(glue, part));
  if (loader.some((position, index) => index > 0 && position < loader[index - 1])) {
    throw new Error("the loader of the glue has changed its order");
  }
  const end = loader.at(-1) + LOADER.at(-1).length;
  if (glue.slice(end).trim() !== "") throw new Error("the glue goes on after its loader");

  positionOfOnly(glue, `"./${name}_bg.js": import0,\n`);
  positionOfOnly(glue, "function __wbg_get_imports() {\n");
  for (const foreign of [/^import\s/m, /imports\[['"]env['"]\]/, /["']env["']/, /\bimport1\b/]) {
    if (foreign.test(glue)) throw new Error(`the glue imports what no host has: ${foreign}`);
  }

  const body = glue.slice(0, loader[0]).replace(/^\/\* @ts-self-types=.*\*\/\s*/, "");
  if (/\bwasm\s*=[^=]/.test(body)) throw new Error("the glue replaces its instance outside its loader");
  if (/\bimport\.meta\b/.test(body)) throw new Error("the glue looks for its own address outside its loader");

  positionOfOnly(body, COPY_OF_TEXT);
  // As many bytes as characters: it is ASCII, and all of it is copied. Anything else goes the way that it went.
  const atOnce = `    if (len > ${LONG_TEXT} && cachedTextEncoder.encodeInto(arg, mem.subarray(ptr, ptr + len)).read === len) offset = len;`;
  const quick = body.replace(COPY_OF_TEXT, () => COPY_OF_TEXT.replace("\n\n", `\n${atOnce}\n\n`));

  const exported = [...body.matchAll(/^export (?:class|function) (\w+)/gm)].map((match) => match[1]);
  const inner = quick.replace(/^export (class|function) /gm, "$1 ");
  if (/^export\b/m.test(inner)) throw new Error("the glue exports something other than classes and functions");
  if (exported.length === 0) throw new Error("the glue exports nothing");

  return `${HEADER}let wasm;

${inner.trimEnd()}

const instance = new WebAssembly.Instance(module, guard.imports(__wbg_get_imports()));
wasm = guard.exports(instance.exports);
wasm.__wbindgen_start();
return { ${exported.join(", ")} };
}
`;
}

/**
 * @param {string} types what wasm-bindgen wrote beside the glue
 * @returns {string} the types of the factory, for the checks of the wrapper
 */
export function toFactoryTypes(types) {
  const end = positionOfOnly(types, "export type InitInput =");
  const glue = types.slice(0, end).trimEnd().replace(/^\/\* (?:tslint|eslint)[^*]*\*\/\n/gm, "");
  return `${glue.replace(/^export (class|function) /gm, "declare $1 ")}

type Imports = Record<string, Record<string, Function>>;
type Guard = { imports(imports: Imports): Imports; exports(exports: WebAssembly.Exports): Record<string, unknown> };
type Glue = { ${[...glue.matchAll(/^export (?:class|function) (\w+)/gm)].map((match) => `${match[1]}: typeof ${match[1]}`).join("; ")} };
export function instantiate(module: WebAssembly.Module, guard: Guard): Glue;
`;
}

/**
 * @param {string} text
 * @param {string} pattern
 * @returns {number} where `pattern` stands in `text`, once
 */
function positionOfOnly(text, pattern) {
  const first = text.indexOf(pattern);
  const count = text.split(pattern).length - 1;
  if (count !== 1) throw new Error(`expected once in the glue, found ${count} times: ${JSON.stringify(pattern)}`);
  return first;
}
