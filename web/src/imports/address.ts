import { useSearchParams } from "../ui/address";

/** What a list shows stands in the address. Changing anything but the page goes back to the first. */
export function useAddress() {
  const [address, setAddress] = useSearchParams();
  const change = (values: Readonly<Record<string, string>>) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        if (!("page" in values)) after.delete("page");
        for (const [name, value] of Object.entries(values)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { replace: true },
    );
  const page = Math.max(1, Number.parseInt(address.get("page") ?? "1", 10) || 1);
  return { address, change, page };
}
