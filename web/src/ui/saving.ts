/** A browser that is busy begins to read a file long after it was told to keep it. */
const KEPT_MS = 60_000;

/** Has the browser keep content as a file of that name. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
