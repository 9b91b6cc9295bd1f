// @ts-check
// Leaving the page by a form: what is posted is in no URL and in no history.

/** @param {{ action: string, fields: [string, string][] }} form */
export function post({ action, fields }) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  form.hidden = true;
  for (const [name, value] of fields) {
    const input = document.createElement("input");
    input.type = "hidden";
    [input.name, input.value] = [name, value];
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
