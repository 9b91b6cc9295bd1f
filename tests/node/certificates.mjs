// @ts-check
// A certificate authority of the tests' own, a certificate of it for 127.0.0.1, and an https server that has it.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";

/**
 * @param {string} folder
 * @returns {{ ca: string, otherCa: string, caFile: string, serving: (name?: string) => { key: string, cert: string } }}
 */
export function makeCertificates(folder) {
  const file = (/** @type {string} */ name) => join(folder, name);
  const openssl = (/** @type {string[]} */ ...args) => execFileSync(process.env.OPENSSL || "openssl", args, { stdio: "pipe" });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  for (const name of ["ca", "other"]) {
    openssl(
      ...["req", "-x509", ...curve, "-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), "-days", "30", "-subj", `/CN=${name} of the tests`],
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"],
    );
  }
  return {
    ca: readFileSync(file("ca.pem"), "utf8"),
    otherCa: readFileSync(file("other.pem"), "utf8"),
    caFile: file("ca.pem"),
    serving(name = "IP:127.0.0.1") {
      writeFileSync(file("names"), `subjectAltName=${name}\nextendedKeyUsage=serverAuth\n`);
      openssl("req", ...curve, "-keyout", file("server.key"), "-out", file("server.csr"), "-subj", "/CN=server");
      openssl(
        ...["x509", "-req", "-in", file("server.csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial"],
        ...["-out", file("server.pem"), "-days", "30", "-extfile", file("names")],
      );
      return { key: readFileSync(file("server.key"), "utf8"), cert: readFileSync(file("server.pem"), "utf8") };
    },
  };
}

/**
 * @param {{ key: string, cert: string }} certificate
 * @param {import("node:http").RequestListener} answer
 */
export async function startHttps(certificate, answer) {
  const server = createServer(certificate, answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `https://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
