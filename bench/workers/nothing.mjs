// @ts-check
// A Worker that verifies nothing: what starting one takes at all.
export default {
  fetch: () => new Response("usr_1"),
};
