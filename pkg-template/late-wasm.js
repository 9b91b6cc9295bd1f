// @ts-check
// A wasm that is loaded when it is first asked something. Nothing imports this file but what `import()` leads to.

import { Loader } from "./loader.js";
import { lateSources } from "./runtime.js";

/**
 * @template Glue
 * @param {keyof typeof lateSources} name
 * @param {import("./instance.js").Instantiate<Glue>} instantiate the glue of this wasm
 * @returns {() => Promise<import("./instance.js").Instance<Glue>>} loads it, where that is to do, and gives the instance that is alive
 */
export function lateWasm(name, instantiate) {
  const loader = new Loader(instantiate);
  const source = lateSources[name];
  return async () => {
    const { entry, given } = source;
    loader.setSource(entry);
    // Once: an answer can be read once, and the loader remembers a URL.
    source.given = undefined;
    await loader.ready(given);
    return loader.acquire();
  };
}
