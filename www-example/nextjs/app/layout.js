import { style } from "../../page.mjs";

export const metadata = { title: "wasm-oidc with Next.js", icons: "data:," };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <head>
        <style>{style}</style>
      </head>
      <body>
        <main>
          <p className="brand">wasm-oidc with Next.js</p>
          {children}
        </main>
      </body>
    </html>
  );
}
