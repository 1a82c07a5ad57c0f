const STEPS = ["KB", "MB", "GB"] as const;

/** 1536 bytes are 1.5 KB (1,024 bytes each), three figures at most. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let size = bytes / 1024;
  let step = 0;
  while (size >= 1000 && step < STEPS.length - 1) {
    size /= 1024;
    step += 1;
  }
  return `${size < 10 ? size.toFixed(1).replace(/\.0$/, "") : Math.round(size)} ${STEPS[step]}`;
}

/** 12345 is 12,345. */
export function countText(count: number): string {
  return count.toLocaleString("en");
}

/** What a file is called on screen: its own name, without the folders that the books keep before it. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** `uploads/<id>/name` came through this page: the id. */
export function uploadOf(path: string): string | undefined {
  return /^uploads\/([0-9a-f]{32})\//.exec(path)?.[1];
}
