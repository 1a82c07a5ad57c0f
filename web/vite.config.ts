import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const OUT = "../src/loantrail/http/static";
const COMPRESSED = /\.(js|css|svg|json)$/;
const SMALLEST_BYTES = 1024;
const SHARED_BY_MANY = 8;
const SMALL_BYTES = 100_000;

/** Packs each file once, at build time, so that the server never compresses. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    async closeBundle() {
      for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !COMPRESSED.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = await readFile(path);
        if (bytes.length < SMALLEST_BYTES) continue;
        await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        await writeFile(`${path}.br`, brotliCompressSync(bytes, { params: quality }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), precompress()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    // The content security policy lets nothing but files of this server run.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
    chunkSizeWarningLimit: 1200,
    // In one file, so that what follows what does not hang on which page was opened before.
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        chunkFileNames: ({ name }) => `assets/${name.split("~")[0]}-[hash].js`,
        // A browser asks for six files at a time, so that sixty small ones take longer than what is in them: what many
        // parts share comes in one file, what a few share in files of some size.
        codeSplitting: {
          groups: [
            { name: "first", tags: ["$initial"], priority: 3 },
            { name: "base", minShareCount: SHARED_BY_MANY, priority: 2 },
            { name: "shared", minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: SMALL_BYTES, priority: 1 },
          ],
        },
      },
    },
  },
  cacheDir: process.env["LOANTRAIL_VITE_CACHE"] ?? "node_modules/.vite",
  // The server takes changes only from pages of its own address, so it must see the address that the browser sees.
  server: { proxy: { "/api": { target: process.env["LOANTRAIL_API"] ?? "http://127.0.0.1:8321", changeOrigin: false } } },
});
