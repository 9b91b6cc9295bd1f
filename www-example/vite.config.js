// @ts-check
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The package needs nothing here: Vite finds its .wasm by itself.
export default defineConfig({
  root: fileURLToPath(new URL("app", import.meta.url)),
  build: { outDir: "../dist", emptyOutDir: true },
});
