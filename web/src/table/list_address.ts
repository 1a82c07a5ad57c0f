import { useLocation } from "react-router";
import { useSearchParams } from "../ui/address";

export type Values = Readonly<Record<string, string | readonly string[]>>;
export type Change = (values: Values) => void;

/** The address of a list, in which stands what it shows, so that a link shows the same. `text`: conditions and order as the server is
 * asked for them, without page and language: what a saved filter keeps and `replace` takes. */
export function useListAddress() {
  const [address, setAddress] = useSearchParams();
  const { pathname } = useLocation();
  const change: Change = (values) => {
    // Typing that is taken over only now must not lead back a reader who has gone on meanwhile.
    if (window.location.pathname !== pathname) return;
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        if (!("page" in values)) after.delete("page");
        for (const [name, value] of Object.entries(values)) {
          after.delete(name);
          for (const one of typeof value === "string" ? [value] : value) if (one) after.append(name, one);
        }
        return after;
      },
      { replace: true },
    );
  };
  const replace = (wanted: string) => setAddress((before) => inLanguage(wanted, before), { replace: true });
  return { address, change, text: keptText(address), replace };
}

/** What a saved filter keeps of an address: conditions and order, without where one is in what they find. */
export function keptText(address: URLSearchParams, ...others: readonly string[]): string {
  const kept = new URLSearchParams(address);
  for (const name of ["page", "lang", ...others]) kept.delete(name);
  return kept.toString();
}

/** A filter that was kept, as an address in the language of the one before. */
export function inLanguage(wanted: string, before: URLSearchParams): URLSearchParams {
  const after = new URLSearchParams(wanted);
  const language = before.get("lang");
  if (language) after.set("lang", language);
  return after;
}
