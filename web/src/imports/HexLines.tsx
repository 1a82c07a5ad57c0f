const WIDTH = 16;

/** Bytes as a programmer's listing: offset, two digits for each byte, and the ASCII among them. */
export function HexLines({ digits, label }: { readonly digits: string; readonly label: string }) {
  const bytes = digits.match(/../g) ?? [];
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += WIDTH) {
    const some = bytes.slice(from, from + WIDTH);
    const shown = some.map((byte) => {
      const code = Number.parseInt(byte, 16);
      return code >= 32 && code < 127 ? String.fromCharCode(code) : "·";
    });
    lines.push(
      `${from.toString(16).padStart(6, "0")}  ${some.join(" ").padEnd(WIDTH * 3 - 1)}  ${shown.join("")}`,
    );
  }
  return (
    <pre className="original original-bytes" tabIndex={0} aria-label={label}>
      {lines.join("\n")}
    </pre>
  );
}
