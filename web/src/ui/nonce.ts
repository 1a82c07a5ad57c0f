// Runs before any component: the content security policy lets only styles of this server, or those marked with this
// answer's nonce, take effect. The component library marks most of what it writes, but not all (its scroll bar
// measurement does not), so every style element that a script of ours makes is marked here.
export const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";

const create = document.createElement.bind(document) as (name: string, options?: ElementCreationOptions) => HTMLElement;

document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const element = create(name, options);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
}) as typeof document.createElement;
