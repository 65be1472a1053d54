/**
 * The element that the page must have.
 *
 * @throws Error when it has not: markup and script have drifted apart.
 */
export function find<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no <${type.name} id="${id}">`);
  return element;
}
