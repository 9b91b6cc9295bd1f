// `import "wasm-oidc/callback"` is all that a page at the redirect URI has to do for `signInPopup` and `signInSilent`: it
// hands the authorization response to the page that waits for it, takes it out of the address bar and closes its window.
// It loads no wasm, redeems nothing, stores nothing and shows nothing. For `signInRedirect` the page has to call
// `handleRedirectCallback` instead, which does the same for the response of a popup or a frame.

export {};
