// Reads a wasm module as far as its sizes go: sections, functions and their names (WebAssembly core specification, binary
// format; name section of its appendix).

const SECTIONS = [
  "custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data",
  "data count", "tag",
];
const [CUSTOM, IMPORT, CODE] = [0, 2, 10];
const FUNCTION_NAMES = 1;

/**
 * @param {Buffer} wasm a module with a name section
 * @returns {Record<"sections" | "crates" | "modules" | "functions", [string, number][]>} bytes, the heaviest first
 */
export function bytesByOrigin(wasm) {
  const sections = new Map();
  /** @type {number[]} */
  let bodies = [];
  /** @type {Map<number, string>} */
  let names = new Map();
  let imported = 0;

  let at = 8;
  while (at < wasm.length) {
    const id = wasm[at];
    const [length, start] = unsigned(wasm, at + 1);
    const content = wasm.subarray(start, start + length);
    if (id === IMPORT) imported = functionImports(wasm);
    if (id === CODE) bodies = bodySizes(content);
    if (id === CUSTOM) {
      const [name, rest] = text(content, 0);
      if (name === "name") names = functionNames(content.subarray(rest));
      // Not in what ships.
      else sections.set(`custom: ${name}`, length);
    } else {
      sections.set(SECTIONS[id] ?? `section ${id}`, length);
    }
    at = start + length;
  }

  const [crates, modules, functions] = [new Map(), new Map(), new Map()];
  bodies.forEach((bytes, index) => {
    const name = withoutHashes(names.get(imported + index) ?? "(nameless)");
    const path = pathOf(name);
    add(functions, name, bytes);
    add(crates, path[0], bytes);
    if (path[0] === "wasm_oidc") add(modules, path.slice(1, -1).slice(0, 2).join("::") || "(root)", bytes);
  });
  return { sections: heaviest(sections), crates: heaviest(crates), modules: heaviest(modules), functions: heaviest(functions) };
}

/**
 * Without what tells instances and versions of a crate apart: `a[0123456789abcdef]::b`, `a::b::h0123456789abcdef`.
 *
 * @param {string} name
 */
function withoutHashes(name) {
  return name.replace(/::h[0-9a-f]{16}$/, "").replace(/\[[0-9a-f]{16}\]/g, "");
}

/**
 * Where a function is from. A method of a trait counts for the type that implements it, as far as the name tells.
 *
 * @param {string} name as wasm-bindgen demangled it, e.g. `<a::B as c::D>::e`
 */
function pathOf(name) {
  const plain = name.replace(/^[<&*\s(\[]*(?:mut |dyn |const )*/, "");
  const path = (/^[\w:]+/.exec(plain)?.[0] ?? plain).split("::").filter((part) => part !== "");
  if (path.length > 1) return path;
  return /^__(?:wbg|wbindgen|externref)/.test(path[0]) ? ["wasm_bindgen"] : ["(exports)"];
}

/** @param {Buffer} wasm */
function functionImports(wasm) {
  return WebAssembly.Module.imports(new WebAssembly.Module(wasm)).filter(({ kind }) => kind === "function").length;
}

/** @param {Buffer} content of the code section */
function bodySizes(content) {
  let [count, at] = unsigned(content, 0);
  const sizes = [];
  for (; count > 0; count -= 1) {
    const [size, start] = unsigned(content, at);
    sizes.push(size + (start - at));
    at = start + size;
  }
  return sizes;
}

/** @param {Buffer} content of the name section, after its own name */
function functionNames(content) {
  const names = new Map();
  let at = 0;
  while (at < content.length) {
    const id = content[at];
    const [length, start] = unsigned(content, at + 1);
    if (id === FUNCTION_NAMES) {
      let [count, position] = unsigned(content, start);
      for (; count > 0; count -= 1) {
        const [index, afterIndex] = unsigned(content, position);
        const [name, next] = text(content, afterIndex);
        names.set(index, name);
        position = next;
      }
    }
    at = start + length;
  }
  return names;
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 * @returns {[string, number]} a name and where it ends
 */
function text(bytes, at) {
  const [length, start] = unsigned(bytes, at);
  return [bytes.toString("utf8", start, start + length), start + length];
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 * @returns {[number, number]} an unsigned LEB128 number and where it ends
 */
function unsigned(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    value += (bytes[at] & 0x7f) * 2 ** shift;
    if (bytes[at] < 0x80) return [value, at + 1];
  }
}

/**
 * @param {Map<string, number>} totals
 * @param {string} key
 * @param {number} bytes
 */
function add(totals, key, bytes) {
  totals.set(key, (totals.get(key) ?? 0) + bytes);
}

/**
 * @param {Map<string, number>} totals
 * @returns {[string, number][]}
 */
function heaviest(totals) {
  return [...totals].sort((one, other) => other[1] - one[1]);
}
