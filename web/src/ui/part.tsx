import { type ComponentType, createElement, lazy, useState } from "react";
import { PartBoundary } from "./PartBoundary";

/** A part of the page in a file of its own. `bring` fetches it ahead; once it is there it shows at once. */
export type Part<Props> = ComponentType<Props> & { readonly bring: () => Promise<unknown> };

/**
 * React holds back what waited behind a fallback for up to 300 ms, so that it does not flicker. A part that was
 * fetched before it is shown never waits.
 */
export function part<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): Part<Props> {
  let loaded: ComponentType<Props> | undefined;
  const bring = async () => {
    const file = await load();
    loaded = file.default;
    return file;
  };
  const Waiting = lazy(bring) as unknown as ComponentType<Props>;
  function Shown(props: Props) {
    // Chosen once: another kind of component in its place would lose its state.
    const [Chosen] = useState(() => loaded ?? Waiting);
    return <PartBoundary place={window.location.pathname}>{createElement(Chosen, props)}</PartBoundary>;
  }
  return Object.assign(Shown, { bring });
}
