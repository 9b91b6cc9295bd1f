"use client";
// What a form cannot send shows that the request is of this page: the handler wants such a header for whatever changes something.

async function signOut() {
  const response = await fetch("/auth/logout", { method: "POST", headers: { "x-wasm-oidc": "1" } });
  const { url } = await response.json();
  location.assign(url);
}

export function SignOut() {
  return <button onClick={signOut}>Sign out</button>;
}
