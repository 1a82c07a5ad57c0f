import { useMemo } from "react";
import { useNavigate, useParams } from "react-router";
import { inLanguage, keptText } from "../table/list_address";
import { type Filters, filtersOf } from "./asked";
import { useSearchParams } from "../ui/address";

/** What the queue shows, and which warning is open: all of it stands in the address. */
export function useQueueAddress() {
  const [address] = useSearchParams();
  const { threadId = "" } = useParams();
  const navigate = useNavigate();
  const text = address.toString();
  const filters = useMemo<Filters>(() => filtersOf(text), [text]);
  // Another queue begins with its own first warning. What stands in the address by now counts: the page may be a moment behind it.
  const change = (values: Readonly<Record<string, string | readonly string[]>>) => {
    const after = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(values)) {
      after.delete(name);
      for (const one of typeof value === "string" ? [value] : value) if (one) after.append(name, one);
    }
    const query = after.toString();
    void navigate(query ? `/warnings?${query}` : "/warnings", { replace: true, preventScrollReset: true });
  };
  const replace = (wanted: string) => void navigate(`/warnings?${inLanguage(wanted, address)}`, { replace: true });
  const search = text ? `?${text}` : "";
  const to = (id: string) => `/warnings/${id}${search}`;
  const open = (id: string, replace = false) =>
    void navigate(`/warnings/${id}${window.location.search}`, { replace, preventScrollReset: true });
  return { filters, change, text: keptText(address), replace, threadId, to, open, home: `/warnings${search}` };
}
