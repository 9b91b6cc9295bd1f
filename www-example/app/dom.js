// @ts-check
// Two ways to the page's elements. Text goes in as text: what a provider sends is never markup.

/**
 * @param {string} id
 * @returns {any} the element; the page has it
 */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * @param {string} tag with classes after dots: `"span.chip"`
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function make(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.classList.add(...classes);
  made.append(...children);
  return made;
}
